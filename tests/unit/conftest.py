"""A home with the scenario pack on it, on this machine, so that real scripts can be played."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from witnessmark.bag.write import BagWriter
from witnessmark.content import pack, root
from witnessmark.hosts.local import LocalTransport
from witnessmark.judge import examples
from witnessmark.model.hosts import Host, Origin
from witnessmark.model.run import Act, HostFacts, Plan, RunRecord

RUN = "20261124t042002z-1f0c9a"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "a home"
    for name in ("Downloads", "Library/Caches"):
        (folder / name).mkdir(parents=True)
    own = folder / ".witnessmark" / RUN
    for name in ("receipts", "evidence"):
        (own / name).mkdir(parents=True)
    for name, data in pack.build().items():
        path = own / "pack" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    monkeypatch.setenv("HOME", str(folder))
    yield folder
    # A timer that a test started would wait for its controller much longer than this.
    sweep = root() / "inventory" / "playbooks" / "sweep.sh"
    env = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    subprocess.run(["sh", str(sweep), RUN], env=env, capture_output=True, check=False, timeout=30)


@pytest.fixture
def mac() -> LocalTransport:
    host = Host(name="me", origin=Origin.MAC, connection="local", lab=True, browser="/bin/sh")
    return LocalTransport(host)


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A run with a case that nobody watched, one that failed, and one that does not apply.

    So validators pass, fail, cannot look, and skip.
    """
    writer = BagWriter(tmp_path / "reports" / RUN / "bag")
    writer.add(
        "analytics/an0994",
        {"analytic.yaml": (root() / "analytics/an0994/analytic.yaml").read_bytes()},
    )
    base = examples.drop_exec()
    broken = examples.drop_exec(status=1)
    cases, acts = [], []
    for name, act in (
        ("x01-watched", base.act),
        ("x02-broken", broken.act),
        ("x03-absent", Act(case_id="", skipped="example has no zsh")),
    ):
        key = f"{name}:example"
        cases.append(replace(base.case, id=key, index=len(cases) + 1))
        acts.append(replace(act, case_id=key))
    source = base.source
    assert source is not None
    host = Host(name="example", origin=Origin.MAC, connection="ssh", lab=True, sources=(source,))
    record = RunRecord(
        format=1,
        tool="witnessmark test",
        started_ns=examples.T0,
        finished_ns=examples.T0 + 60 * examples.SECOND,
        plan=Plan(
            run_id=RUN,
            profile=None,
            window_s=600,
            late_arrival_s=120,
            hosts=(host,),
            cases=tuple(cases),
        ),
        facts=(HostFacts(name="example", origin="mac", clock_offset_s=0.0, left_behind=()),),
        acts=tuple(acts),
        collections=(),
    )
    writer.seal(record)
    return writer.folder.parent
