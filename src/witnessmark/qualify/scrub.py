"""Takes what is private out of lines: the same value becomes the same token wherever it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from witnessmark.qualify.codecs import READABLE, hidden
from witnessmark.qualify.effort import Effort
from witnessmark.qualify.literals import is_json, rewritten
from witnessmark.qualify.private import LONG, spelled
from witnessmark.qualify.tokens import assigned

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from witnessmark.qualify.literals import Place
    from witnessmark.qualify.private import Private

DEPTH: Final = 3
"""How often a text may be encoded within another."""
_ROUNDS: Final = 5
_ENVIRONMENT: Final = re.compile(
    r"(?:.*[._])?env(?:s|_?vars?|ironments?(?:_?(?:vars?|variables?))?)?", re.DOTALL
)
"""A key, in small letters, below which variables stand: ``env``, ``process.env_vars``."""
_VARIABLE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
HARMLESS: Final = re.compile(
    r"HOME|PATH|SHELL|LANG|LC_\w+|TMPDIR|USER|LOGNAME|TERM|PWD|SHLVL|_|WM_\w+"
)
"""Variables whose values are kept (scrubbed): any other may hold a secret of any form."""
_SEVERAL: Final = re.compile(r"[\s=;,\0]")
"""What divides variables that stand in one text: behind a harmless one there may be another."""
GONE: Final = "scrubbed"


class Scrubber:
    """Knows all that is private in a capture, and a token for each."""

    def __init__(self, privates: Iterable[Private]) -> None:
        self.privates = tuple(privates)
        tokens = assigned(self.privates)
        self.tokens = tokens
        values = [item.value for item in self.privates]
        self._any, self._by_place = spelled(values), _ordered(values, tokens)
        longer = [value for value in values if len(value) >= LONG and value.isascii()]
        self._long, self._long_by_place = spelled(longer), _ordered(longer, tokens)
        self._done: dict[str, str] = {}
        self._effort = Effort()

    def line(self, line: str) -> str:
        """One line, in the form that it had."""
        return rewritten(line, self._at) if is_json(line) else self.text(line)

    def text(self, text: str, depth: int = DEPTH) -> str:
        """A text, and whatever is encoded in it."""
        done = self._done.get(text)
        if done is None:
            done = self._done[text] = self._plain(self._decoded(text, depth) if depth else text)
        return done

    def _at(self, place: Place, said: str) -> str:
        keys = [item.lower() for item in place if item != "[]"]
        if keys and keys[-1] != "{}":
            if _ENVIRONMENT.fullmatch(keys[-1]):
                return self._variable(said)
            if any(map(_ENVIRONMENT.fullmatch, keys[:-1])):
                name = next(item for item in reversed(place) if item != "[]")
                return self._value(name, said)
        return self.line(said)  # a record may hold another one as a text

    def _variable(self, said: str) -> str:
        found = _VARIABLE.fullmatch(said)
        if found is None:
            for item in hidden(said):  # Santa's JSON holds them in base64
                inner = item.said.decode(errors="replace")
                if item.begin == 0 and item.end == len(said) and _VARIABLE.fullmatch(inner):
                    return item.write(self._variable(inner).encode())
            return GONE if said else said
        return f"{self.text(found[1])}={self._value(found[1], found[2])}"

    def _value(self, name: str, said: str) -> str:
        if not HARMLESS.fullmatch(name) or _SEVERAL.search(said):
            return GONE
        new = self.text(said)
        return GONE if _SEVERAL.search(new) else new  # a person's token; a pack is looked at anew

    def _plain(self, text: str) -> str:
        self._effort.spend(text)
        return self._any.sub(lambda found: self._by_place[(found.lastindex or 1) - 1], text)

    def _decoded(self, text: str, depth: int) -> str:
        """Run by run, until no run of it says anything private; one may hide another."""
        for _ in range(_ROUNDS):
            new = self._once(text, depth)
            if new == text:
                break
            text = new
        return text

    def _once(self, text: str, depth: int) -> str:
        out, at = [], 0
        for item in sorted(hidden(text), key=lambda item: (item.begin, -item.end)):
            new = self._inner(item.said, depth) if item.begin >= at else None
            if new is not None:
                out += [text[at : item.begin], item.write(new)]
                at = item.end
        return "".join([*out, text[at:]])

    def _inner(self, said: bytes, depth: int) -> bytes | None:
        """What was decoded, if there was something private in it."""
        try:
            text = said.decode()
        except UnicodeDecodeError:
            return self._binary(said)
        new = self.text(text, depth - 1)
        return None if new == text else new.encode()

    def _binary(self, said: bytes) -> bytes | None:
        text = said.decode("latin-1")
        self._effort.spend(text)
        new = READABLE.sub(lambda found: self._plain(found[0]), text)
        new = self._long.sub(lambda found: self._long_by_place[(found.lastindex or 1) - 1], new)
        return None if new == text else new.encode("latin-1")


def _ordered(values: Iterable[str], tokens: Mapping[str, str]) -> list[str]:
    """The tokens in the order of the groups of `spelled`."""
    ordered = sorted(set(values), key=lambda item: (-len(item), item))
    return [tokens[item.casefold()] for item in ordered]
