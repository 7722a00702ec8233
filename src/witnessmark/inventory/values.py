"""What a value of an inventory may be: text, a path, a duration. Nothing of it is ever repeated.

Every reader takes what ansible listed and returns what the model wants, or raises `Wrong` with a
predicate ("must be ...") without the value: it might be a secret in the wrong place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from witnessmark.content import root
from witnessmark.content.durations import seconds


class Wrong(ValueError):  # noqa: N818 - a part of a sentence, never shown alone
    """One value that cannot be used."""

    def __init__(self, what: str, *path: str | int) -> None:
        super().__init__(what)
        self.what = what
        self.path = path


def flag(value: object) -> bool:
    """A boolean; the text "yes" is none."""
    if not isinstance(value, bool):
        raise Wrong("must be true or false")
    return value


def text(value: object, *path: str | int) -> str:
    """Text on one line, without Jinja, which nothing here would render."""
    if isinstance(value, Mapping) and "__ansible_vault" in value:
        raise Wrong(
            "is encrypted by ansible-vault, which is not read here; write it plainly", *path
        )
    if not isinstance(value, str) or not value:
        raise Wrong("must be text", *path)
    if "{{" in value or "{%" in value:
        raise Wrong(
            "holds Jinja ({{ }}), which is not rendered here; write the value itself", *path
        )
    if not value.isprintable():
        raise Wrong("must be one line of printable text", *path)
    return value


def absolute(value: object, *path: str | int) -> str:
    """An absolute path on the host."""
    if not (found := text(value, *path)).startswith("/"):
        raise Wrong("must be an absolute path on the host", *path)
    return found


def own_file(value: object) -> Path:
    """A file on this machine."""
    found = Path(text(value)).expanduser()
    if not found.is_absolute():
        raise Wrong("must be an absolute path or begin with ~/")
    return found


def duration(value: object, *path: str | int) -> float:
    """A duration with a unit, in seconds."""
    try:
        return seconds(text(value, *path))
    except Wrong:
        raise
    except ValueError:
        raise Wrong('must be a duration such as "10s"', *path) from None


def one_of(words: Sequence[str], value: object, *path: str | int) -> str:
    """One of a few words."""
    found = text(value, *path)
    if found not in words:
        raise Wrong(f"must be one of {', '.join(words)}", *path)
    return found


def retention(value: object, *path: str | int) -> str:
    """The name of a profile in inventory/retention/."""
    files = (root() / "inventory" / "retention").glob("*.yaml")
    return one_of(sorted(file.stem for file in files), value, *path)


def keyed(
    given: Mapping[Any, object],
    readers: Mapping[str, tuple[str, Callable[..., Any]]],
    *path: str | int,
) -> tuple[dict[str, Any], list[Wrong]]:
    """The model's fields that a mapping gives, and all that is wrong with its keys and values.

    ``readers`` names for each key the field and what reads it.
    """
    fields: dict[str, Any] = {}
    wrongs: list[Wrong] = []
    for key, value in given.items():
        if key not in readers:
            wrongs.append(Wrong(f"is unknown; known are {', '.join(readers)}", *path, str(key)))
            continue
        field, reader = readers[key]
        try:
            fields[field] = reader(value, *path, key)
        except* Wrong as group:
            wrongs += [wrong for wrong in group.exceptions if isinstance(wrong, Wrong)]
    return fields, wrongs


def items(value: object, *path: str | int) -> list[object]:
    """A list."""
    if not isinstance(value, list):
        raise Wrong("must be a list", *path)
    return value
