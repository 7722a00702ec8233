"""What looking at a trapped call needs, and what is kept from its entry to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .places import given_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from .emit import Emitter
    from .numbers import Numbers
    from .paths import Translator
    from .processes import Thread
    from .ptrace import Entry, Reader
    from .records import File
    from .shape import Shape
    from .syscalls import Call
    from .view import Given, Place, View
    from .writers import Writers


class Pending(NamedTuple):
    """A call that was let in. What it means is told once it has succeeded."""

    event: str | None
    """The event that is lost if the process vanishes at just this moment."""
    tell: Callable[[int], None]
    """Called with the call's result."""
    killed: Callable[[], bool] | None = None
    """Called instead of `tell` if the thread was killed before it could answer: tells the event if
    its effect is there to see. False, as with ``None``: nobody can know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One host's eyes: passed to every function that looks at a call."""

    reader: Reader
    translator: Translator
    view: View
    numbers: Numbers
    shape: Shape
    emitter: Emitter
    writers: Writers
    opens: bool
    """Whether to emit open events too (opens for writing; reading is never trapped)."""

    def path(
        self, thread: Thread, entry: Entry, dirfd: int | None, position: int | None
    ) -> Given | None:
        """A path argument as the recorder can open it; ``None``: the call has none."""
        if position is None:
            return None
        return given_path(self.reader, thread.tid, entry, dirfd, position)

    def first_place(self, thread: Thread, call: Call, entry: Entry) -> Place | None:
        """Where the call's path leads, whether inside the host or not."""
        path = self.path(thread, entry, call.dirfd, call.path)
        return None if path is None else self.view.locate(path)

    def second_place(self, thread: Thread, call: Call, entry: Entry) -> Place | None:
        """The same for its second path."""
        path = self.path(thread, entry, call.dirfd2, call.path2)
        return None if path is None else self.view.locate(path)

    def inside(self, place: Place | None) -> bool:
        """Whether a place is the host's."""
        return place is not None and self.translator.inside(place.path)

    def tell(self, event: str, thread: Thread, body: object, *files: File) -> None:
        """Emit an event of a stopped thread; `files` are what faults match."""
        names = tuple(file.path for file in files)
        self.emitter.event(event, thread, thread.process, body, names)
