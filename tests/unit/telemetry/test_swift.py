"""What decoders make swiftly is exactly what the model makes: equal, frozen, of its class."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest

from witnessmark.model.events import Event, FileRef, Kind, Process, Token
from witnessmark.telemetry import swift

TOKEN = Token(pid=3, pidversion=4)
PROCESS = Process(token=TOKEN, path="/x")
PAIRS: list[tuple[Any, Any, dict[str, Any]]] = [
    (swift.token, Token, {"pid": 3, "pidversion": 4}),
    (swift.file_ref, FileRef, {"path": "/x", "ino": 7}),
    (swift.process, Process, {"token": TOKEN, "path": "/x", "simulated": frozenset({"cwd"})}),
    (
        swift.event,
        Event,
        {"id": "a", "host": "h", "source": "s", "line": 1, "kind": Kind.EXEC, "time_ns": 5,
         "process": PROCESS, "args": ("a",)},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("maker", "cls", "given"), PAIRS, ids=lambda item: str(item)[-30:])
def test_it_is_the_same_thing(maker: Any, cls: Any, given: dict[str, Any]) -> None:
    made = maker(**given)
    assert type(made) is cls
    assert made == cls(**given)
    assert hash(made) == hash(cls(**given))
    assert repr(made) == repr(cls(**given))
    assert replace(made) == made
    assert maker(*(getattr(made, item.name) for item in fields(cls))) == made
    assert not hasattr(made, "__dict__")
    for item in fields(cls):
        with pytest.raises(FrozenInstanceError):
            setattr(made, item.name, 1)
    with pytest.raises(TypeError):
        maker(nonsense=1, **given)
    with pytest.raises(TypeError):
        maker()


def test_the_order_of_the_fields_that_decoders_give_by_place() -> None:
    assert [item.name for item in fields(Event)][:10] == [
        "id", "host", "source", "line", "kind", "time_ns", "process", "seq", "global_seq",
        "received_ns",
    ]  # fmt: skip
    names = [item.name for item in fields(Process)][:5]
    assert names == ["token", "path", "parent", "responsible", "ppid"]
    assert [item.name for item in fields(Token)][:2] == ["pid", "pidversion"]
    assert fields(FileRef)[0].name == "path"
