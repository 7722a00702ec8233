"""What qualifying does on a host, and which record of it a source should have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from witnessmark.model.events import Event, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK: Final = "wm-{run}-qualify"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One thing that is done; records of it name ``<mark>-<name>``."""

    name: str
    what: str
    kinds: tuple[Kind, ...]
    """A record of one of these is its record: what `cp` does depends on the version of macOS."""
    columns: tuple[str, ...] = ()
    """Fields of the event that it must fill, where the source's kind says that it tells them."""


PROBES: Final = (
    Probe(name="exec", what="runs a command", kinds=(Kind.EXEC,), columns=("args",)),
    Probe(
        name="arguments",
        what="runs one with blanks, quotes, bars and an accent in its words",
        kinds=(Kind.EXEC,),
        columns=("args",),
    ),
    Probe(name="write", what="writes a file in ~/Downloads", kinds=(Kind.CLOSE,),
          columns=("file", "modified")),
    Probe(name="caches", what="writes one in ~/Library/Caches", kinds=(Kind.CLOSE,),
          columns=("file", "modified")),
    Probe(name="names", what="writes one with such letters in its name", kinds=(Kind.CLOSE,),
          columns=("file",)),
    Probe(name="mode", what="changes a mode", kinds=(Kind.SETMODE,), columns=("file", "mode")),
    Probe(name="attribute", what="sets an extended attribute", kinds=(Kind.SETEXTATTR,),
          columns=("file", "xattr")),
    Probe(name="rename", what="renames a file", kinds=(Kind.RENAME,),
          columns=("file", "source_file")),
    Probe(name="replace", what="renames one onto another", kinds=(Kind.RENAME,),
          columns=("file", "source_file", "existed")),
    Probe(name="link", what="makes a hard link", kinds=(Kind.LINK,), columns=("file",)),
    Probe(name="copy", what="copies a file", kinds=(Kind.CLOSE, Kind.CLONE, Kind.COPYFILE),
          columns=("file",)),
    Probe(name="clone", what="clones one (APFS)", kinds=(Kind.CLONE,),
          columns=("file", "source_file")),
    Probe(name="script", what="runs a script by its path", kinds=(Kind.EXEC,),
          columns=("args", "script", "cwd")),
    Probe(name="interpreter", what="gives one to a shell", kinds=(Kind.EXEC,),
          columns=("args", "cwd")),
    Probe(name="relative", what="runs one by a relative path", kinds=(Kind.EXEC,),
          columns=("args", "cwd")),
    Probe(name="fork", what="has a child that runs nothing", kinds=(Kind.FORK,),
          columns=("child",)),
    Probe(name="remove", what="removes a file", kinds=(Kind.UNLINK,), columns=("file",)),
    Probe(name="log", what="says a line to the log", kinds=(Kind.LOG,), columns=("message",)),
)  # fmt: skip
ARGUMENTS: Final = ("two words", "a'b\"c", "a|b", "a\\b", "a\u00e9", "")
"""What the probe ``arguments`` gives behind its mark."""


def named(event: Event, mark: str) -> str | None:
    """The probe that an event is of, by what it says; None if it names none."""
    for text in texts(event):
        found = re.search(rf"{re.escape(mark)}-([a-z]+)", text)
        if found is not None:
            return found[1]
    return None


def texts(event: Event) -> Iterator[str]:
    """All that an event says of what was done: the newest name of a file first."""
    for file in (event.file, event.source_file, event.script):
        if file is not None:
            yield file.path
    # The last word names the probe, where one script is of two.
    yield from reversed(event.args or ())
    for image in (event.target, event.process):
        if image is not None:
            yield image.path
    if event.message is not None:
        yield event.message
