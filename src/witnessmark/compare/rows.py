"""A stream's records under the names that Sigma and the Elastic Common Schema give their fields.

Only what a record says, or what its process's own earlier records say, gets a value: the parent's
image and words are those of the spawn-time parent (A1). What nobody told is ``None``, and a rule
that asks for it is not decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from posixpath import basename
from typing import TYPE_CHECKING, Any, Final

from witnessmark.analytic.identity import CS_SIGNED, untrusted
from witnessmark.analytic.trace import Recorder
from witnessmark.model.events import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from witnessmark.analytic.engine import Engine
    from witnessmark.analytic.trace import Trace
    from witnessmark.model.events import Event, Process, Stream, Token

PROCESS: Final = "process_creation"
FILE: Final = "file_event"
CATEGORIES: Final[Mapping[str, tuple[Kind, ...]]] = {
    PROCESS: (Kind.EXEC,),
    FILE: (Kind.CREATE, Kind.CLOSE, Kind.RENAME, Kind.LINK, Kind.CLONE, Kind.COPYFILE),
    "file_rename": (Kind.RENAME,),
    "file_delete": (Kind.UNLINK,),
}
"""Sigma's log source categories that AN0994's telemetry has, and the kinds of records of each."""
_ACTIONS: Final = {
    Kind.CREATE: ("creation", "creation"),
    Kind.CLOSE: ("change", "modification"),
    Kind.RENAME: ("change", "rename"),
    Kind.LINK: ("creation", "creation"),
    Kind.CLONE: ("creation", "creation"),
    Kind.COPYFILE: ("creation", "creation"),
    Kind.UNLINK: ("deletion", "deletion"),
}
TICKS_NS: Final = 100
"""EQL counts time in units of 100 ns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record: its event, its fields under Sigma's names, and as an ECS document."""

    event: Event
    sigma: Mapping[str, object]
    ecs: Mapping[str, Any]


def rows(
    stream: Stream, engine: Callable[[Trace], Engine], *, tells_scripts: bool = False
) -> tuple[Row, ...]:
    """Every record of a stream that a rule can ask about, in the stream's order.

    ``engine`` makes the analytic as it is told of the host; it is asked for lineage only.
    ``tells_scripts``: an execution without a script ran none; else nobody said.
    """
    families = _ancestries(stream, engine)
    words: dict[Token, tuple[str, ...] | None] = {}
    found = []
    for event in stream.events:
        if event.kind is Kind.EXEC and event.target is not None:
            words[event.target.token] = event.args
            parents = families.get(event.id, ())
            parent = parents[0] if parents else None
            found.append(_executed(event, event.target, parent, words, tells_scripts))
        elif event.kind in _ACTIONS and event.file is not None and not _only_read(event):
            found.append(_touched(event))
    return tuple(found)


def _ancestries(
    stream: Stream, engine: Callable[[Trace], Engine]
) -> dict[str, tuple[Process, ...]]:
    trace = Recorder(lambda event: event.kind is Kind.EXEC)
    runs = engine(trace)
    for event in stream.events:
        runs.feed(event)
    runs.finish()
    return {
        name: item.image.task.ancestry
        for name, item in trace.accounts.items()
        if item.image is not None
    }


def _only_read(event: Event) -> bool:
    """A close after which nothing was modified is no file event of any log source."""
    return event.kind is Kind.CLOSE and not (event.modified or event.mapped_writable)


def _executed(
    event: Event,
    image: Process,
    parent: Process | None,
    words: Mapping[Token, tuple[str, ...] | None],
    tells_scripts: bool,
) -> Row:
    above = event.parent or parent
    said = words.get(above.token) if above is not None else None
    script = event.script.path if event.script else "" if tells_scripts else None
    sigma = {
        "Image": image.path,
        "CommandLine": _line(event.args),
        "CurrentDirectory": event.cwd,
        "ProcessId": image.token.pid,
        "ParentImage": above.path if above else None,
        "ParentCommandLine": _line(said),
        "ParentProcessId": image.ppid,
        "ScriptFile": script,
    }
    ecs = _document(event, "process", "start", "exec")
    ecs["process"] = _program(image, event.args) | {
        "working_directory": event.cwd,
        "script": {"path": script},
        "parent": _program(above, said) if above else {"pid": image.ppid},
    }
    return Row(event=event, sigma=_common(event) | sigma, ecs=ecs)


def _touched(event: Event) -> Row:
    assert event.file is not None
    path, source = event.file.path, event.source_file.path if event.source_file else None
    kind, action = _ACTIONS[event.kind]
    ecs = _document(event, "file", kind, action)
    ecs["process"] = _program(event.process, None)
    ecs["file"] = {
        "path": path,
        "name": basename(path),
        "extension": basename(path).rpartition(".")[2] or None,
        "size": event.file.size,
        "inode": None if event.file.ino is None else str(event.file.ino),
        "Ext": {"original": {"path": source}},
    }
    sigma = {
        "Image": event.process.path,
        "ProcessId": event.process.token.pid,
        "TargetFilename": path,
        "SourceFilename": source,
    }
    return Row(event=event, sigma=_common(event) | sigma, ecs=ecs)


def _common(event: Event) -> dict[str, object]:
    return {"Computer": event.host, "timestamp": event.time_ns // 1_000}


def _document(event: Event, category: str, kind: str, action: str) -> dict[str, Any]:
    return {
        "event_type": category,
        "timestamp": event.time_ns // TICKS_NS,
        "event": {"category": category, "type": kind, "action": action, "kind": "event"},
        "host": {"id": event.host, "name": event.host, "os": {"type": "macos", "family": "macos"}},
    }


def _program(image: Process, args: tuple[str, ...] | None) -> dict[str, Any]:
    doubt = untrusted(image)
    return {
        "pid": image.token.pid,
        "entity_id": f"{image.token.pid}.{image.token.pidversion}",
        "executable": image.path,
        "name": basename(image.path),
        "args": None if args is None else list(args),
        "args_count": None if args is None else len(args),
        "command_line": _line(args),
        "code_signature": {
            "signing_id": image.signing_id,
            "team_id": image.team_id,
            "exists": None if image.cs_flags is None else bool(image.cs_flags & CS_SIGNED),
            "trusted": None if doubt is None else not doubt,
        },
    }


def _line(args: tuple[str, ...] | None) -> str | None:
    return None if args is None else " ".join(args)
