"""What tells who and where a capture is of, and every way in which it may be spelled in a text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from witnessmark.errors import PackError

if TYPE_CHECKING:
    from collections.abc import Iterable


class What(StrEnum):
    """Kinds of things that identify a person, a machine or an organisation."""

    USER = "user"
    PERSON = "person"
    HOST = "host"
    DOMAIN = "domain"
    SERIAL = "serial"
    UUID = "uuid"
    ID = "id"
    """An id that a product gave a machine: machine_id, aid, DeviceId."""
    ADDRESS = "address"
    LINK = "link"
    """A network interface's own address (MAC)."""
    MAIL = "mail"
    TEAM = "team"
    SIGNER = "signer"
    GROUP = "group"
    FOLDER = "folder"
    VOLUME = "volume"
    WORD = "word"


@dataclass(frozen=True, slots=True, kw_only=True)
class Private:
    """One value that must not leave the lab."""

    what: What
    value: str


SHORTEST: Final = 3
"""Fewer letters stand in every second word: such a name cannot be taken out of a text."""
LONG: Final = 6
"""From so many letters on a value is looked for within words too."""
PUBLIC: Final = frozenset(
    (
        *("root", "admin", "administrator", "daemon", "nobody", "wheel", "staff", "guest"),
        *("user", "users", "test", "shared", "local", "localhost", "localdomain"),
        *("broadcasthost", "mac", "macos", "stand-in", "example", "public", "com", "org", "net"),
    )
)
"""Names that tell nothing of anybody: the system's own accounts and groups, and words for any."""


RESERVED: Final = frozenset(
    (
        *("bin", "sbin", "usr", "var", "etc", "dev", "opt", "tmp", "private", "system", "library"),
        *("volumes", "applications", "downloads", "caches", "home", "folders", "witnessmark"),
        *("true", "env", "bash", "zsh", "dash", "sleep", "logger", "chmod", "xattr", "sshd"),
        *("event", "exec", "process", "target", "file", "path", "time", "args", "null", "false"),
        *("script", "qualify", "rename", "link", "copy", "clone", "remove", "apple", "action"),
    )
)
"""Words of every record, in small letters: a person who is called so cannot be taken out of it."""


def known(what: What, value: str) -> Private | None:
    """A value worth hiding, or None if it says nothing.

    Raises:
        PackError: it is too short to be found in a text.
    """
    plain = unicodedata.normalize("NFC", value).strip()
    names = (What.USER, What.PERSON, What.HOST, What.GROUP, What.DOMAIN, What.WORD)
    if not any(char.isalnum() for char in plain):
        return None
    if what in names and (plain.casefold() in PUBLIC or plain.startswith("_")):
        return None
    if len(plain) < SHORTEST and what not in (What.USER, What.PERSON, What.WORD):
        return None  # `m1` may be anybody's
    if plain.casefold() in RESERVED:
        raise PackError(
            f"the {what} {plain!r} is also a word of the records themselves, so it cannot be "
            "scrubbed; qualify the Mac with another one"
        )
    if len(plain) < SHORTEST:
        raise PackError(
            f"the {what} {plain!r} is shorter than {SHORTEST} letters, so it cannot be scrubbed; "
            "qualify the Mac with another one"
        )
    return Private(what=what, value=plain)


def spelled(values: Iterable[str]) -> re.Pattern[str]:
    """Finds any of the values however they are spelled; longer ones first.

    Letters may be of either case, composed or not (NFC, NFD), percent-encoded, or escaped as in
    JSON, once or more often. A value of less than LONG letters must stand alone.
    """
    ordered = sorted(set(values), key=lambda item: (-len(item), item))
    parts = [f"({_spellings(item)})" for item in ordered]
    return re.compile("|".join(parts) or r"(?!)", re.IGNORECASE)


def _spellings(value: str) -> str:
    forms = [unicodedata.normalize(form, value) for form in ("NFC", "NFD")]
    body = "|".join("".join(map(_char, form)) for form in dict.fromkeys(forms))
    return f"(?:{body})" if len(value) >= LONG else f"{_BEGIN}(?:{body})(?![A-Za-z0-9])"


# A word also begins behind an escape, whose last letters are none of it: %2Fkim, \nkim.
_BEGIN: Final = "(?:(?<![A-Za-z0-9])|{})".format(
    "|".join(
        f"(?<={before})"
        for before in (
            *(f"%{'25' * deep}[0-9A-Fa-f]{{2}}" for deep in range(3)),
            r"\\[nrtbf]",
            r"\\u[0-9A-Fa-f]{4}",
        )
    )
)
_MORE: Final = {
    "/": r"\\+/",
    '"': r'\\+"|&quot;',
    " ": r"\\+ |\+",
    "&": "&amp;",
    "'": "&#39;|&apos;",
}


def _char(char: str) -> str:
    percent = "".join(f"%(?:25)*{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))
    raw = char.encode("utf-16-be", "surrogatepass")
    escaped = "".join(rf"\\+u{raw[at : at + 2].hex()}" for at in range(0, len(raw), 2))
    ways = [re.escape(char), percent, escaped, f"&#0*{ord(char)};", *_more(char)]
    return f"(?:{'|'.join(ways)})"


def _more(char: str) -> list[str]:
    return [_MORE[char]] if char in _MORE else []
