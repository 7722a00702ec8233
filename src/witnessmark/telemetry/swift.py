"""Makes the model's frozen objects as fast as unfrozen ones: decoders make millions of them.

A frozen dataclass sets each field through ``object.__setattr__``, which costs more than reading the
line that an event came from. A twin with the same slots sets them plainly and then becomes one of
the frozen class; nobody outside ever sees the twin.
"""

from __future__ import annotations

from dataclasses import MISSING, field, fields, make_dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from witnessmark.model.events import Event, FileRef, Process, Token

if TYPE_CHECKING:
    from collections.abc import Callable

Made = TypeVar("Made")


def swift(cls: Callable[..., Made]) -> Callable[..., Made]:
    """What makes instances of a frozen, slotted dataclass, with the same arguments.

    They may also be given by place, in the order of the fields: that alone saves a third.
    """

    def become(self: Any) -> None:
        self.__class__ = cls

    columns: list[Any] = []
    for item in fields(cast("Any", cls)):
        if item.default is MISSING:
            columns.append((item.name, object))
        else:
            columns.append((item.name, object, field(default=item.default)))
    space: dict[str, Callable[[Any], None]] = {"__post_init__": become}
    return cast("Callable[..., Made]", make_dataclass("Twin", columns, slots=True, namespace=space))


event = swift(Event)
process = swift(Process)
file_ref = swift(FileRef)
token = swift(Token)
