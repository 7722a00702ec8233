"""Every trapped call is looked at before it is carried out, and told after it has succeeded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .changing import (
    look_at_chmod,
    look_at_credentials,
    look_at_group,
    look_at_removexattr,
    look_at_setxattr,
)
from .naming import look_at_link, look_at_rename, look_at_unlink
from .opening import look_at_map, look_at_mkdir, look_at_open
from .syscalls import CALLS, Call, Op

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from .look import Look, Pending
    from .processes import Thread
    from .ptrace import Entry

Looker: TypeAlias = "Callable[[Look, Thread, Call, Entry], Pending | None]"

_LOOKERS: dict[Op, Looker] = {
    Op.OPEN: look_at_open,
    Op.MAP: look_at_map,
    Op.MKDIR: look_at_mkdir,
    Op.RENAME: look_at_rename,
    Op.LINK: look_at_link,
    Op.UNLINK: look_at_unlink,
    Op.CHMOD: look_at_chmod,
    Op.SETXATTR: look_at_setxattr,
    Op.REMOVEXATTR: look_at_removexattr,
    Op.GROUP: look_at_group,
    Op.CREDENTIALS: look_at_credentials,
}


def look_at(look: Look, thread: Thread, entry: Entry) -> Pending | None:
    """Look before a call; ``None`` if nothing about it matters to the host."""
    if entry.position >= len(CALLS):
        return None  # it takes room, and there is some
    call = CALLS[entry.position]
    return _LOOKERS[call.op](look, thread, call, entry)
