"""Names that files get and lose: rename, link, unlink and rmdir."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .look import Pending

if TYPE_CHECKING:
    from collections.abc import Callable

    from .files import FileStat
    from .look import Look
    from .processes import Thread
    from .ptrace import Entry
    from .records import File
    from .syscalls import Call
    from .view import Place

_EXISTING, _NEW_PATH = 0, 1
_AT_EMPTY_PATH, _AT_SYMLINK_FOLLOW = 0x1000, 0x400
_RENAME_EXCHANGE = 2


def look_at_rename(look: Look, thread: Thread, call: Call, entry: Entry) -> Pending | None:
    """rename(2): also of whole folders, also into and out of the host."""
    old = look.first_place(thread, call, entry)
    new = look.second_place(thread, call, entry)
    if old is None or new is None or not (look.inside(old) or look.inside(new)):
        return None
    if old.found and new.found and old.found.identity == new.found.identity:
        return None  # two names of one file: rename(2) does nothing
    exchange = call.flags is not None and bool(entry.args[call.flags] & _RENAME_EXCHANGE)

    def tell(_: int = 0) -> None:
        _renamed(look, thread, old, new, exchange)

    return Pending("rename", tell, lambda: _tell_if(_same(look.view.real(new.path), old), tell))


def _tell_if(happened: bool, tell: Callable[[], None]) -> bool:
    if happened:
        tell()
    return True


def _same(found: FileStat | None, old: Place) -> bool:
    return found is not None and old.found is not None and found.identity == old.found.identity


def _renamed(look: Look, thread: Thread, old: Place, new: Place, exchange: bool) -> None:
    look.writers.drain()
    moved = look.view.real(new.path) or old.found
    _rename(look, thread, look.shape.file(old.path, moved), new)
    if exchange:
        other = look.view.real(old.path)
        _rename(look, thread, look.shape.file(new.path, other), old)


def _rename(look: Look, thread: Thread, source: File, new: Place) -> None:
    target = look.shape.file(new.path, new.found)
    body: dict[str, object] = {"source": source}
    if new.found is not None:
        body |= {"destination_type": _EXISTING, "destination": {"existing_file": target}}
    else:
        folder = look.shape.file(new.folder, new.folder_stat)
        name = new.name.decode(errors="replace")
        body |= {
            "destination_type": _NEW_PATH,
            "destination": {"new_path": {"dir": folder, "filename": name}},
        }
    look.tell("rename", thread, body, source, target)


def look_at_link(look: Look, thread: Thread, call: Call, entry: Entry) -> Pending | None:
    """link(2): a second name for a file."""
    new = look.second_place(thread, call, entry)
    path = look.path(thread, entry, call.dirfd, call.path)
    if new is None or path is None or not look.inside(new):
        return None
    flags = 0 if call.flags is None else entry.args[call.flags]
    source = look.view.resolve(path, follow=bool(flags & (_AT_SYMLINK_FOLLOW | _AT_EMPTY_PATH)))
    if source is None:
        return None

    def tell(_: int = 0) -> None:
        _linked(look, thread, source, new)

    return Pending(
        "link",
        tell,
        lambda: _tell_if(new.found is None and bool(look.view.real(new.path)), tell),
    )


def _linked(look: Look, thread: Thread, source: tuple[bytes, FileStat], new: Place) -> None:
    file = look.shape.file(*source)
    body = {
        "source": file,
        "target_dir": look.shape.file(new.folder, new.folder_stat),
        "target_filename": new.name.decode(errors="replace"),
    }
    look.tell("link", thread, body, file, look.shape.file(new.path, None))


def look_at_unlink(look: Look, thread: Thread, call: Call, entry: Entry) -> Pending | None:
    """unlink(2) and rmdir(2), which Endpoint Security reports alike."""
    place = look.first_place(thread, call, entry)
    if place is None or not look.inside(place):
        return None

    def tell(_: int = 0) -> None:
        _unlinked(look, thread, place)

    return Pending(
        "unlink",
        tell,
        lambda: _tell_if(bool(place.found) and look.view.real(place.path) is None, tell),
    )


def _unlinked(look: Look, thread: Thread, place: Place) -> None:
    look.writers.drain()
    target = look.shape.file(place.path, place.found)
    folder = look.shape.file(place.folder, place.folder_stat)
    look.tell("unlink", thread, {"target": target, "parent_dir": folder}, target)
