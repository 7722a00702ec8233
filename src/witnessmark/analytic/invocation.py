"""What an interpreter was asked to run: the script operand, after option parsing (B3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from witnessmark.analytic.grammars import GRAMMARS, Grammar

if TYPE_CHECKING:
    from collections.abc import Sequence


class Runs(Enum):
    """Where an interpreter's code comes from."""

    SCRIPT = "script"
    INLINE = "inline code"
    MODULE = "module"
    STDIN = "stdin"
    CHECK = "only parses"
    NOTHING = "runs nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """The code that a command line names. ``operand`` is as written, for SCRIPT and CHECK."""

    runs: Runs
    operand: str | None = None
    chdir: str | None = None


def parse(language: str, args: Sequence[str]) -> Invocation:
    """Read an interpreter's command line, ``args[0]`` being its name."""
    return _Reader(GRAMMARS[language], list(args[1:]), language).read()


class _Reader:
    def __init__(self, grammar: Grammar, words: list[str], language: str) -> None:
        self._g = grammar
        self._words = words
        self._place = 0
        self._language = language
        self._check = False
        self._stdin = False
        self._inline = False
        self._chdir: str | None = None

    def read(self) -> Invocation:
        while self._place < len(self._words):
            word = self._words[self._place]
            self._place += 1
            if word == "--":
                return self._operand()
            if word == "-":
                return self._operand() if self._g.dash_ends_options else self._end(Runs.STDIN)
            if not word.startswith("-") and not (self._g.plus and word.startswith("+")):
                self._place -= 1
                return self._operand()
            found = self._long(word) if self._is_long(word) else self._cluster(word)
            if found is not None:
                return found
        return self._operand()

    def _is_long(self, word: str) -> bool:
        if word.startswith("--"):
            return True
        if not self._g.single_dash_words or not word.startswith("-"):
            return False
        if self._language != "bash":
            return True
        name = word[1:]
        g = self._g
        return name in g.long_check | g.long_value | g.long_flags | g.quits

    def _long(self, word: str) -> Invocation | None:
        g = self._g
        name, glued, value = word.lstrip("-").partition("=")
        name = self._spelled(name)
        if name in g.quits:
            return self._end(Runs.NOTHING)
        if name in g.long_inline:
            return self._end(Runs.INLINE)
        if name in g.long_module:
            return self._end(Runs.MODULE)
        if name in g.long_check:
            self._check = True
        elif name in g.long_operand:
            return self._end(Runs.SCRIPT, value if glued else self._next())
        elif name in g.long_value and not glued:
            self._next()
        return None

    def _spelled(self, name: str) -> str:
        if self._language == "zsh":
            return name.replace("-", "").replace("_", "").lower()
        return name.lower() if self._language == "pwsh" else name

    def _cluster(self, word: str) -> Invocation | None:
        g = self._g
        for place, letter in enumerate(word[1:], start=1):
            rest = word[place + 1 :]
            if letter in g.inline:
                if not g.dash_ends_options:
                    return self._end(Runs.INLINE)
                self._inline = True  # a shell's code is its first operand
            elif letter in g.module:
                return self._end(Runs.MODULE)
            elif letter in g.quits:
                return self._end(Runs.NOTHING)
            elif letter in g.ends:
                return self._operand()
            elif letter in g.operand:
                return self._end(Runs.SCRIPT, rest or self._next())
            elif letter in g.chdir:
                self._chdir = rest or self._next()
                return None
            elif letter in g.value or letter in g.attached:
                if letter in g.value and not rest:
                    self._next()
                return None
            elif letter in g.next_word:
                self._option(self._next(), on=word[0] == "-")
            elif letter in g.check and word[0] == "-":
                self._check = True
            elif letter in g.stdin:
                self._stdin = True
        return None

    def _option(self, name: str | None, *, on: bool) -> None:
        plain = (name or "").replace("_", "").replace("-", "").lower()
        if (plain == "noexec" and on) or (plain == "exec" and not on):
            self._check = True

    def _next(self) -> str | None:
        if self._place >= len(self._words):
            return None
        self._place += 1
        return self._words[self._place - 1]

    def _operand(self) -> Invocation:
        if self._inline:
            return self._end(Runs.INLINE)
        word = None if self._stdin else self._next()
        return self._end(Runs.STDIN if word is None else Runs.SCRIPT, word)

    def _end(self, runs: Runs, operand: str | None = None) -> Invocation:
        if runs is Runs.SCRIPT and not operand:
            runs = Runs.STDIN
        if self._check and runs is not Runs.NOTHING:
            runs = Runs.CHECK
        return Invocation(runs=runs, operand=operand or None, chdir=self._chdir)
