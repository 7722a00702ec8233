"""Hosts do not wait for each other, shown by what happened before what and never by how fast.

The slow host is stopped and the dead one holds the line, both for as long as the healthy ones have
not played their last case. If anything waited for them, the run would never get that far.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import signal
import socket
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

import pytest

from witnessmark import inventory, pipeline
from witnessmark.bag.read import open_bag
from witnessmark.cli import console
from witnessmark.content import faults, root, scenarios
from witnessmark.fleet import Watch
from witnessmark.hosts import prepare
from witnessmark.judge.run import exit_code
from witnessmark.model.verdicts import Link, Status
from witnessmark.plan import build, new_run_id
from witnessmark.standin import state as standin
from witnessmark.standin.launch import refusal
from witnessmark.standin.pidfile import read_pid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.model.run import Act, Case, Plan, RunRecord
    from witnessmark.model.verdicts import RunVerdict

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(bool(refusal()), reason=str(refusal())),
    pytest.mark.timeout(600),
]

HEALTHY = ("mac1", "mac2", "mac3")
P07 = "p07-browser-runs-shell.sh"
STUCK_S = 240.0
"""Long after this the healthy hosts are surely waiting for the others."""


class Run(NamedTuple):
    """What came of it, and when the two that held everybody up were let go."""

    folder: Path
    record: RunRecord
    verdicts: RunVerdict
    released_ns: int
    stuck: bool

    def times(self, host: str) -> list[tuple[int, int]]:
        """When each phase on a host began and ended, in nanoseconds of the controller's clock."""
        ours = {case.id for case in self.record.plan.cases if case.host == host}
        acts = [act for act in self.record.acts if act.case_id in ours]
        return [(item.started_ns, item.finished_ns) for act in acts for item in act.phases]

    def why(self, host: str) -> str:
        """What the run says is wrong with a host."""
        return next(item.problem or "" for item in self.record.facts if item.name == host)


class Gate:
    """Holds a stand-in's SSH server and a dead line until the healthy hosts are through."""

    def __init__(self, server: int, line: socket.socket, left: set[str]) -> None:
        self._server, self._line, self._left = server, line, left
        self._lock = threading.Lock()
        self.released_ns = 0
        self.stuck = False
        os.kill(server, signal.SIGSTOP)
        self._guard = threading.Timer(STUCK_S, self._give_up)
        self._guard.start()

    def acted(self, case: Case, _act: Act) -> None:
        """A case is through."""
        with self._lock:
            self._left.discard(case.id)
            if not self._left:
                self._open()

    def close(self) -> None:
        """Hold nobody any more, however the run ended."""
        with self._lock:
            self._open()

    def _open(self) -> None:
        """Let both go; from now on the one answers and the other is gone."""
        self._guard.cancel()
        if not self.released_ns:
            self.released_ns = time.time_ns()
            os.kill(self._server, signal.SIGCONT)
            self._line.close()

    def _give_up(self) -> None:
        self.stuck = True
        self.close()


def papers(state: Path, port: int) -> str:
    """What the generated inventory does not say: the dead host, and patience with two of them."""
    return f"""all:
  children:
    standin:
      hosts:
        slow: {{witnessmark_connect_timeout: 500s}}
        dead:
          ansible_host: 127.0.0.1
          ansible_port: {port}
          ansible_user: purple
          ansible_ssh_private_key_file: {state}/client_key
          witnessmark_known_hosts: {state}/known_hosts
          witnessmark_origin: stand-in
          witnessmark_path_prefix: {state}/dead/root
          witnessmark_destination_root: {state}
          witnessmark_connect_timeout: 500s
"""


def planned(files: list[Path]) -> Plan:
    catalogue = scenarios.load_all()
    plan = build(
        run_id=new_run_id(dt.datetime.now(dt.UTC)),
        hosts=inventory.load(files).hosts,
        scenarios=scenarios.select(catalogue, ["p07"]),
        catalogue=catalogue,
        window_s=4.0,
        late_arrival_s=5.0,
        profile="demo",
    )
    kept = [case for case in plan.cases if case.control or case.id.startswith(f"{P07}:")]
    return replace(plan, cases=tuple(kept))


def play(folder: Path) -> Run:
    state, broken = folder / "st", {"slow": "slow-host", "refusing": "login-refused"}
    given = {host: list(map(dict, faults.load(name).faults)) for host, name in broken.items()}
    standin.boot(state, [*HEALTHY, *broken], given, tied=True, timeout_s=90.0)
    server = read_pid(state / "slow" / "init.pid")
    assert server is not None
    line = socket.create_server(("127.0.0.1", 0))  # takes calls and never says a word
    extra = folder / "extra.yaml"
    extra.write_text(papers(state, line.getsockname()[1]), "utf-8")
    plan = planned([root() / "inventory/standin.yaml", state / "inventory.yaml", extra])
    healthy = {case.id for case in plan.cases if case.host in HEALTHY}
    gate = Gate(server.pid, line, healthy)
    with contextlib.closing(gate), pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare, "_TASK_S", 500)
        reports, verdicts = pipeline.run(plan, folder / "reports", watch=Watch(acted=gate.acted))
    record = open_bag(reports).record
    return Run(reports, record, verdicts, gate.released_ns, gate.stuck)


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Six hosts at once."""
    with tempfile.TemporaryDirectory(prefix="wm-") as name:
        try:
            yield play(Path(name))
        finally:
            standin.shutdown(Path(name) / "st", remove=True)


def test_healthy_hosts_are_through_before_the_slow_one_began_and_the_dead_one_was_given_up(
    run: Run,
) -> None:
    assert not run.stuck
    last = max(ended for host in HEALTHY for _, ended in run.times(host))
    first = min(began for began, _ in run.times("slow"))
    assert last < run.released_ns < first
    assert run.times("dead") == []


def test_each_host_is_reported_as_what_it_is(run: Run) -> None:
    said = {case.host: (case.verdict.value, case.ok) for case in run.verdicts.cases}
    good, lost = ("detected", True), ("inconclusive", False)
    assert said == {**dict.fromkeys((*HEALTHY, "slow"), good), "dead": lost, "refusing": lost}
    assert all(not run.why(host) for host in (*HEALTHY, "slow"))
    assert "not reachable by SSH" in run.why("dead")
    assert "login as purple was refused" in run.why("refusing")
    for case in run.verdicts.cases:
        if case.host in ("dead", "refusing"):
            assert dict(case.links)[Link.ACTED] is Status.ERROR
            assert any(run.why(case.host) in found.message for found in case.findings)
    assert exit_code(run.verdicts) == 1


def test_the_reason_stands_in_the_terminal_and_in_junit(run: Run) -> None:
    shown = console.plain(run.verdicts)
    errors = {
        test.get("classname", "").rpartition(":")[2]: error.get("message") or ""
        for test in ET.parse(run.folder / "junit.xml").iter("testcase")
        for error in test.iter("error")
    }
    for host in ("dead", "refusing"):
        assert run.why(host) in shown
        assert run.why(host) in errors[host]
