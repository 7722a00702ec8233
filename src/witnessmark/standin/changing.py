"""Properties that change: a file's mode and attributes, a process's group and credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .look import Pending
from .processes import credentials
from .view import Given

if TYPE_CHECKING:
    from .look import Look
    from .processes import Thread
    from .ptrace import Entry
    from .syscalls import Call


def look_at_chmod(look: Look, thread: Thread, call: Call, entry: Entry) -> Pending | None:
    """chmod(2): setmode, with the mode that was asked for."""
    mode = entry.args[call.value or 0] & 0o7777
    return _on_file(look, thread, call, entry, "setmode", {"mode": mode})


def look_at_setxattr(look: Look, thread: Thread, call: Call, entry: Entry) -> Pending | None:
    """setxattr(2): only the name is told, as by Endpoint Security."""
    return _attribute(look, thread, call, entry, "setextattr")


def look_at_removexattr(look: Look, thread: Thread, call: Call, entry: Entry) -> Pending | None:
    """removexattr(2)."""
    return _attribute(look, thread, call, entry, "deleteextattr")


def _attribute(look: Look, thread: Thread, call: Call, entry: Entry, event: str) -> Pending | None:
    name = look.reader.text(thread.tid, entry.args[call.value or 0])
    if name is None:
        return None
    shown = name.removeprefix(b"user.").decode(errors="replace")
    return _on_file(look, thread, call, entry, event, {"extattr": shown})


def _on_file(
    look: Look, thread: Thread, call: Call, entry: Entry, event: str, body: dict[str, object]
) -> Pending | None:
    path: Given | None
    if call.fd is not None:
        path = Given(b"/proc/%d/fd/%d" % (thread.tid, entry.args[call.fd] & 0xFFFFFFFF), b"")
    else:
        path = look.path(thread, entry, call.dirfd, call.path)
    follow = call.follows or call.fd is not None
    found = None if path is None else look.view.resolve(path, follow=follow)
    if found is None or not look.translator.inside(found[0]):
        return None
    real = found[0]

    def tell(_: int) -> None:
        target = look.shape.file(real, look.view.real(real))
        look.tell(event, thread, {**body, "target": target}, target)

    return Pending(event, tell)


def look_at_group(look: Look, thread: Thread, call: Call, entry: Entry) -> Pending:
    """setpgid(2) and setsid(2), of the process itself or of a child."""
    pid = entry.args[call.value] & 0xFFFFFFFF if call.value is not None else 0
    return Pending(None, lambda _: _regroup(look, thread, pid))


def _regroup(look: Look, thread: Thread, number: int) -> None:
    """``number``: as the process itself knows it or its child; 0 is the process itself."""
    own = thread.process
    of_children = (child for child in own.children if child.number == number)
    moved = own if number in (0, own.number) else next(of_children, None)
    if moved is not None:
        found = look.numbers.of(moved.pid)
        moved.group, moved.session, moved.encoded = found.group, found.session, None


def look_at_credentials(_look: Look, thread: Thread, _call: Call, _entry: Entry) -> Pending:
    """setuid(2) and its kind."""
    return Pending(None, lambda _: _recredit(thread))


def _recredit(thread: Thread) -> None:
    thread.process.credentials = credentials(thread.tid)
    thread.process.encoded = None
