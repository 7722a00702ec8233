"""The last look: whether anything private is still in what is about to be written.

It shares no code with the scrubber but the finding of forms: it decodes the text in every way that
it knows and looks for the plain values, where the scrubber looks for every spelling of them.
"""

from __future__ import annotations

import base64
import html
import re
import unicodedata
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from witnessmark.qualify.effort import Effort
from witnessmark.qualify.finds import in_text
from witnessmark.qualify.private import LONG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from witnessmark.qualify.private import Private

_DEEPEST: Final = 4
_PARTS: Final = re.compile(r'["\n|]')
"""A text is decoded part by part, because most parts are there many times."""
_RUNS: Final = re.compile(r"[A-Za-z0-9+/_=-]{4,}")
_DIGITS: Final = re.compile(r"(?i)[0-9a-f]{6,}")
_PRINTED: Final = re.compile(r"[ -~]{8,}")
_UNICODE: Final = re.compile(r"(?i)\\+u([0-9a-f]{4})")
_CONTROL: Final = re.compile(r"\\+[nrtbf]")


def survivors(text: str, privates: Iterable[Private], tokens: Iterable[str]) -> list[Private]:
    """What of the private values is in a text in any encoding, and what only looks private.

    Raises:
        PackError: the text holds so much that may be encoded that nobody could promise it.
    """
    effort = Effort()
    views = set(_views(text, effort, raw=False))
    parts = dict.fromkeys(_PARTS.split(text))
    for part in parts:
        views.update(_views(part, effort, raw=True))
    found = [item for item in privates if any(_is_in(item.value, view) for view in views)]
    harmless = {token.casefold() for token in tokens}
    looks = [item for part in parts for item in in_text(part, effort)]
    found += [item for item in looks if item.value.casefold() not in harmless]
    return list(dict.fromkeys(found))


def _is_in(value: str, view: tuple[str, bool]) -> bool:
    text, certain = view
    wanted = _folded(value)
    if len(wanted) >= LONG:
        return wanted in text
    return certain and re.search(rf"(?<![a-z0-9]){re.escape(wanted)}(?![a-z0-9])", text) is not None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _views(text: str, effort: Effort, *, raw: bool) -> Iterator[tuple[str, bool]]:
    """The text as it is and decoded, again and again; and whether it is a text for certain."""
    seen: set[str] = set()
    todo = [(text, 0)]
    while todo:
        view, depth = todo.pop()
        if view in seen:
            continue
        seen.add(view)
        effort.spend(view)
        yield _folded(view), True
        if depth < _DEEPEST:
            todo += [(step(view), depth + 1) for step in _STEPS]
            for said in _raw(view) if raw else ():
                try:
                    todo.append((said.decode(), depth + 1))
                except UnicodeDecodeError:
                    lossy = said.decode("latin-1")
                    effort.spend(lossy)
                    yield _folded(lossy), False
                    todo += [(part, depth + 1) for part in _PRINTED.findall(lossy)]


def _unescaped(text: str) -> str:
    """JSON's escapes undone, in whatever depth of backslashes."""
    text = _UNICODE.sub(lambda found: chr(int(found[1], 16)), text)
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _CONTROL.sub("\n", text).replace("\\", "")


_STEPS: Final[tuple[Callable[[str], str], ...]] = (
    unquote,
    _unescaped,
    html.unescape,
    lambda text: text.replace("+", " "),
)


def _raw(text: str) -> Iterator[bytes]:
    for run in _RUNS.findall(text):
        for part in _base64_parts(run):
            for skip in range(4):
                piece = part[skip:]
                piece = piece[: len(piece) - (len(piece) % 4 == 1)]
                if len(piece) > 3:
                    yield base64.b64decode(piece + "=" * (-len(piece) % 4))
    for run in _DIGITS.findall(text):
        for skip in (0, 1):
            piece = run[skip:]
            yield bytes.fromhex(piece[: len(piece) // 2 * 2])


def _base64_parts(run: str) -> set[str]:
    """Where base64 may begin and end in a run: anywhere that a path, too, would begin a name."""
    found: set[str] = set()
    for part in run.split("="):
        found.update(re.split("[/_-]", part))
        found.update(part[at.end() :] for at in re.finditer("[/_-]", part))
        found.update(part[: at.start()] for at in re.finditer("[/_-]", part))
        found.add(part)
    return {part.replace("-", "+").replace("_", "/") for part in found}
