"""A host to record: a folder, a recorder process, and what must hold of every recording."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.standin import mode
from witnessmark.standin.layout import PYTHON
from witnessmark.standin.mode import Mode
from witnessmark.standin.recorder import refusal
from witnessmark.standin.tree import build

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Event = dict[str, Any]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "prefix_only(why): not for a host with its own root")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(autouse=True)
def _can_trace() -> None:
    reason = refusal()
    if reason is not None:
        pytest.skip(reason)


@dataclass(frozen=True)
class Recording:
    """One finished recording: parsed events, the exit code, and what the init printed."""

    events: list[Event]
    returncode: int
    stdout: str
    stderr: str
    lines: list[str]

    def of(self, *names: str) -> list[Event]:
        return [event for event in self.events if name(event) in names]

    def bodies(self, wanted: str) -> list[dict[str, Any]]:
        return [event["event"][wanted] for event in self.of(wanted)]

    def targets(self, wanted: str) -> list[str]:
        return [body["target"]["path"] for body in self.bodies(wanted)]

    def created(self) -> list[str]:
        found = self.bodies("create")
        return [body["destination"]["existing_file"]["path"] for body in found]

    def execs(self) -> list[list[str]]:
        return [body["args"] for body in self.bodies("exec")]

    def check(self) -> Recording:
        """The rules that hold of every recording without losses."""
        assert [e["global_seq_num"] for e in self.events] == list(range(len(self.events)))
        numbers = defaultdict(list)
        for event in self.events:
            numbers[name(event)].append(event["seq_num"])
        for kind, found in numbers.items():
            assert found == list(range(len(found))), kind
        self._check_lives()
        assert "lost" not in self.stderr
        return self

    def _check_lives(self) -> None:
        """Every process is forked before it acts, acts under one version, and exits once."""
        alive: dict[int, int] = {}
        for event in self.events:
            token = event["process"]["audit_token"]
            pid, version = token["pid"], token["pidversion"]
            if event is self.events[0]:
                alive[pid] = version  # init: its fork is in the snapshot
            assert alive.get(pid) == version, event
            body = event["event"]
            if "fork" in body:
                child = body["fork"]["child"]["audit_token"]
                assert child["pid"] not in alive
                alive[child["pid"]] = child["pidversion"]
            elif "exec" in body:
                target = body["exec"]["target"]["audit_token"]
                assert (target["pid"], target["pidversion"]) == (pid, version + 1)
                alive[pid] += 1
            elif "exit" in body:
                del alive[pid]
        assert not alive


def name(event: Event) -> str:
    (only,) = event["event"]
    return str(only)


@dataclass
class Host:
    """A root folder and its store. `run` records a command from start to end."""

    folder: Path
    root: Path
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        """What stands before the host's paths as its processes see them."""
        return str(self.root)

    @property
    def home(self) -> Path:
        return self.root / "Users" / "purple"

    @property
    def store(self) -> Path:
        return self.folder / "store.ndjson"

    def command(self, argv: Sequence[str], *options: str) -> list[str]:
        paths = ["--root", str(self.root), "--store", str(self.store)]
        program = [sys.executable, "-m", "witnessmark.standin.recorder"]
        return [*program, *paths, *options, "--", *argv]

    def start(
        self, argv: Sequence[str], *options: str, env: dict[str, str] | None = None
    ) -> subprocess.Popen[str]:
        return self.launch(self.command(argv, *options), env=env)

    def launch(
        self, command: Sequence[str], env: dict[str, str] | None = None
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command,
            cwd=self.home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=None if env is None else {**os.environ, **env},
        )
        self.running.append(process)
        return process

    def finish(self, process: subprocess.Popen[str], timeout: float = 30) -> Recording:
        stdout, stderr = process.communicate(timeout=timeout)
        lines = self.lines()
        events = [json.loads(line) for line in lines]
        return Recording(events, process.returncode, stdout, stderr, lines)

    def lines(self) -> list[str]:
        if not self.store.exists():
            return []
        return self.store.read_text(encoding="utf-8").splitlines()

    def run(
        self, argv: Sequence[str], *options: str, env: dict[str, str] | None = None
    ) -> Recording:
        return self.finish(self.start(argv, *options, env=env))

    def sh(self, script: str, *options: str) -> Recording:
        recording = self.run(["/bin/sh", "-c", script], *options)
        assert recording.returncode == 0, recording.stderr
        return recording.check()

    def python(self, code: str, *options: str) -> Recording:
        recording = self.run([sys.executable, "-I", "-S", "-c", code], *options)
        assert recording.returncode == 0, recording.stderr
        return recording.check()

    def stop(self) -> None:
        for process in self.running:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.communicate()


class OwnRoot(Host):
    """The same with a root, processes and users of its own."""

    @property
    def prefix(self) -> str:
        return ""

    def command(self, argv: Sequence[str], *options: str) -> list[str]:
        if argv[0] == sys.executable:
            argv = [PYTHON, *argv[1:]]
        return super().command(argv, "--namespace", *options)


@pytest.fixture(params=list(Mode))
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
    """A host whose root has a space and an undecodable byte in its name."""
    only = request.node.get_closest_marker("prefix_only")
    if request.param is Mode.NAMESPACE and only is not None:
        pytest.skip(only.args[0])
    folder = tmp_path / "state"
    root = Path(os.fsdecode(os.fsencode(tmp_path) + b"/host \xff root"))
    if request.param is Mode.NAMESPACE:
        if reason := mode.refusal():
            pytest.skip(reason)
        made: Host = OwnRoot(folder, root)
        build(root, own_root=True)
    else:
        made = Host(folder, root)
        made.home.mkdir(parents=True)
    folder.mkdir()
    yield made
    made.stop()
