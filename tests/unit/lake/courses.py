"""Random courses of events on one host, as a sensor would have recorded them, or nearly so.

Files are written, moved, copied and run; browsers spawn; pids are used again; then the record is
spoiled: lines come late or twice, clocks jump, tokens lose their pidversion, fields are missing.
Every choice comes from the generator that is given, so hypothesis can shrink what it finds.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from tests.unit.analytic.conftest import CHROME, HOME, SAFARI, SECOND, Tape, Task

from witnessmark.model.events import Event, FileRef, Kind, Process, SnapshotRow, Stream, Token
from witnessmark.model.workflows import Match, Workflow

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

DOWN = f"{HOME}/Downloads"
FOLDERS = (
    DOWN,
    DOWN,
    f"{DOWN}/x.app",
    f"{HOME}/Library/Caches",
    f"{HOME}/Documents",
    "/private/tmp",
)
NAMES = ("a.sh", "b.py", "c", "d.crdownload", "E.SH", "e.dmg", "\u2028 '\\*.sh")
WAITS = (0, 0, 1, 3, 29, 31, 59, 60, 61, 299, 301, 599, 600, 601, 1_300)
TRANSLOCATED = "/private/var/folders/a/b/T/AppTranslocation/0-1/d/x.app/c"
VENDOR = {"team_id": "ABCDE12345", "signing_id": "com.v", "cs_flags": 0x20010001}
WORKFLOWS = tuple(
    Workflow(
        id=name,
        owner="o",
        reason="r",
        first_seen=date(2026, 1, 1),
        review_by=date(2026, 12, 1),
        expires=date(2027, 1, 1),
        evidence="e",
        branch="AB",
        **given,
    )
    for name, given in {
        "signed": {"subject": "image", "match": Match(path="/**/c", team_id="ABCDE12345")},
        "script": {"subject": "script", "match": Match(path="/**/b.py", sha256="ab" * 32)},
        "below": {
            "subject": "ancestor",
            "match": Match(path="/Applications/V.app/**", team_id="ABCDE12345"),
            "writer": Match(path="/**", signing_id="com.apple.*"),
        },
    }.items()
)  # fmt: skip


class Course:
    """Plays one course on a tape."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.tape = Tape(standin=rng.random() < 0.2)
        self.tasks = [self.tape.terminal, self.tape.launchd]
        self.browsers = [self.tape.chrome()]
        self.paths = [f"{DOWN}/a.sh"]

    def play(self, steps: int) -> None:
        for _ in range(steps):
            self.rng.choice(STEPS)(self)
            if self.rng.random() < 0.4:
                self.tape.wait(self.rng.choice(WAITS))

    def path(self) -> str:
        if self.rng.random() < 0.7:
            return self.rng.choice(self.paths)
        made = f"{self.rng.choice(FOLDERS)}/{self.rng.choice(NAMES)}"
        self.paths.append(made)
        return made

    def task(self) -> Task:
        return self.rng.choice([*self.tasks[-4:], *self.browsers, self.tape.terminal])

    def write(self) -> None:
        given = self.rng.choice(
            ({}, {}, {}, {"size": 0}, {"modified": None}, {"mapped_writable": True},
             {"modified": False}, {"modified": False, "mapped_writable": True})
        )  # fmt: skip
        self.tape.write(self.path(), self.task(), **given)

    def create(self) -> None:
        self.tape.create(self.path(), self.task())

    def move(self) -> None:
        self._two(self.rng.choice((self.tape.rename, self.tape.rename, self.tape.link)))

    def copy(self) -> None:
        kind = self.rng.choice((Kind.CLONE, Kind.COPYFILE))
        self._two(lambda old, new: self.tape.clone(old, new, kind))

    def _two(self, way: Callable[[str, str], object]) -> None:
        old, new = self.path(), self.path()
        if self.rng.random() < 0.2:
            old, new = f"{DOWN}/x.app", self.rng.choice((f"{HOME}/x.app", "/Applications/x.app"))
            self.paths.append(f"{new}/c")
        if old != new:
            way(old, new)

    def unlink(self) -> None:
        path = self.path()
        self.tape.ref(path)
        self.tape.unlink(path)

    def quarantine(self) -> None:
        self.tape.event(
            Kind.SETEXTATTR,
            self.tape.terminal,
            file=self.tape.ref(self.path()),
            xattr="com.apple.quarantine",
        )

    def run(self) -> None:
        path, by = self.path(), self.task()
        image, words = self.rng.choice(
            (("/bin/sh", ["sh", path]), ("/bin/sh", ["sh", path]), ("/bin/sh", ["sh", "-n", path]),
             ("/bin/sh", ["sh", path.rpartition("/")[2]]), ("/usr/bin/env", ["env", "sh", path]),
             ("/usr/bin/python3", ["python3", "-u", path]), ("/bin/cat", ["cat", path]),
             (path, [path]), (path, [path]), (TRANSLOCATED, ["c"]))
        )  # fmt: skip
        given: dict[str, Any] = self.rng.choice(
            ({}, {}, {}, {"script": path}, {"no_args": True}, {"cwd": None}, {"cwd": DOWN}, VENDOR)
        )
        self.tasks.append(self.tape.spawn(by, image, words, **given))

    def app(self) -> None:
        """An application that was unpacked runs from where macOS put it (B4)."""
        self.tape.write(f"{DOWN}/x.app/c", self.task())
        if self.rng.random() < 0.5:
            self.tape.inodes[TRANSLOCATED] = self.tape.inodes[f"{DOWN}/x.app/c"]
        self.tasks.append(self.tape.spawn(self.task(), TRANSLOCATED, **VENDOR))

    def again(self) -> None:
        """Another program in the same pid."""
        self.tape.exec(self.rng.choice(self.tasks[2:] or [self.tape.terminal]), "/bin/sh", ["sh"])

    def spawn(self) -> None:
        path = self.rng.choice(
            ("/bin/bash", "/usr/bin/osascript", "/usr/bin/true", "/Applications/V.app/v", CHROME,
             SAFARI, "/Applications/Google Chrome.app/Contents/Google Chrome Helper")
        )  # fmt: skip
        given = VENDOR if path.endswith("/v") else {}
        task = self.tape.spawn(self.task(), path, **given)
        (self.browsers if path in (CHROME, SAFARI) else self.tasks).append(task)

    def answered(self) -> None:
        """What launchd begins for a browser, xpcproxy first (A2, A3)."""
        browser = self.rng.choice(self.browsers).image.token
        task = self.tape.fork(self.tape.launchd)
        if self.rng.random() < 0.5:
            self.tape.exec(task, "/usr/libexec/xpcproxy", responsible=browser)
        self.tape.exec(task, "/bin/bash", ["bash", self.path()], responsible=browser)
        self.tasks.append(task)

    def orphan(self) -> None:
        """A process whose parent nobody saw (A7)."""
        unseen = Process(token=Token(pid=90, pidversion=91), path="/opt/x", cs_flags=0x20000001)
        self.tasks.append(Task(replace(unseen, parent=Token(pid=77, pidversion=78), ppid=77)))

    def end(self) -> None:
        if len(self.tasks) > 2:
            self.tape.exit(self.tasks.pop(self.rng.randrange(2, len(self.tasks))))

    def reuse(self) -> None:
        """A pid that was used before names another process."""
        if len(self.tasks) > 2:
            old = self.rng.choice(self.tasks[2:])
            self.tape._pid = old.pid - 1
            task = self.tape.spawn(self.task(), "/bin/bash", ["bash", self.path()])
            self.tape._pid += 1_000
            self.tasks.append(task)

    def volume(self) -> None:
        point = "/Volumes/V"
        kind = self.rng.choice((Kind.MOUNT, Kind.MOUNT, Kind.UNMOUNT))
        if self.rng.random() < 0.5:
            words = ["hdiutil", "attach", self.path()]
            self.tasks.append(self.tape.spawn(self.tape.terminal, "/usr/bin/hdiutil", words))
        source = self.rng.choice((f"{DOWN}/e.dmg", "/dev/disk4s1"))
        self.tape.event(
            kind, self.tape.launchd, file=FileRef(path=point), source_file=FileRef(path=source)
        )
        self.paths.append(f"{point}/c")


STEPS: tuple[Callable[[Course], None], ...] = (
    Course.write, Course.write, Course.write, Course.create, Course.move, Course.move, Course.copy,
    Course.unlink, Course.quarantine, Course.run, Course.run, Course.run, Course.run, Course.again,
    Course.spawn, Course.spawn, Course.answered, Course.orphan, Course.end, Course.reuse,
    Course.volume, Course.app,
)  # fmt: skip


def course(rng: Random, host: str = "mac", steps: int = 24) -> Stream:
    """One course, recorded more or less well."""
    played = Course(rng)
    played.play(rng.randint(1, steps))
    events = [replace(item, host=host) for item in played.tape.events]
    for spoil in (_clock, _tokens, _unnumbered, _twice, _shuffled, _lost):
        if rng.random() < 0.3:
            events = spoil(rng, events)
    rows = [SnapshotRow(pid=77, ppid=1, path=rng.choice((CHROME, "/bin/zsh")))]
    stream = played.tape.stream(snapshot=tuple(rows) if rng.random() < 0.3 else ())
    return replace(
        stream,
        host=host,
        events=tuple(events),
        resolution_ns=rng.choice((1, 1, 1, SECOND)),
        lacks_wrapped_execs=rng.random() < 0.2,
    )


def _clock(rng: Random, events: list[Event]) -> list[Event]:
    """Records dated ahead or back, or a clock that was set."""
    made, offset = [], 0
    for item in events:
        if rng.random() < 0.1:
            offset += rng.choice((-700, -5, -1, 1, 5, 700)) * SECOND
        stray = rng.choice((0, 0, 0, 0, 0, -3, 3, 90_000)) * SECOND
        made.append(replace(item, time_ns=item.time_ns + offset + stray))
    return made


def _tokens(rng: Random, events: list[Event]) -> list[Event]:
    """A source without pidversions, perhaps without starts."""
    starts = rng.random() < 0.5

    def bare(token: Token | None) -> Token | None:
        return None if token is None else replace(token, pidversion=None)

    def shorn(process: Process | None) -> Any:
        if process is None:
            return None
        return replace(
            process,
            token=bare(process.token) or process.token,
            parent=bare(process.parent),
            responsible=bare(process.responsible),
            start_ns=process.start_ns if starts else None,
        )

    return [
        replace(
            item,
            process=shorn(item.process),
            target=shorn(item.target),
            child=shorn(item.child),
            parent=shorn(item.parent),
        )
        for item in events
    ]


def _unnumbered(_: Random, events: list[Event]) -> list[Event]:
    return [replace(item, global_seq=None) for item in events]


def _twice(rng: Random, events: list[Event]) -> list[Event]:
    return [item for item in events for _ in range(1 + (rng.random() < 0.15))]


def _shuffled(rng: Random, events: list[Event]) -> list[Event]:
    """Lines that come later than others, by up to a dozen of them."""
    places = [place + rng.random() * rng.choice((0, 0, 3, 12)) for place in range(len(events))]
    return [events[place] for place in sorted(range(len(events)), key=places.__getitem__)]


def _lost(rng: Random, events: list[Event]) -> list[Event]:
    return [item for item in events if rng.random() > 0.08]
