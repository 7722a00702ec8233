"""Whether each source really records: a harmless command and a file are looked for in it."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

from witnessmark.collect.collector import Collector
from witnessmark.collect.delivery import SUFFIX, Arrivals
from witnessmark.doctor import logs
from witnessmark.doctor.lines import Line
from witnessmark.judge.match import WRITES
from witnessmark.model.events import Kind
from witnessmark.model.hosts import Role
from witnessmark.model.verdicts import Status
from witnessmark.telemetry.decoder import decode
from witnessmark.telemetry.format import lacks
from witnessmark.telemetry.kinds import decoder_of, records_runs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from witnessmark.collect.collector import Collected
    from witnessmark.hosts.transport import Result, Transport
    from witnessmark.model.events import Event
    from witnessmark.model.hosts import Source

RIGHTS = (
    "does it have root (one exact sudoers line) and Full Disk Access? Over SSH that is System "
    "Settings > General > Sharing > Remote Login > (i) > Allow full disk access for remote users"
)
DEAD = "is the sensor running, and does it have its rights (root, Full Disk Access)? Is the path "
DEAD += "in the inventory the one that it writes?"
FOLDERS = ("Downloads", "Library/Caches")
"""Where a file must not be written unseen: the directories that the analytic monitors."""
UNWRITTEN = "let the sensor record close, rename, link, clone and copyfile events of this folder "
UNWRITTEN += "too: without them branch B cannot be seen there (docs/lab-mac.md)"


class Watched:
    """Every source of a host, collected as a run collects it, while the doctor does two things."""

    def __init__(self, transport: Transport, folder: Path, mark: str) -> None:
        self._transport, self._host = transport, transport.host
        self._file, self._begin = mark, f"{mark}-begin"
        self._ran, self._end = f"{mark}-ran", f"{mark}-end"
        self._silent: frozenset[str] = frozenset()
        self._raw = {item.name: folder / f"{item.name}.ndjson" for item in self._host.recorded}
        self._collectors = {
            item.name: Collector(transport, item, self._raw[item.name])
            for item in self._host.recorded
        }
        self._arrivals = {
            item.name: Arrivals(
                self._host, item, self._raw[item.name], folder / f"{item.name}.{SUFFIX}"
            )
            for item in self._host.recorded
            if item.destination is not None
        }

    def start(self, wait_s: float) -> None:
        """Begin to collect, and wait until each source shows a command that was run since then.

        A sensor that is started as a command takes its time before it sees anything. What cannot
        be read, or shows nothing for so many seconds, says so in `lines`.
        """
        for collector in self._all():
            collector.start()
        end, pause = time.monotonic() + wait_s, 0.25
        late = {item.name for item in self._host.recorded if tells(item)}
        while late and time.monotonic() < end:
            self._transport.run(["true", self._begin], env={}, timeout_s=20.0)
            pause = min(2 * pause, max(0.0, end - time.monotonic()))
            needle, until = self._begin.encode(), time.monotonic() + pause
            for name in sorted(late):
                left = max(0.0, until - time.monotonic())
                if self._collectors[name].wait_for(needle, left):
                    late.discard(name)
            late -= {name for name, item in self._collectors.items() if item.result.problem}
        self._silent = frozenset(late)

    def stop(self) -> None:
        """End collecting; safe to repeat."""
        for collector in self._all():
            collector.finish()

    def lines(self, wait_s: float, ahead_s: float | None, tolerance_s: float) -> Iterator[Line]:
        """Run the marked command and say of each source what it made of it.

        Args:
            wait_s: how long a source may take to show the command, in seconds.
            ahead_s: how far the host's clock is ahead of ours; None if nobody knows.
            tolerance_s: how far a record's time may be off, in seconds.
        """
        done = self._transport.run(["true", self._ran], env={}, timeout_s=20.0)
        # A sensor delivers in order: once a later command is in, the one before it is in too.
        self._transport.run(["true", self._end], env={}, timeout_s=20.0)
        begun = time.monotonic()
        needle, took = self._end.encode(), {}
        for source in self._host.recorded:
            silent = source.name in self._silent or not tells(source)
            left = 0.0 if silent else max(0.0, wait_s - (time.monotonic() - begun))
            seen = self._collectors[source.name].wait_for(needle, left)
            took[source.name] = time.monotonic() - begun if seen else None
        for source in self._host.recorded:
            if source.name in self._arrivals:
                yield self._delivered(source, recorded=took[source.name] is not None)
        for source in self._host.recorded:
            found = self._collectors[source.name].finish()
            yield from self._recorded(source, found, took[source.name], done, ahead_s, tolerance_s)

    def _all(self) -> list[Collector]:
        return [*self._collectors.values(), *(item.collector for item in self._arrivals.values())]

    def _recorded(
        self,
        source: Source,
        found: Collected,
        took_s: float | None,
        done: Result,
        ahead_s: float | None,
        tolerance_s: float,
    ) -> Iterator[Line]:
        name = f"sensor {source.name}"
        if found.problem is not None:
            mend = RIGHTS if source.command else "correct its path, or let the user read it"
            mend = "correct its search in the inventory" if source.search else mend
            mend = logs.RIGHTS if source.unified_log else mend
            yield self._line(name, Status.FAIL, found.problem, mend)
            return
        if found.log is not None and not tells(source):
            yield logs.line(source, found, self._raw[source.name])
            return
        if not tells(source):
            message = f"it can be read, but a source of kind {source.kind} never records what is "
            message += "run with which words, so whether it sees anything cannot be tried"
            yield self._line(name, Status.ERROR, message)
            return
        raw = self._raw[source.name].read_bytes() if self._raw[source.name].exists() else b""
        if took_s is None:
            said = f"{len(raw)} bytes came, but " if raw else "it says nothing at all: "
            message = f"{said}a command that was run on the host is not in it"
            yield self._line(name, Status.FAIL, message, DEAD)
            return
        form = decoder_of(source.kind)
        stream = decode(form, io.BytesIO(raw), host=self._host.name, source=source.name)
        ran = next((item for item in stream.events if self._is_ours(item)), None)
        if ran is None:
            message = "the command is in it, but in no record that can be read"
            mend = "has the sensor a version whose records this suite does not know? see "
            yield self._line(name, Status.FAIL, message, f"{mend}docs/claims.md")
            return
        yield self._line(name, Status.PASS, f"a command was recorded and read in {took_s:.1f} s")
        tolerance_s += form.TIME_RESOLUTION / 1e9
        yield self._times(source, ran, done, ahead_s, tolerance_s)
        yield self._files(source, stream.events)

    def _is_ours(self, event: Event) -> bool:
        return event.kind is Kind.EXEC and (event.args or ())[1:] == (self._ran,)

    def _wrote(self, event: Event, folder: str) -> bool:
        path = event.file.path if event.file else ""
        if event.kind is Kind.CLOSE and not (event.modified or event.mapped_writable):
            return False
        return f"/{folder}/" in path and path.endswith(f"/{self._file}")

    def _times(
        self,
        source: Source,
        ran: Event,
        done: Result,
        ahead_s: float | None,
        tolerance_s: float,
    ) -> Line:
        name = f"times {source.name}"
        if ahead_s is None:
            return self._line(name, Status.ERROR, "nobody knows how far the host's clock is off")
        at_s = ran.time_ns / 1e9 - ahead_s
        early, late = done.started_ns / 1e9 - at_s, at_s - done.finished_ns / 1e9
        if max(early, late) <= tolerance_s:
            return self._line(name, Status.PASS, "the record has the time at which it happened")
        how = f"{early:.0f} s before" if early > late else f"{late:.0f} s after"
        message = f"the record of a command lies {how} the moment at which it was run"
        return self._line(name, Status.FAIL, message, "correct the sensor's clock or time zone")

    def _files(self, source: Source, events: tuple[Event, ...]) -> Line:
        name = f"files {source.name}"
        if "close" in lacks(decoder_of(source.kind).FILLS, "B"):
            message = f"a source of kind {source.kind} never records how files get their content"
            return self._line(name, Status.SKIP, f"{message}: branch B is not assessed with it")
        for folder in FOLDERS:
            kinds = {item.kind for item in events if self._wrote(item, folder)}
            if not kinds & set(WRITES):
                message = f"the write of a file in ~/{folder} was not recorded" + (
                    f", only {', '.join(sorted(kinds))}" if kinds else ""
                )
                return self._line(name, Status.FAIL, message, UNWRITTEN)
        message = f"the writes of files in {' and '.join(f'~/{item}' for item in FOLDERS)} were"
        return self._line(name, Status.PASS, f"{message} recorded")

    def _delivered(self, source: Source, *, recorded: bool) -> Line:
        assert source.destination is not None
        name = f"delivery {source.name}"
        arriving = self._arrivals[source.name].collector
        where = source.destination.where
        if arriving.result.problem is not None:
            mend = f"correct the destination in the inventory, or let this user read {where}"
            return self._line(name, Status.FAIL, arriving.result.problem, mend)
        if not recorded:
            message = "nothing was recorded, so nothing could arrive"
            return self._line(name, Status.ERROR, message)
        begun = time.monotonic()
        if arriving.wait_for(self._end.encode(), source.destination.deadline_s):
            message = f"it arrived in {where} {time.monotonic() - begun:.1f} s after it was seen"
            return self._line(name, Status.PASS, message)
        message = f"it did not arrive in {where} within {source.destination.deadline_s:g} s"
        return self._line(name, Status.FAIL, message, "look at the log pipeline of this host")

    def _line(self, name: str, status: Status, message: str, mend: str = "") -> Line:
        return Line(host=self._host.name, name=name, status=status, message=message, mend=mend)


def tells(source: Source) -> bool:
    """Whether records of this kind could show that a command was run, and which."""
    return records_runs(source.kind)


def relied_on(host: str, sources: tuple[Source, ...]) -> Iterator[Line]:
    """Whether the inventory names evidence that can earn a verdict at all."""
    if any(item.role is Role.ORGANISATION for item in sources):
        return
    what = "only sources with role: reference" if sources else "no source"
    yield Line(
        host=host,
        name="sources",
        status=Status.ERROR,
        message=f"the inventory names {what}, so no case would be assessed",
        mend="name what the organisation relies on, with role: organisation",
    )
