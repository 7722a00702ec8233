"""What the shims share: the host's manifest of answers, and how to say that one is not known."""

# pathlib would take longer to import than all of this takes to run:
# ruff: noqa: PTH123
from __future__ import annotations

import json
import sys
from typing import NoReturn

MANIFEST = "private/var/db/standin.json"
"""What a host that is no Mac was told to answer for the things only a Mac has."""

EX_UNAVAILABLE = 69


class Stop(Exception):  # noqa: N818 - it ends a command, in whatever way
    """Ends a command with a sentence on standard error."""

    def __init__(self, sentence: str, status: int = 1) -> None:
        super().__init__(sentence)
        self.status = status


def manifest(root: str) -> dict[str, object]:
    """The host's answers; empty where none were given."""
    path = f"{root}/{MANIFEST}"
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as problem:
        raise Stop(f"/{MANIFEST} cannot be read: {problem}", EX_UNAVAILABLE) from problem
    if not isinstance(found, dict):
        raise Stop(f"/{MANIFEST} is no JSON object", EX_UNAVAILABLE)
    return found


def unknown(what: str, key: str) -> NoReturn:
    """Refuses to invent an answer."""
    raise Stop(
        f"a stand-in does not know {what}: it is no Mac, and /{MANIFEST} has no {key!r}",
        EX_UNAVAILABLE,
    )


def complain(tool: str, stop: Stop) -> int:
    """Says why a command ended, in the tool's own name."""
    print(f"{tool}: {stop}", file=sys.stderr)
    return stop.status
