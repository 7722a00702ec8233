"""Runs of a text that are another text in base64 or in hexadecimal digits."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{4,}={0,2}")
_PART: Final = re.compile(r"[^/_-]+")
_HEX: Final = re.compile(r"[0-9A-Fa-f]{6,}")


@dataclass(frozen=True, slots=True)
class Hidden:
    """What a part of a run says once it is decoded; ``write`` gives a text in its place."""

    begin: int
    end: int
    said: bytes
    write: Callable[[bytes], str]


READABLE: Final = re.compile(r"[ -~]{8,}")
"""What is text for certain within bytes that are no text: as strings(1) finds it."""


def texts(said: bytes) -> list[str]:
    """The text that bytes are, or the texts within them."""
    try:
        return [said.decode()]
    except UnicodeDecodeError:
        return READABLE.findall(said.decode("latin-1"))


def hidden(text: str) -> Iterator[Hidden]:
    """Everything that some run may say: it may begin behind other letters, or be part of a path."""
    for run in _BASE64.finditer(text):
        yield from _base64(run[0], run.start())
        for part in _PART.finditer(run[0]):
            yield from _base64(part[0], run.start() + part.start())
            if part.start() and part.end() < len(run[0]):
                yield from _base64(run[0][part.start() :], run.start() + part.start())
    for run in _HEX.finditer(text):
        for skip in (0, 1):
            digits = run[0][skip:]
            digits = digits[: len(digits) // 2 * 2]
            begin = run.start() + skip
            yield Hidden(begin, begin + len(digits), bytes.fromhex(digits), _hex_like(digits))


def _base64(run: str, start: int) -> Iterator[Hidden]:
    for skip in range(4):
        part = run[skip:]
        body = part.rstrip("=")
        if len(body) % 4 == 1:
            body = body[:-1]
        if len(body) < 4:
            return
        padded = len(part) % 4 == 0
        end = start + skip + (len(part) if padded else len(body))
        url = "-" in body or "_" in body
        standard = body.replace("-", "+").replace("_", "/")
        said = base64.b64decode(standard + "=" * (-len(body) % 4))
        yield Hidden(start + skip, end, said, _base64_like(url=url, padded=padded))


def _base64_like(*, url: bool, padded: bool) -> Callable[[bytes], str]:
    def write(said: bytes) -> str:
        text = (base64.urlsafe_b64encode if url else base64.b64encode)(said).decode()
        return text if padded else text.rstrip("=")

    return write


def _hex_like(digits: str) -> Callable[[bytes], str]:
    upper = digits.upper() == digits
    return lambda said: said.hex().upper() if upper else said.hex()
