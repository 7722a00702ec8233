"""A log server's secret: read where the inventory says it lies, shown to that server alone."""

from __future__ import annotations

import base64
import os
import subprocess
from typing import TYPE_CHECKING

from witnessmark import plainfile
from witnessmark.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from witnessmark.model.hosts import Credentials

COMMAND_S = 15.0
"""Seconds that a command may take to print a secret; nobody is there to unlock a keychain."""
MOST = 16_384
"""No secret has more bytes."""
HIDDEN = "[hidden]"


class Secret:
    """A secret and how it is shown. Nothing that prints this object prints the secret."""

    __slots__ = ("_forms", "_header")

    def __init__(self, scheme: str, value: str) -> None:
        raw = base64.b64encode(value.encode()).decode()
        shown = {"apikey": "ApiKey", "bearer": "Bearer", "basic": "Basic", "splunk": "Splunk"}
        self._header = f"{shown[scheme]} {raw if scheme == 'basic' else value}"
        parts = (value, raw, value.partition(":")[2] if scheme == "basic" else "")
        self._forms = sorted({item for item in parts if item}, key=len, reverse=True)

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    @property
    def header(self) -> Mapping[str, str]:
        """The request header that shows it."""
        return {"Authorization": self._header}

    def hide(self, text: str) -> str:
        """The text without the secret, should a server have sent it back."""
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        return text


def read(found: Credentials) -> Secret:
    """The secret that an inventory refers to.

    Raises:
        ServerError: it cannot be read; says where it was looked for, and never what was found.
    """
    if found.env is not None:
        where, value = f"the environment variable {found.env}", os.environ.get(found.env, "")
    elif found.file is not None:
        where, value = str(found.file), _of_file(found.file)
    else:
        argv = found.command or ("",)
        where, value = f"what {argv[0]} printed", _of_command(argv)
    value = value.strip("\r\n")
    if not value:
        raise _wrong(f"{where} holds no secret")
    if not value.isascii() or not value.isprintable():
        raise _wrong(f"{where} is not one line of plain ASCII text")
    if found.scheme == "basic" and ":" not in value:
        raise _wrong(f"{where} is not user:password")
    return Secret(found.scheme, value)


def _of_file(file: Path) -> str:
    try:
        if kind := plainfile.other(file):
            raise _wrong(f"{file} is {kind}, and no plain file")
        with file.open("rb") as handle:
            facts = os.fstat(handle.fileno())
            if facts.st_mode & 0o077:
                raise _wrong(f"{file} can be read by others; chmod 600 it")
            data = handle.read(MOST + 1)
    except OSError as problem:
        raise _wrong(f"{file} cannot be read ({problem.strerror})") from problem
    return _text(data, str(file))


def _of_command(argv: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(
            list(argv),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=COMMAND_S,
        )
    except OSError as problem:
        raise _wrong(f"{argv[0]} cannot be started ({problem.strerror})") from problem
    except subprocess.TimeoutExpired:
        raise _wrong(f"{argv[0]} did not print a secret in {COMMAND_S:g} s") from None
    if done.returncode != 0:
        raise _wrong(f"{argv[0]} ended with status {done.returncode} instead of a secret")
    return _text(done.stdout, f"what {argv[0]} printed")


def _text(data: bytes, where: str) -> str:
    if len(data) > MOST:
        raise _wrong(f"{where} is too long for a secret")
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        raise _wrong(f"{where} is not one line of plain ASCII text") from None


def _wrong(what: str) -> ServerError:
    return ServerError(f"its credentials cannot be used: {what}", lasting=True)
