"""A plan of one host with two cases between controls, and the entries of a journal about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.journal.file import FORMAT
from witnessmark.journal.past import Past, read
from witnessmark.judge import examples
from witnessmark.model.alerts import Alerting
from witnessmark.model.hosts import Destination, Host, Origin, Role, Source
from witnessmark.model.journal import Begun, Entry
from witnessmark.model.run import Act, Case, HostFacts, Plan

if TYPE_CHECKING:
    from pathlib import Path

RUN = "20261124t042002z-1f0c9a"
T0 = examples.T0
CONTROL = ("c01.before:mac1", "c01.after:mac1")
CASES = ("x01:mac1", "x02:mac1")


def case(key: str, index: int, control: str | None = None) -> Case:
    base = examples.drop_exec().case
    scenario = replace(base.scenario, id="c01") if control else base.scenario
    return replace(base, id=key, index=index, host="mac1", control=control, scenario=scenario)


def plan() -> Plan:
    source = Source(
        name="es",
        kind="eslogger",
        role=Role.ORGANISATION,
        path="/var/log/es",
        destination=Destination(kind="ndjson", path="/lake/es"),
        alerts=Alerting(kind="ndjson", rules=(("r1", "B"),), path="/lake/alerts"),
    )
    return Plan(
        run_id=RUN,
        profile=None,
        window_s=600,
        late_arrival_s=120,
        hosts=(Host(name="mac1", origin=Origin.MAC, connection="ssh", sources=(source,)),),
        cases=(
            case(CONTROL[0], 1, "before"),
            case(CASES[0], 2),
            case(CASES[1], 3),
            case(CONTROL[1], 4, "after"),
        ),
    )


@dataclass
class Journal:
    """Entries one after the other; each gets the next second as its time."""

    path: Path
    entries: list[tuple[int, Entry]]

    def add(self, kind: type[Any], **given: Any) -> Journal:
        """One more entry, a second after the one before."""
        given.setdefault("at_ns", T0 + len(self.entries) * 10**9)
        self.entries.append((len(self.entries) + 1, kind(**given)))
        return self

    def read(self) -> Past:
        found = read(self.path, self.entries)
        assert found is not None
        return found

    def mark(self, key: str, phase: Any) -> str:
        ours = plan()
        return ours.mark(next(item for item in ours.cases if item.id == key), phase)


def facts(**given: Any) -> HostFacts:
    return HostFacts(**({"name": "mac1", "origin": "mac"} | given))


def played(key: str, **given: Any) -> Act:
    return Act(case_id=key, **given)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    begun = Begun(
        at_ns=T0, format=FORMAT, tool="t", content_sha256="0" * 64, inventories=(), plan=plan()
    )
    return Journal(tmp_path / RUN / "journal.jsonl", [(1, begun)])
