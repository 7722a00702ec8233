"""What a fault is made of, whatever layer it breaks: an action, a selection, settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

EVENT_TYPES = {
    "exec": 9,
    "open": 10,
    "fork": 11,
    "close": 12,
    "create": 13,
    "exit": 15,
    "link": 19,
    "rename": 25,
    "setextattr": 27,
    "setmode": 29,
    "unlink": 32,
    "deleteextattr": 70,
}
"""Event name -> Endpoint Security's number (es_event_type_t)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a setting must be: a test, and the same in words."""

    holds: Callable[[object], bool]
    words: str


def _whole(value: object) -> bool:
    return type(value) is int and value >= 1


def _seconds(value: object) -> bool:
    return type(value) in (int, float) and 0 < float(str(value)) <= 86_400


def _offset(value: object) -> bool:
    return type(value) in (int, float) and 0 < abs(float(str(value))) <= 86_400


def _words(value: object) -> bool:
    return isinstance(value, list) and value != [] and all(isinstance(word, str) for word in value)


def one_of(*words: str) -> Rule:
    """One of a few words."""
    return Rule(lambda value: isinstance(value, str) and value in words, f"{' or '.join(words)}")


def _text(value: object) -> bool:
    return isinstance(value, str) and value != ""


TEXT = Rule(_text, "text")
WHOLE = Rule(_whole, "a whole number, 1 or more")
SECONDS = Rule(_seconds, "a number of seconds, more than 0 and at most a day")
OFFSET = Rule(_offset, "a number of seconds, not 0 and at most a day either way")
WORDS = Rule(_words, "a list of names")


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One way to break a layer: what it does, and which settings of its own it takes."""

    what: str
    """A sentence for the documentation."""
    needs: Mapping[str, Rule] = field(default_factory=dict)
    may: Mapping[str, Rule] = field(default_factory=dict)
    selects: bool = True
    """Whether event, path, count and every say what it touches."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault, with how many more events it may still touch."""

    action: str
    layer: str = "sensor"
    events: frozenset[str] | None = None
    path: str | None = None
    every: int = 1
    left: int | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    """The action's own settings, by name."""
    matched: int = 0

    def takes(self, event: str, names: Iterable[str]) -> bool:
        """Whether this event is one of those meant; counts it if so."""
        if self.left == 0 or (self.events is not None and event not in self.events):
            return False
        if self.path is not None and not any(fnmatchcase(name, self.path) for name in names):
            return False
        self.matched += 1
        if self.matched % self.every:
            return False
        if self.left is not None:
            self.left -= 1
        return True

    def words(self, name: str) -> frozenset[str]:
        """A list among the settings."""
        value = self.settings.get(name, ())
        return frozenset(value) if isinstance(value, list) else frozenset()

    def seconds(self) -> float | None:
        """The setting of that name, if it was given."""
        value = self.settings.get("seconds")
        return None if value is None else float(str(value))

    def number(self, name: str, otherwise: int) -> int:
        """A whole number among the settings."""
        return int(str(self.settings.get(name, otherwise)))
