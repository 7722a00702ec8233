"""Builds small event streams: a tape of what happened on one host, in the sensor's order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from witnessmark.analytic import Engine, Parameters, detect, load
from witnessmark.analytic.trace import Recorder
from witnessmark.model.detections import Answer, Detection
from witnessmark.model.events import (
    Coverage,
    Event,
    FileRef,
    Kind,
    Process,
    SnapshotRow,
    Stream,
    Token,
)

T0 = 1_790_000_000_000_000_000
SECOND = 1_000_000_000
HOME = "/Users/kim"
CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
SAFARI = (
    "/System/Volumes/Preboot/Cryptexes/App/System/Applications/Safari.app/Contents/MacOS/Safari"
)
SIGNED, ADHOC, PLATFORM, HARDENED = 0x20000001, 0x20000003, 0x24000001, 0x20010001
UNKNOWN = frozenset(
    ("signing_id", "team_id", "cdhash", "cs_flags", "platform_binary", "responsible")
)


@dataclass
class Task:
    """A process of the tape; ``image`` is what it runs now."""

    image: Process
    parent: Task | None = None

    @property
    def pid(self) -> int:
        return self.image.token.pid


def signing(path: str) -> dict[str, Any]:
    """What a real Mac would say of the usual programs."""
    name = path.rsplit("/", 1)[-1]
    if path.startswith(("/bin/", "/usr/", "/sbin/", "/System/")):
        identifier = name if name.startswith("com.apple.") else f"com.apple.{name}"
        return {
            "signing_id": identifier.replace("com.apple.com.", "com."),
            "cs_flags": PLATFORM,
            "platform_binary": True,
        }
    if path.startswith("/Applications/Google Chrome.app/"):
        return {
            "signing_id": "com.google.Chrome" + (".helper" if "Helper" in name else ""),
            "team_id": "EQHXZ8M8AV",
            "cs_flags": HARDENED,
            "platform_binary": False,
        }
    return {"signing_id": f"{name}-1", "cs_flags": ADHOC, "platform_binary": False}


class Tape:
    """Events of one host. Every call appends what Endpoint Security would have recorded."""

    def __init__(self, *, standin: bool = False) -> None:
        self.events: list[Event] = []
        self.now = T0
        self.standin = standin
        self._seq = 0
        self._pid = 500
        self._version = 9_000
        self._ino = 70_000
        self.inodes: dict[str, int] = {}
        self.launchd = Task(self.program("/sbin/launchd", Token(pid=1, pidversion=1), None))
        self.terminal = self.spawn(self.launchd, "/bin/zsh", ["-zsh"])

    def wait(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)

    def program(self, path: str, token: Token, spawner: Task | None, **given: Any) -> Process:
        known = dict(signing(path)) | given
        if self.standin:
            known = {"simulated": UNKNOWN} | {k: v for k, v in known.items() if k not in UNKNOWN}
        else:
            known.setdefault("responsible", token)
        known.setdefault("start_ns", self.now)
        above = spawner.image.token if spawner else Token(pid=0, pidversion=0)
        known.setdefault("file", FileRef(path=path, dev=16, ino=self.inodes.get(path)))
        known.setdefault("parent", above)
        known.setdefault("original_ppid", above.pid)
        return Process(token=token, path=path, ppid=above.pid, **known)

    def event(self, kind: Kind, by: Task, **given: Any) -> Event:
        seq = self._seq
        self._seq += 1
        made = Event(
            id=f"mac/es/{seq + 1}",
            host="mac",
            source="es",
            line=seq + 1,
            kind=kind,
            time_ns=self.now,
            process=by.image,
            global_seq=seq,
            received_ns=self.now + 7,
            **given,
        )
        self.now += 1_000
        self.events.append(made)
        return made

    def fork(self, parent: Task) -> Task:
        self._pid += 1
        self._version += 1
        token = Token(pid=self._pid, pidversion=self._version)
        image = replace(
            parent.image,
            token=token,
            parent=parent.image.token,
            ppid=parent.pid,
            original_ppid=parent.pid,
            start_ns=self.now,
        )
        child = Task(image, parent)
        self.event(Kind.FORK, parent, child=image)
        return child

    def exec(
        self,
        task: Task,
        path: str,
        args: list[str] | None = None,
        *,
        cwd: str | None = HOME,
        script: str | None = None,
        no_args: bool = False,
        **given: Any,
    ) -> Event:
        self._version += 1
        token = Token(pid=task.pid, pidversion=self._version)
        given.setdefault("start_ns", task.image.start_ns)
        given.setdefault("parent", task.image.parent)
        given.setdefault("original_ppid", task.image.original_ppid)
        after = self.program(path, token, task.parent, **given)
        ref = FileRef(path=script, dev=16, ino=self.inodes.get(script)) if script else None
        words = None if no_args else tuple(args if args is not None else [path])
        event = self.event(Kind.EXEC, task, target=after, args=words, cwd=cwd, script=ref)
        task.image = after
        return event

    def spawn(self, parent: Task, path: str, args: list[str] | None = None, **given: Any) -> Task:
        task = self.fork(parent)
        self.exec(task, path, args, **given)
        return task

    def exit(self, task: Task) -> None:
        self.event(Kind.EXIT, task, exit_status=0)

    def chrome(self) -> Task:
        return self.spawn(self.launchd, CHROME)

    def ref(self, path: str, *, new: bool = False, **given: Any) -> FileRef:
        if new or path not in self.inodes:
            self._ino += 1
            self.inodes[path] = self._ino
        return FileRef(path=path, dev=16, ino=self.inodes[path], **given)

    def write(self, path: str, by: Task | None = None, *, size: int = 60, **given: Any) -> Event:
        given.setdefault("modified", True)
        given.setdefault("mapped_writable", False)
        file = self.ref(path, size=size)
        return self.event(Kind.CLOSE, by or self.terminal, file=file, **given)

    def create(self, path: str, by: Task | None = None) -> Event:
        return self.event(Kind.CREATE, by or self.terminal, file=self.ref(path, new=True, size=0))

    def rename(self, old: str, new: str, by: Task | None = None) -> Event:
        source = self.ref(old)
        existed = new in self.inodes
        to = self.ref(new) if existed else FileRef(path=new)
        for known in [item for item in self.inodes if item == old or item.startswith(old + "/")]:
            self.inodes[new + known[len(old) :]] = self.inodes.pop(known)
        return self.event(
            Kind.RENAME, by or self.terminal, source_file=source, file=to, existed=existed
        )

    def link(self, old: str, new: str, by: Task | None = None) -> Event:
        self.inodes[new] = self.ref(old).ino or 0
        return self.event(
            Kind.LINK, by or self.terminal, source_file=self.ref(old), file=FileRef(path=new)
        )

    def clone(self, old: str, new: str, kind: Kind = Kind.CLONE) -> Event:
        source = self.ref(old)
        return self.event(kind, self.terminal, source_file=source, file=FileRef(path=new))

    def unlink(self, path: str) -> Event:
        event = self.event(Kind.UNLINK, self.terminal, file=self.ref(path))
        del self.inodes[path]
        return event

    def stream(self, *, snapshot: tuple[SnapshotRow, ...] = (), **given: Any) -> Stream:
        return Stream(
            host="mac",
            source="es",
            events=tuple(self.events),
            coverage=Coverage(),
            snapshot=snapshot,
            **given,
        )


@pytest.fixture(scope="session")
def params() -> Parameters:
    return load().parameters


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture
def standin() -> Tape:
    return Tape(standin=True)


def assert_same_in_sql(
    stream: Stream, params: Parameters, found: list[Detection], given: dict[str, Any]
) -> None:
    """The fleet form answers the same, to the last field."""
    answered = answers_in_sql(stream, params, given)
    assert sorted(map(repr, answered)) == sorted(map(repr, found))


def answers_in_sql(stream: Stream, params: Parameters, given: dict[str, Any]) -> list[Detection]:
    """What the fleet form says, on SQLite."""
    from tests.unit.lake.fleetform import on_sqlite, rows_of, told

    rows = on_sqlite(rows_of(stream, params), params)
    return told(rows, params, stream, given.get("baseline", ()), given.get("hashes"))


class Answers:
    """What the analytic answered for a tape."""

    def __init__(self, params: Parameters) -> None:
        self.params = params
        self.engine: Engine | None = None
        self.trace = Recorder(lambda _: True)

    def __call__(
        self, tape: Tape, *, stream: Stream | None = None, **given: Any
    ) -> list[Detection]:
        changed = given.pop("params", self.params)
        stream = stream or tape.stream()
        self.trace = Recorder(lambda _: True)
        self.engine = Engine.of(stream, changed, trace=self.trace, **given)
        found = [item for event in stream.events for item in self.engine.feed(event)]
        found += self.engine.finish()
        # A trace changes no answer, and says of no rule that fired that it did not hold.
        assert sorted(map(repr, found)) == sorted(map(repr, detect(stream, changed, **given)))
        assert_same_in_sql(stream, changed, found, given)
        for item in found:
            said = self.said(item.exec.event_id)
            holds = {rule for rule, held, _ in said if held}
            assert item.answer is not Answer.FIRED or set(item.rules) <= holds, (item.rules, said)
        return found

    def said(self, event_id: str) -> list[tuple[str, bool | None, str]]:
        """What the rules said about one record."""
        steps = self.trace.accounts[event_id].steps
        return [(step.rule, step.holds, step.text) for step in steps]

    def stopped(self) -> list[str]:
        """What stopped, or left open, the answer about the last exec of the tape."""
        last = [item for item in self.trace.accounts.values() if item.image is not None][-1]
        return [f"{item.rule}: {item.text}" for item in last.steps if item.holds is not True]

    def held(self) -> list[str]:
        """What held of the last exec of the tape."""
        last = [item for item in self.trace.accounts.values() if item.image is not None][-1]
        return [f"{item.rule}: {item.text}" for item in last.steps if item.holds]

    def fired(self, tape: Tape, **given: Any) -> list[str]:
        """Branches that fired, in order."""
        found = self(tape, **given)
        assert all(item.answer is Answer.FIRED for item in found), found
        return [item.branch.value for item in found]

    def misses(self) -> list[str]:
        assert self.engine is not None
        return [str(miss) for miss in self.engine.misses]


@pytest.fixture
def answers(params: Parameters) -> Answers:
    return Answers(params)


@pytest.fixture(scope="session")
def make_tape() -> type[Tape]:
    return Tape
