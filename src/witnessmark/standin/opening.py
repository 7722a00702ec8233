"""Files that come into being or are opened for writing: create, open, and the watch for close."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .files import read_link, stat_fd
from .look import Pending
from .syscalls import CREAT_FLAGS, O_WRITES
from .view import Given

if TYPE_CHECKING:
    from .look import Look
    from .processes import Thread
    from .ptrace import Entry
    from .records import File
    from .syscalls import Call

_EXISTING = 0
_O_CREAT = 0o100
_FREAD, _FWRITE = 1, 2


def look_at_open(look: Look, thread: Thread, call: Call, entry: Entry) -> Pending | None:
    """open(2) and its kind. Whether the file is new can only be seen before."""
    flags = _flags(look, thread, call, entry)
    if not flags & O_WRITES:
        return None
    path = look.path(thread, entry, call.dirfd, call.path)
    new = bool(flags & _O_CREAT) and path is not None and look.view.given(path) is None
    return Pending(
        "create" if new else "close",
        lambda number: _opened(look, thread, number, flags, new),
        lambda: _created_at_last(look, thread, path if new else None),
    )


def makes(look: Look, thread: Thread, call: Call, entry: Entry) -> Given | None:
    """The path of the file that this call is about to make, if it makes one."""
    path = look.path(thread, entry, call.dirfd, call.path)
    new = bool(_flags(look, thread, call, entry) & _O_CREAT)
    return path if new and path is not None and look.view.given(path) is None else None


def _created_at_last(look: Look, thread: Thread, path: Given | None) -> bool:
    found = None if path is None else look.view.resolve(path, follow=True)
    if found is not None and look.translator.inside(found[0]):
        _created(look, thread, look.shape.file(*found))
    return True  # without it the file was at most opened and closed again, unchanged


def _flags(look: Look, thread: Thread, call: Call, entry: Entry) -> int:
    if call.name == "creat":
        return CREAT_FLAGS
    if call.flags is not None:
        return entry.args[call.flags]
    how = look.reader.memory(thread.tid, entry.args[2], 8)  # struct open_how
    return int.from_bytes(how, "little")


def _opened(look: Look, thread: Thread, number: int, flags: int, new: bool) -> None:
    link = b"/proc/%d/fd/%d" % (thread.tid, number)
    path = read_link(link)
    if not look.translator.inside(path):
        return
    held = os.open(link, os.O_PATH | os.O_CLOEXEC)
    found = stat_fd(held)
    if found is None:
        os.close(held)
        return
    file = look.shape.file(path, found)
    if new and not look.writers.is_open(found.identity):
        _created(look, thread, file)
    if look.opens:
        look.tell("open", thread, {"fflag": _fflag(flags), "file": file}, file)
    if flags & os.O_ACCMODE:
        look.writers.opened(thread, number, held, found)
    else:
        os.close(held)


def _created(look: Look, thread: Thread, file: File) -> None:
    body = {"destination_type": _EXISTING, "destination": {"existing_file": file}, "acl": None}
    look.tell("create", thread, body, file)


def look_at_mkdir(look: Look, thread: Thread, call: Call, entry: Entry) -> Pending | None:
    """mkdir(2): a folder is created."""
    place = look.first_place(thread, call, entry)
    if place is None or not look.inside(place):
        return None
    path = place.path
    return Pending(
        "create",
        lambda _: _created(look, thread, look.shape.file(path, look.view.real(path))),
        lambda: _created_at_last(look, thread, None if place.found else Given(b"", path)),
    )


def look_at_map(look: Look, thread: Thread, call: Call, entry: Entry) -> Pending:
    """mmap(2), shared and writable: such a file may change without being written."""
    number = entry.args[call.fd or 0] & 0xFFFFFFFF
    return Pending(None, lambda _address: look.writers.mapped(thread, number))


def _fflag(flags: int) -> int:
    access = flags & os.O_ACCMODE
    return (0 if access == os.O_WRONLY else _FREAD) | (_FWRITE if access else 0)
