"""Moments too short for a real kernel to show on demand: killed inside a call, inside a fork."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from witnessmark.standin import ptrace
from witnessmark.standin.calls import look_at
from witnessmark.standin.emit import Emitter, Store
from witnessmark.standin.faults.sensor import SensorFaults
from witnessmark.standin.inotify import Inotify
from witnessmark.standin.lives import Lives
from witnessmark.standin.look import Look
from witnessmark.standin.paths import Translator
from witnessmark.standin.probe import wrong_machine
from witnessmark.standin.processes import Processes, Thread
from witnessmark.standin.ptrace import Entry, Reader
from witnessmark.standin.shape import Shape
from witnessmark.standin.syscalls import ARCHITECTURES, CALLS
from witnessmark.standin.writers import Writers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(wrong_machine() is not None, reason="needs Linux's /proc")


class Memory(Reader):
    """A stopped process whose memory holds just the strings that the test put there."""

    def __init__(self) -> None:
        super().__init__()
        self.strings: list[bytes] = []

    def text(self, pid: int, address: int) -> bytes | None:
        return self.strings[address]


class Scene:
    """One process, this one, that is said to make a call."""

    def __init__(self, root: Path) -> None:
        self.root = root / "root"
        self.root.mkdir()
        self.store = root / "store"
        translator = Translator(self.root, {})
        shape = Shape(translator, host="mac", tokens="object")
        emitter = Emitter(
            Store(self.store),
            shape,
            tokens="object",
            faults=SensorFaults(),
            hidden_groups=frozenset(),
        )
        self.reader, self.processes = Memory(), Processes()
        writers = Writers(Inotify(), emitter, shape)
        self.look = Look(
            reader=self.reader,
            translator=translator,
            view=shape.view,
            numbers=self.processes.numbers,
            shape=shape,
            emitter=emitter,
            writers=writers,
            opens=False,
        )
        self.lives = Lives(
            arch=ARCHITECTURES["x86_64"],
            reader=self.reader,
            processes=self.processes,
            shape=shape,
            emitter=emitter,
            writers=writers,
            started=lambda: None,
        )
        self.lives.begin(self.processes.first(os.getpid(), 0))

    @property
    def thread(self) -> Thread:
        return self.lives.threads[os.getpid()]

    def enter(self, name: str, *args: Path | int) -> None:
        """The process is let into a call and will never answer."""
        numbers = []
        for arg in args:
            if isinstance(arg, int):
                numbers.append(arg)
            else:
                numbers.append(len(self.reader.strings))
                self.reader.strings.append(os.fsencode(arg))
        position = next(n for n, call in enumerate(CALLS) if call.name == name)
        entry = Entry(0, (*numbers, *[0] * (6 - len(numbers))), position)
        self.thread.pending = look_at(self.look, self.thread, entry)

    def killed(self) -> list[tuple[str, int]]:
        self.lives.ended(self.thread, signal.SIGKILL)
        events = map(json.loads, self.store.read_text().splitlines())
        return [(next(iter(event["event"])), event["global_seq_num"]) for event in events]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.mark.parametrize("happens", [True, False])
def test_killed_in_a_rename(scene: Scene, happens: bool) -> None:
    old, new = scene.root / "old", scene.root / "new"
    old.write_text("x")
    scene.enter("rename", old, new)
    if happens:
        old.rename(new)
    assert scene.killed() == ([("rename", 0), ("exit", 1)] if happens else [("exit", 0)])


@pytest.mark.parametrize("happens", [True, False])
def test_killed_in_an_unlink(scene: Scene, happens: bool) -> None:
    file = scene.root / "file"
    file.write_text("x")
    scene.enter("unlink", file)
    if happens:
        file.unlink()
    assert scene.killed() == ([("unlink", 0), ("exit", 1)] if happens else [("exit", 0)])


@pytest.mark.parametrize("happens", [True, False])
def test_killed_in_a_link(scene: Scene, happens: bool) -> None:
    file, second = scene.root / "file", scene.root / "second"
    file.write_text("x")
    scene.enter("link", file, second)
    if happens:
        second.hardlink_to(file)
    assert scene.killed() == ([("link", 0), ("exit", 1)] if happens else [("exit", 0)])


@pytest.mark.parametrize("happens", [True, False])
@pytest.mark.parametrize(("call", "args"), [("mkdir", (0o755,)), ("open", (os.O_CREAT | 1,))])
def test_killed_in_a_creation(scene: Scene, call: str, args: tuple[int], happens: bool) -> None:
    made = scene.root / "made"
    scene.enter(call, made, *args)
    if happens:
        made.mkdir() if call == "mkdir" else made.touch()
    assert scene.killed() == ([("create", 0), ("exit", 1)] if happens else [("exit", 0)])


def test_killed_in_a_call_whose_effect_cannot_be_seen(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    file = scene.root / "file"
    file.write_text("x")
    scene.enter("chmod", file, 0o644)
    assert scene.killed() == [("exit", 1)]
    assert "1 setmode event(s) lost" in capsys.readouterr().err


@pytest.fixture
def child() -> Iterator[int]:
    process = subprocess.Popen(["/bin/sleep", "60"])
    yield process.pid
    process.kill()
    process.wait()


def test_a_fork_that_its_killed_maker_never_told(scene: Scene, child: int) -> None:
    scene.lives.early.hold(child, scene.processes.numbers)
    assert scene.killed() == [("fork", 0), ("exit", 1)]
    assert scene.lives.threads[child].process.pid == child
    assert not scene.lives.early


def test_a_child_whose_maker_nobody_knows_is_followed_after_a_gap(
    scene: Scene, child: int, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.processes.by_pid.clear()
    scene.lives.early.hold(child, scene.processes.numbers)
    scene.lives.take_in_lost()
    assert "1 fork event(s) lost" in capsys.readouterr().err
    assert scene.lives.threads[child].process.path != ""
    assert scene.killed() == [("exit", 1)]


def test_one_that_died_before_it_ran_and_has_no_maker_leaves_nothing(scene: Scene) -> None:
    scene.lives.stranger(2**22 + 7, signal.SIGKILL)
    scene.lives.take_in_lost()
    assert 2**22 + 7 not in scene.lives.threads
    assert scene.killed() == [("exit", 0)]


def test_a_thread_that_died_before_its_clone_was_told_is_no_process(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene.reader, "message", lambda _tid: 2**22 + 7)
    scene.lives.stranger(2**22 + 7, signal.SIGKILL)
    scene.lives.forked(scene.thread, ptrace.EVENT_CLONE)
    assert scene.killed() == [("exit", 0)]


def test_an_orphan_s_second_end_is_not_a_birth(scene: Scene, child: int) -> None:
    scene.lives.early.hold(child, scene.processes.numbers)
    scene.lives.early.bury(child, 0)
    assert scene.killed() == [("fork", 0), ("exit", 1), ("exit", 2)]
    scene.lives.stranger(child, 0)
    assert not scene.lives.early
