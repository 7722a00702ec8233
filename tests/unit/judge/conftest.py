"""A whole run on one Mac, sealed in a bag: real bytes of every kind that a judge reads.

A control is played, then a case, then a control again, each a script that is dropped into
Downloads and run by sh. The records are synthetic (shapes from eslogger's own coding keys). A test
changes one thing of the run before it seals it, and sees what the judge makes of that.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.bag.read import Bag, open_bag
from witnessmark.bag.write import BagWriter
from witnessmark.content import root
from witnessmark.judge import examples
from witnessmark.judge.evidence import ANALYTIC
from witnessmark.model.alerts import Alerting, alerts_of
from witnessmark.model.hosts import Destination, Host, Origin, Role, Source
from witnessmark.model.run import (
    Act,
    Case,
    Collection,
    FileFact,
    HostFacts,
    Listing,
    PhaseResult,
    Plan,
    RetentionProfile,
    RunRecord,
    Step,
    StoreLook,
    Witness,
)
from witnessmark.model.scenario import Phase

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN = "20270115t080000z-1f0c9a"
SECOND = examples.SECOND
NAMES = ("c01-before", "x01-played", "c02-after")
SENT = Destination(kind="ndjson", path="/lake/es.ndjson", deadline_s=60.0)
SOURCE = Source(
    name="es", kind="eslogger", role=Role.ORGANISATION, analytic="embedded", path="/var/log/es"
)


@dataclass(frozen=True, kw_only=True)
class Round:
    """What one of the three cases did: its number gives its time, its processes and its file."""

    number: int

    @property
    def start_ns(self) -> int:
        return examples.T0 + self.number * 20 * SECOND

    @property
    def shell(self) -> int:
        return 400 + 10 * self.number

    @property
    def payload(self) -> int:
        return self.shell + 1

    @property
    def mark(self) -> str:
        return f"wm-{RUN}-{self.number:03d}a"

    @property
    def path(self) -> str:
        return f"/Users/purple/Downloads/witnessmark/{RUN}/{self.number:03d}/{self.mark}.sh"

    @property
    def key(self) -> str:
        return f"{NAMES[self.number]}:mac1"

    def case(self) -> Case:
        base = examples.drop_exec().case
        control = ("before", None, "after")[self.number]
        scenario = replace(base.scenario, id=NAMES[self.number])
        return replace(
            base,
            id=self.key,
            index=self.number,
            host="mac1",
            scenario=scenario,
            control=control,
        )

    def act(self) -> Act:
        steps = (
            Step(step="drop", path=self.path, to=None, pid=self.shell, ppid=1, status=0),
            Step(step="exec", path=self.path, to=None, pid=self.payload, ppid=self.shell, status=0),
        )
        phases = tuple(
            PhaseResult(
                phase=phase,
                mark=self.mark[:-1] + phase.value[0],
                started_ns=self.start_ns + at * 4 * SECOND,
                finished_ns=self.start_ns + (at * 4 + 3) * SECOND,
                status=0,
                steps=steps if phase is Phase.ATTACK else (),
            )
            for at, phase in enumerate(Phase)
        )
        return Act(
            case_id=self.key,
            phases=phases,
            witnesses=(Witness(mark=self.mark, pid=self.payload, ppid=self.shell),),
            files=(FileFact(path=self.path, form="script"),),
            before=Listing(taken_ns=self.start_ns, paths=("/Users/purple",)),
            after=Listing(taken_ns=self.start_ns + 12 * SECOND, paths=("/Users/purple",)),
        )

    def records(self) -> list[dict[str, Any]]:
        """The drop and the exec, as eslogger writes them."""
        drop = {"modified": True, "target": _file(self.path, 70 + self.number)}
        run = {
            "target": _process(self.payload, "/bin/sh", self.shell, version=1),
            "args": ["/bin/sh", self.path],
            "script": _file(self.path, 70 + self.number),
            "cwd": _file("/Users/purple"),
        }
        at = self.start_ns + 4 * SECOND
        return [
            _record(at, _process(self.shell, "/bin/sh", 1), "close", drop),
            _record(at + 2 * SECOND, _process(self.payload, "/bin/sh", self.shell), "exec", run),
        ]


def _file(path: str, ino: int = 9) -> dict[str, Any]:
    return {"path": path, "path_truncated": False, "stat": {"st_dev": 1, "st_ino": ino}}


def _token(pid: int, version: int = 0) -> dict[str, int]:
    return {"pid": pid, "pidversion": pid * 10 + version, "euid": 501}


def _process(pid: int, path: str, parent: int, version: int = 0) -> dict[str, Any]:
    return {
        "audit_token": _token(pid, version),
        "parent_audit_token": _token(parent),
        "responsible_audit_token": _token(pid, version),
        "ppid": parent,
        "executable": _file(path),
        "start_time": "2027-01-15T07:00:00.000123Z",
        "signing_id": "com.apple.sh",
        "team_id": None,
        "cdhash": "AB" * 20,
        "codesigning_flags": 0x24000001,
        "is_platform_binary": True,
    }


def _time(at_ns: int) -> str:
    seconds, rest = divmod(at_ns, SECOND)
    when = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{when}.{rest:09d}Z"


def _record(at_ns: int, process: dict[str, Any], name: str, body: Any) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "version": 9,
        "time": _time(at_ns),
        "seq_num": 0,
        "global_seq_num": 0,
        "process": process,
        "event": {name: body},
    }


def _as_it_was(record: RunRecord) -> RunRecord:
    return record


@dataclass(kw_only=True)
class Played:
    """The run before it is sealed. ``change`` is the last word on its record."""

    folder: Path
    source: Source = SOURCE
    host: Host = field(
        default_factory=lambda: Host(
            name="mac1", origin=Origin.MAC, connection="ssh", retention="ir-30d"
        )
    )
    rounds: tuple[Round, ...] = tuple(Round(number=number) for number in range(3))
    records: list[dict[str, Any]] = field(default_factory=list)
    arrived: list[dict[str, Any]] | None = None
    alerts: list[dict[str, Any]] | None = None
    """What the source's own detection said."""
    processes: bytes | None = b"    1     0 /sbin/launchd\n  300     1 -zsh\n"
    head: bytes | None = b""
    """The store's first lines; empty for one line that is forty days old."""
    content: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """Files of the bag beside its evidence, by their folder."""
    change: Callable[[RunRecord], RunRecord] = _as_it_was

    def __post_init__(self) -> None:
        self.records = [item for one in self.rounds for item in one.records()]
        end = self.rounds[-1].start_ns + 15 * SECOND
        self.records.append(_record(end, _process(999, "/bin/ls", 1), "exit", {"stat": 0}))
        self.number()

    def number(self) -> None:
        """Count the records as their sensor does: a record that goes later leaves a hole."""
        kinds: Counter[str] = Counter()
        for at, record in enumerate(self.records):
            (kind,) = record["event"]
            record |= {"global_seq_num": at, "seq_num": kinds[kind]}
            kinds[kind] += 1

    def move(self, line: int, at_ns: int) -> None:
        """Let a record have another time."""
        self.records[line]["time"] = _time(at_ns)

    def delivers(self) -> None:
        """Give the source a destination at which everything arrived."""
        self.source = replace(self.source, destination=SENT)
        self.arrived = list(self.records)

    def alarms(self) -> None:
        """Give the source alerts of its own: one of each case, four seconds after its exec."""
        told = Alerting(kind="ndjson", rules=(("r1", "B"),), path="/lake/alerts", deadline_s=60.0)
        self.source = replace(self.source, alerts=told)
        self.alerts = [
            {
                "id": f"a{one.number}",
                "rule": {"id": "r1"},
                "host": {"name": "mac1"},
                "time": _time(one.start_ns + 10 * SECOND),
                "process": {
                    "pid": one.payload,
                    "path": "/bin/sh",
                    "script": one.path,
                    "time": _time(one.start_ns + 6 * SECOND),
                },
            }
            for one in self.rounds
        ]

    def seal(self) -> Bag:
        """The bag of this run, sealed and opened again."""
        writer = BagWriter(self.folder / "bag")
        writer.add("analytics/an0994", {"analytic.yaml": (root() / ANALYTIC).read_bytes()})
        for folder, files in self.content.items():
            writer.add(folder, files)
        name = self.source.name
        writer.raw("mac1", name).write_bytes(lines(self.records))
        if self.arrived is not None:
            writer.raw("mac1", name, "delivered.ndjson").write_bytes(lines(self.arrived))
        if self.alerts is not None:
            writer.raw("mac1", alerts_of(name)).write_bytes(lines(self.alerts))
        if self.processes is not None:
            writer.raw("mac1", "processes", "txt").write_bytes(self.processes)
        if self.head is not None:
            writer.raw("mac1", name, "head.ndjson").write_bytes(self.head or self._oldest())
        writer.seal(self.change(self._record()))
        return open_bag(self.folder)

    def _oldest(self) -> bytes:
        at = examples.T0 - 40 * examples.DAY
        return lines([_record(at, _process(5, "/bin/ls", 1), "exit", {"stat": 0})])

    def _record(self) -> RunRecord:
        end = self.rounds[-1].start_ns + 100 * SECOND
        return RunRecord(
            format=1,
            tool="witnessmark test",
            started_ns=examples.T0,
            finished_ns=end + SECOND,
            plan=Plan(
                run_id=RUN,
                profile=None,
                window_s=600,
                late_arrival_s=120,
                hosts=(replace(self.host, sources=(self.source,)),),
                cases=tuple(item.case() for item in self.rounds),
            ),
            facts=(
                HostFacts(
                    name="mac1",
                    origin=self.host.origin.value,
                    home="/Users/purple",
                    clock_offset_s=0.0,
                    clock_offset_end_s=0.0,
                    clock_uncertainty_s=0.0,
                    left_behind=(),
                ),
            ),
            acts=tuple(item.act() for item in self.rounds),
            collections=(self._collected(self.source.name, self.records, end),),
            deliveries=tuple(
                self._collected(name, items, end)
                for name, items in (
                    (self.source.name, self.arrived),
                    (alerts_of(self.source.name), self.alerts),
                )
                if items is not None
            ),
            retention=(RetentionProfile(id="ir-30d", title="t", required="30d", why="w"),),
        )

    def _collected(self, name: str, records: list[dict[str, Any]], looked_ns: int) -> Collection:
        """Every line in a chunk of its own, received a second after it was written."""
        chunks, end = [], 0
        for record in records:
            end += len(lines([record]))
            written = datetime.fromisoformat(record["time"][:19] + "Z").timestamp()
            chunks.append((end, int(written + 1) * SECOND))
        look = StoreLook(taken_ns=looked_ns, start=0, end=end, size=end, intact=True)
        return Collection(host="mac1", source=name, chunks=tuple(chunks), look=look)


def lines(records: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in records)


@pytest.fixture
def played(tmp_path: Path) -> Played:
    return Played(folder=tmp_path / RUN)
