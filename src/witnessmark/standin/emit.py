"""Numbers events and appends them to the store: eslogger's envelope, one flushed line each.

`seq_num` counts per event type and `global_seq_num` over all, from 0, as for one ES client. What
was lost is never passed over: both counters advance, so that the gap shows in the next record.
"""

from __future__ import annotations

import errno
import itertools
import os
import sys
import time
from typing import TYPE_CHECKING

import msgspec

from .faults.known import EVENT_TYPES
from .told import Digests, told

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .faults.outside import OutsideFaults
    from .faults.sensor import SensorFaults
    from .faults.store import StoreFaults
    from .further import Sensor
    from .oslogged import Oslogged
    from .processes import Process, Thread
    from .records import TokenForm
    from .shape import Shape

_VERSIONS = {"object": 9, "array": 10}
# Only open reports flags; all others are notifications of something allowed (captures of macOS 15).
_AUTH = msgspec.Raw(b'{"result":{"result":{"auth":0},"result_type":0}}')
_FLAGS = msgspec.Raw(b'{"result":{"result":{"flags":4294967295},"result_type":1}}')


class _ThreadId(msgspec.Struct, gc=False):
    thread_id: int


class _Message(msgspec.Struct, gc=False):
    version: int
    time: str
    mach_time: int
    event_type: int
    action: msgspec.Raw
    seq_num: int
    global_seq_num: int
    thread: _ThreadId
    process: msgspec.Raw
    event: dict[str, object]
    x_standin: msgspec.Raw
    schema_version: int = 1
    action_type: int = 1


class Store:
    """An append-only file. A line that cannot be written is reported, never retried."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = _appendable(path)
        self._torn = False

    def append(self, line: bytes) -> None:
        """Write one line in one call, so that a killed recorder leaves whole lines."""
        data = b"\n" + line if self._torn else line
        try:
            written = os.write(self._fd, data)
        except OSError as error:
            warn(f"{self._path}: {error.strerror}; an event is lost")
            return
        self._torn = written < len(data)
        if self._torn:
            warn(f"{self._path}: only part of an event could be written")

    def lose(self, *, all_of_it: bool) -> None:
        """Forget everything, or the older half of the lines, in place: a fault on purpose."""
        whole = b"" if all_of_it else self._path.read_bytes()
        _, _, newer = whole[len(whole) // 2 :].partition(b"\n")
        os.ftruncate(self._fd, 0)
        if newer:
            self.append(newer)

    def rotate(self) -> None:
        """Begin a new file; old ones are kept beside it as ``<name>.1`` and on, as logrotate does:
        a fault on purpose."""
        old = [self._path, *(self._path.with_name(f"{self._path.name}.{n}") for n in range(1, 10))]
        for here, there in reversed([*itertools.pairwise(old)]):
            if here.exists():
                here.replace(there)
        os.close(self._fd)
        self._fd = _appendable(self._path)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


def _appendable(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)


class Emitter:
    """Turns what happened into lines. Knows nothing of tracing."""

    def __init__(
        self,
        store: Store,
        shape: Shape,
        *,
        tokens: TokenForm,
        faults: SensorFaults,
        hidden_groups: frozenset[int],
        store_faults: StoreFaults | None = None,
        outside: OutsideFaults | None = None,
        oslogged: Oslogged | None = None,
        also: Sequence[Sensor] = (),
    ) -> None:
        self._store = store
        self._oslogged = oslogged
        self._shape = shape
        self._version = _VERSIONS[tokens]
        self._faults = faults
        self._hidden = hidden_groups
        self._store_faults = store_faults
        self._outside = outside
        self._also = also
        self._digests = Digests()
        self._numbers = dict.fromkeys(EVENT_TYPES, 0)
        self._global = 0
        self._encode = msgspec.json.Encoder().encode

    def event(
        self,
        name: str,
        thread: Thread | None,
        process: Process,
        body: object,
        paths: tuple[str, ...] = (),
        *,
        before: msgspec.Raw | None = None,
        rules: tuple[str, ...] = (),
        cut: tuple[str, ...] = (),
    ) -> None:
        """Append one event that just happened.

        `before` is the acting image where it is no longer the process's own (exec); `paths` are
        the names that faults match.
        """
        if process.group in self._hidden:
            return  # as eslogger(1): events of its own process group are suppressed
        if self._outside is not None:
            self._outside.at(name, paths)
        if self._also:
            self._tell(name, process, body, paths)
        if not self._faults.admits(name, paths):
            return
        shape = self._shape
        message = _Message(
            self._version,
            shape.stamp(time.time_ns()),
            time.monotonic_ns(),
            EVENT_TYPES[name],
            _FLAGS if name == "open" else _AUTH,
            self._numbers[name],
            self._global,
            _ThreadId(process.number if thread is None else thread.number),
            shape.process(process) if before is None else before,
            {name: body},
            shape.marks(process.rules + rules, cut),
        )
        self._numbers[name] += 1
        self._global += 1
        # eslogger escapes slashes; none can follow a backslash of its own, msgspec never writes \/
        line = self._encode(message).replace(b"/", b"\\/") + b"\n"
        for written in self._faults.lines(name, paths, line):
            kept = written
            if self._store_faults is not None:
                kept = self._store_faults.line(name, paths, written)
            if kept and self._outside is not None and self._outside.full:
                warn(f"{os.strerror(errno.ENOSPC)}; an event is lost")
            elif kept:
                self._keep(kept)

    def _keep(self, line: bytes) -> None:
        self._store.append(line)
        if self._oslogged is not None:
            try:
                self._oslogged.append(line)
            except OSError as error:
                warn(f"the unified log: {error.strerror}; an event is lost there")

    def _tell(self, name: str, process: Process, body: object, paths: tuple[str, ...]) -> None:
        """The same to the host's other sensors, none of which sees what another lost."""
        shown = self._shape.process(process)
        facts = told(
            name,
            time.time_ns(),
            shown,
            body,
            lambda: self._digests.of(process.pid, msgspec.json.decode(shown)),
        )
        full = self._outside is not None and self._outside.full
        for sensor in self._also:
            sensor.event(facts, paths, full=full)

    def lost(self, name: str, count: int, reason: str) -> None:
        """Events of a kind were lost: say so, and leave a gap in the numbers."""
        warn(f"{count} {name} event(s) lost: {reason}")
        self._numbers[name] += count
        self._global += count
        for sensor in self._also:
            sensor.lost(name, count)


def warn(sentence: str) -> None:
    """One line on standard error; a closed one is no reason to stop a host."""
    try:
        print(f"recorder: {sentence}", file=sys.stderr, flush=True)
    except OSError:
        pass
