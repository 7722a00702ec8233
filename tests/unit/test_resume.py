"""A controller killed after *every* journal entry, on this machine itself; and hostile journals.

The controller is a fork of this process that kills itself, so that nothing but its journal and its
bag is left of it. Ansible is replaced by the very scripts that it would run.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, get_args

import pytest

from witnessmark import obstacles, pipeline, stages
from witnessmark import resume as module
from witnessmark.bag.read import open_bag
from witnessmark.content import root, scenarios, workflows
from witnessmark.errors import BagError, JournalError, UsageError
from witnessmark.hosts.outcome import Outcome, PrepareResult
from witnessmark.hosts.pack import script
from witnessmark.journal.dangling import close_dangling
from witnessmark.journal.file import Journal, create, reopen
from witnessmark.model.hosts import Destination, Host, Inventory, Origin, Role, Source
from witnessmark.model.journal import Entry
from witnessmark.model.notice import Announced
from witnessmark.model.parts import Hole
from witnessmark.model.verdicts import Verdict
from witnessmark.plan import build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from witnessmark.model.run import Plan

RUN = "20261124t042002z-1f0c9a"
AT_ONCE = 4
Check: TypeAlias = "Callable[[Place], None]"
PLACES = (".witnessmark", "Downloads/witnessmark", "Library/Caches/org.witnessmark")


def playbook(name: str) -> bytes:
    return (root() / "inventory" / "playbooks" / name).read_bytes()


def sh(home: Path, text: bytes, *arguments: str) -> int:
    file = home.parent / f"script-{os.getpid()}"
    file.write_bytes(text)
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["sh", str(file), *arguments], env=env, capture_output=True, check=False)
    return done.returncode


def prepared(
    hosts: Sequence[Host], run_id: str, pack: Mapping[str, bytes]
) -> Iterator[PrepareResult]:
    home = Path(os.environ["HOME"])
    for host in hosts:
        assert sh(home, script(playbook("pack.sh"), run_id, pack), "60") == 0
        yield PrepareResult(host=host.name, outcome=Outcome.OK)


def teardown(hosts: Sequence[Host], run_id: str | None) -> dict[str, PrepareResult]:
    home = Path(os.environ["HOME"])
    for _ in hosts:
        assert sh(home, playbook("sweep.sh"), run_id or "") == 0
    return {host.name: PrepareResult(host=host.name, outcome=Outcome.OK) for host in hosts}


NOTICE = b"announced\n"


def announced() -> Announced:
    now = time.time_ns()
    return Announced(
        sha256=hashlib.sha256(NOTICE).hexdigest(), signer="purple", key="ssh-ed25519 SHA256:x",
        begins_ns=now, ends_ns=now + 10**13,
    )  # fmt: skip


class Place:
    """A home, an inventory and a reports folder of their own, and a plan for them."""

    def __init__(self, folder: Path) -> None:
        self.home, self.reports = folder / "home", folder / "reports"
        for name in ("Downloads", "Library/Caches"):
            (self.home / name).mkdir(parents=True)
        self.store, self.arrived = folder / "store", folder / "arrived"
        for path in (self.store, self.arrived):
            path.write_bytes(b"old\n")
        self.inventory = folder / "lab.yaml"
        self.inventory.touch()
        source = Source(
            name="es",
            kind="eslogger",
            role=Role.ORGANISATION,
            analytic="embedded",
            path=str(self.store),
            destination=Destination(kind="ndjson", path=str(self.arrived), deadline_s=0.1),
        )
        self.host = Host(
            name="me", origin=Origin.MAC, connection="local", lab=True, sources=(source,)
        )
        self.folder = self.reports / RUN
        self.notice: Announced | None = None

    def load(self, files: Sequence[Path], *, limit: Sequence[str] = ()) -> Inventory:
        """The inventory, without the second that ansible takes to read one."""
        return Inventory(files=tuple(files), hosts=(self.host,))

    def plan(self) -> Plan:
        catalogue = scenarios.load_all()
        found = build(
            run_id=RUN,
            hosts=[self.host],
            scenarios=scenarios.select(catalogue, ["p11"]),
            catalogue=catalogue,
            window_s=1.0,
            late_arrival_s=0.1,
            profile=None,
        )
        return replace(found, notice=self.notice)

    def run(self, death: Death) -> int:
        """A controller in a process of its own; -9 if it died as it should."""
        plan = self.plan()
        notice = {"notice.yaml": NOTICE} if self.notice else None
        return child(
            death,
            lambda: pipeline.run(plan, self.reports, inventories=[self.inventory], notice=notice),
        )

    def left(self) -> list[str]:
        return [place for place in PLACES if (self.home / place / RUN).exists()]

    def entries(self) -> list[dict[str, object]]:
        return [
            json.loads(line) for line in (self.folder / "journal.jsonl").read_text().splitlines()
        ]


def child(death: Death, act: Callable[[], object]) -> int:
    """What became of a process of its own that acts until it dies."""
    pid = os.fork()
    if pid == 0:
        death.arm()
        quietly(act)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def quietly(act: Callable[[], object]) -> None:
    """In a forked child: act, and never return to pytest."""
    status = 1
    try:
        act()
        status = 0
    except BaseException:  # noqa: BLE001 - told, and never passed on into pytest
        traceback.print_exc(file=sys.__stderr__)
        if sys.__stderr__:
            sys.__stderr__.flush()
    finally:
        os._exit(status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """When a controller kills itself: at the Nth entry of a kind, or of any kind."""

    number: int = 1
    kind: str = ""
    before: bool = False
    """True: what the entry tells of was done, and nobody wrote it down any more."""

    def arm(self) -> None:
        """From now on this process dies there."""
        add, left, lock = Journal.add, [self.number], threading.Lock()

        def add_and_die(journal: Journal, entry: Entry, *, sync: bool = True) -> None:
            step = entry.entry != "kept" or entry.whole
            with lock:
                left[0] -= step and self.kind in ("", entry.entry)
                if left[0] == 0 and self.before:
                    os.kill(os.getpid(), signal.SIGKILL)
                add(journal, entry, sync=sync)
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        Journal.add = add_and_die  # type: ignore[method-assign]


NEVER = Death(kind="never")
KINDS = {item.__dataclass_fields__["entry"].default for item in get_args(Entry)}
"""Every kind of entry that there is: the steps at which a controller can die."""


def analytic() -> dict[str, bytes]:
    """The shipped analytic with windows that a test can wait for."""
    text = (root() / "analytics/an0994/analytic.yaml").read_text("utf-8")
    for old, new in (
        ("drop_exec_window: 600s", "drop_exec_window: 1s"),
        ("high_severity_within: 60s", "high_severity_within: 1s"),
        ("late_arrival: 120s", "late_arrival: 100ms"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    return {"analytic.yaml": text.encode()}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    here = Place(tmp_path)
    monkeypatch.setenv("HOME", str(here.home))
    for where in (stages, module):
        monkeypatch.setattr(where, "teardown", teardown)
    monkeypatch.setattr(stages, "prepared", prepared)
    monkeypatch.setattr(obstacles.inventory, "load", here.load)
    monkeypatch.setattr(stages, "_analytic", analytic)
    for content in (scenarios, workflows):  # read once for all controllers: it costs most of a run
        read = content.load_all()
        monkeypatch.setattr(content, "load_all", lambda read=read: read)
    yield here
    sh(here.home, playbook("sweep.sh"), "")


def check_resumed(place: Place) -> None:
    done = module.resume(place.folder)
    assert place.left() == []
    again = module.resume(place.folder)
    assert again.why == "it was sealed and judged"
    record = open_bag(place.folder).record
    assert sorted(act.case_id for act in record.acts) == sorted(c.id for c in record.plan.cases)
    if done.verdicts is not None:  # else it was judged before it died
        assert {case.verdict for case in done.verdicts.cases} == {Verdict.INCONCLUSIVE}, (
            "no sensor wrote a record here, so nothing may be concluded"
        )
    drops = [step.path for act in record.acts for phase in act.phases for step in phase.steps
             if step.step == "drop"]  # fmt: skip
    assert len(drops) == len(set(drops)), "a case was played twice"
    for act in record.acts:
        under_way = bool(act.error and act.started)
        assert under_way == bool(act.error and "phase" in act.error)
    parts = [act.part for act in record.acts if not act.error]
    assert set(parts) <= set(range(len(record.absences) + 1))
    assert [(item.host, item.source) for item in record.deliveries] == [("me", "es")]


def check_reverted(place: Place) -> None:
    done = module.resume(place.folder, revert=True)
    assert place.left() == []
    again = module.resume(place.folder, revert=True)
    assert again.why
    assert done.reverted or done.verdicts or done.why


def check_resume_killed(kind: str) -> Callable[[Place], None]:
    """A resume that is killed too, then resumed."""

    def check(place: Place) -> None:
        assert child(Death(kind=kind), lambda: module.resume(place.folder)) == -signal.SIGKILL
        check_resumed(place)
        assert len(open_bag(place.folder).record.absences) == (1 if kind in OVER else 2)

    return check


OVER = ("sealed", "judged")
"""After these nothing is left but to judge."""


def check_revert_killed(place: Place) -> None:
    revert = Death(kind="reverted")
    assert child(revert, lambda: module.resume(place.folder, revert=True)) == -signal.SIGKILL
    check_reverted(place)


def deaths(entries: Sequence[Mapping[str, object]]) -> dict[str, tuple[Death, Check]]:
    """By name: after every entry, before one of every kind, and every kind of a resume."""
    kinds = [str(item["entry"]) for item in entries if item["entry"] != "kept" or item["whole"]]
    found: dict[str, tuple[Death, Check]] = {}
    for number, kind in enumerate(kinds, 1):
        found[f"{kind} {number}, resumed"] = Death(number=number), check_resumed
        if number % 4 == 1:
            found[f"{kind} {number}, reverted"] = Death(number=number), check_reverted
    for kind in dict.fromkeys(kinds[1:]):  # before the first there is nothing to resume: see below
        found[f"before {kind}"] = Death(kind=kind, before=True), check_resumed
    for kind in ("resumed", *dict.fromkeys(kinds[1:])):
        found[f"{kind} of a resume"] = Death(number=BETWEEN), check_resume_killed(kind)
    found["reverted"] = Death(number=BETWEEN), check_revert_killed
    return found


BETWEEN = 11
"""The entry after which the control before the cases is over, and no case was begun."""


@pytest.mark.timeout(600)
def test_every_step(place: Place, tmp_path: Path) -> None:
    """A new kind of entry that no controller dies at here makes this red."""
    assert place.run(NEVER) == 0
    todo = deaths(place.entries())
    assert {kind for kind in KINDS if any(name.startswith(kind) for name in todo)} == KINDS
    running: dict[int, tuple[str, Path]] = {}
    failed = []
    jobs = list(todo.items())
    while jobs or running:
        while jobs and len(running) < AT_ONCE:
            name, (death, check) = jobs.pop()
            folder = tmp_path / name.replace(" ", "-")
            folder.mkdir()
            pid = os.fork()
            if pid == 0:
                with (folder / "said").open("w") as sys.__stderr__:  # type: ignore[misc]
                    quietly(lambda d=death, c=check, f=folder: one(Place(f), d, c))  # type: ignore[misc]
            running[pid] = (name, folder)
        pid, status = os.waitpid(-1, 0)
        if pid in running:
            name, folder = running.pop(pid)
            if status:
                failed.append(f"{name}: {(folder / 'said').read_text()}")
    assert failed == []


def one(place: Place, death: Death, check: Check) -> None:
    os.environ["HOME"] = str(place.home)
    obstacles.inventory.load = place.load
    try:
        assert place.run(death) == -signal.SIGKILL
        if place.entries()[-1]["entry"] in ("phase-began", "acted"):
            assert place.left(), "the test must leave something that can be cleaned"
        check(place)
    finally:
        sh(place.home, playbook("sweep.sh"), "")


def test_what_was_delivered_while_nobody_was_there_has_no_time(place: Place) -> None:
    assert place.run(Death(number=BETWEEN)) == -signal.SIGKILL
    for path in (place.store, place.arrived):
        path.write_bytes(path.read_bytes() + b"meanwhile\n")
    assert module.resume(place.folder).verdicts is not None
    (found,) = open_bag(place.folder).record.deliveries
    assert found.chunks == ((len(b"meanwhile\n"), None),)
    assert found.holes == (Hole(part=1, offset=0, lost=False),)
    raw = place.folder / "bag/data/raw/me/es.delivered.ndjson"
    assert raw.read_bytes() == b"meanwhile\n"


def test_a_destination_that_was_rewritten_meanwhile_shows_nobody_what_arrived(
    place: Place,
) -> None:
    assert place.run(Death(number=BETWEEN)) == -signal.SIGKILL
    place.arrived.write_bytes(b"")
    done = module.resume(place.folder)
    (found,) = open_bag(place.folder).record.deliveries
    assert "rotated or truncated" in (found.problem or "")
    assert done.verdicts is not None
    assert all(not case.ok for case in done.verdicts.cases)


def test_a_cleanup_closes_a_run_once(died: Place) -> None:
    clean = teardown([died.host], RUN)
    (line,) = close_dangling(died.reports, clean, None)
    assert "closed, its hosts are clean" in line
    assert list(close_dangling(died.reports, teardown([died.host], RUN), None)) == []
    assert died.left() == []
    assert module.resume(died.folder).why == "it was reverted: its hosts were cleaned"


@pytest.fixture
def died(place: Place) -> Place:
    """A run whose controller died while both cases were under way."""
    assert place.run(Death(number=14)) == -signal.SIGKILL
    return place


def test_a_torn_last_line_was_never_promised(died: Place) -> None:
    with (died.folder / "journal.jsonl").open("ab") as out:
        out.write(b'{"entry":"acted","at_ns":17,"act":{"case')
    assert module.resume(died.folder).verdicts is not None
    assert died.left() == []
    assert all(died.entries()), "what was appended after it stands on lines of its own"


HOSTILE = {
    "garbage": b"\0\xff{{{",
    "not-an-entry": b'{"entry":"erase","at_ns":1}',
    "unknown-host": b'{"entry":"prepared","at_ns":1,"host":"../../etc","ok":true}',
    "unknown-source": b'{"entry":"kept","at_ns":1,"host":"me","source":"../x","start":0}',
    "unknown-case": b'{"entry":"acted","at_ns":1,"act":{"case_id":"x:me"}}',
    "unknown-mark": b'{"entry":"phase-began","at_ns":1,"mark":"wm-x"}',
    "backwards": b'{"entry":"kept","at_ns":1,"host":"me","source":"es","start":0,"whole":true,'
    b'"chunks":[[9,1],[3,1]]}',
    "twice-begun": b"BEGUN",
    "infinite": b'{"entry":"reached","at_ns":1,"facts":{"name":"me","origin":"mac",'
    b'"clock_offset_s":Infinity}}',
    "deep": b"[" * 100_000,
    "case-again": b"AGAIN",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_line_that_cannot_be_trusted_is_one_clear_error(died: Place, kind: str) -> None:
    journal = died.folder / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    line = HOSTILE[kind]
    if kind == "twice-begun":
        line = lines[0].rstrip()
    if kind == "case-again":
        case = json.loads(lines[0])["plan"]["cases"][0]
        line = json.dumps({"entry": "resumed", "at_ns": 1, "cases": [case]}).encode()
    journal.write_bytes(b"".join([*lines, line + b"\n"]))
    with pytest.raises(JournalError) as caught:
        module.resume(died.folder)
    said = str(caught.value)
    assert said.startswith(f"{journal}:{len(lines) + 1}: ")
    assert f"witnessmark cleanup --run {RUN}" in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"run_id": "20261124t042002z-000000"}, "lies in another's folder"),
        ({"run_id": "../.."}, "which is none"),
    ],
)
def test_a_plan_of_another_run_is_refused(
    died: Place, change: dict[str, object], told: str
) -> None:
    journal = died.folder / "journal.jsonl"
    first, rest = journal.read_text().split("\n", 1)
    begun = json.loads(first)
    begun["plan"].update(change)
    journal.write_text(json.dumps(begun) + "\n" + rest)
    with pytest.raises(JournalError, match=told):
        module.resume(died.folder)


def test_a_journal_behind_a_link_is_not_opened(died: Place, tmp_path: Path) -> None:
    journal = died.folder / "journal.jsonl"
    journal.rename(tmp_path / "elsewhere")
    journal.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError, match="cannot be opened"):
        module.resume(died.folder)


def test_a_journal_that_is_a_pipe_is_refused_instead_of_waited_for(died: Place) -> None:
    (died.folder / "journal.jsonl").unlink()
    os.mkfifo(died.folder / "journal.jsonl")
    with pytest.raises(JournalError, match="is a pipe, and no journal"):
        module.resume(died.folder)


def test_a_run_is_not_finished_through_a_link_in_its_bag(died: Place, tmp_path: Path) -> None:
    raw = next(item for item in sorted((died.folder / "bag").rglob("*")) if item.is_file())
    raw.rename(tmp_path / "elsewhere")
    raw.symlink_to(tmp_path / "elsewhere")
    before = (tmp_path / "elsewhere").read_bytes()
    with pytest.raises(BagError, match="is no plain file"):
        module.resume(died.folder)
    assert (tmp_path / "elsewhere").read_bytes() == before


def test_while_a_run_is_going_on_it_is_not_resumed(died: Place) -> None:
    journal, _ = reopen(died.folder)
    with journal, pytest.raises(UsageError, match="still going on"):
        module.resume(died.folder)
    assert module.resume(died.folder).verdicts is not None


def test_no_secret_and_no_key_is_in_the_journal(place: Place) -> None:
    place.host = replace(
        place.host, key_file=Path("/keys/client_key"), known_hosts=Path("/keys/known")
    )
    place.run(Death(number=1))
    text = (place.folder / "journal.jsonl").read_text()
    assert "/keys/" not in text
    assert place.inventory.name in text


@pytest.mark.parametrize("what", ["scenarios", "tool", "sources", "lab"])
def test_what_cannot_be_finished_as_it_was_begun_is_reverted(
    died: Place, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if what == "scenarios":
        monkeypatch.setattr(obstacles, "digest", lambda _files: "other")
    elif what == "tool":
        monkeypatch.setattr(obstacles, "TOOL", "witnessmark 9")
    elif what == "sources":
        died.host = replace(died.host, sources=())
    else:
        died.host = replace(died.host, lab=False)
    assert died.left()
    done = module.resume(died.folder)
    assert done.verdicts is None
    assert done.reverted is not None
    assert died.left() == []
    assert not (died.folder / "bag/data/run.json").exists()
    assert module.resume(died.folder).why == f"it was reverted: {done.why}"


@pytest.mark.parametrize(("at", "finished"), [(1, True), (11, False)])
def test_what_the_notice_does_not_announce_is_never_played(
    place: Place, at: int, finished: bool
) -> None:
    place.notice = announced()
    assert place.run(Death(number=at)) == -signal.SIGKILL
    done = module.resume(place.folder)
    assert place.left() == []
    assert (done.verdicts is not None) is finished
    assert finished or "its notice does not announce their marks" in done.why


def test_an_announced_host_is_reached_as_announced(place: Place) -> None:
    place.notice = announced()
    assert place.run(Death(number=1)) == -signal.SIGKILL
    place.host = replace(place.host, address="elsewhere")
    assert "is described otherwise" in module.resume(place.folder).why


def test_another_way_to_reach_the_host_is_no_obstacle(died: Place) -> None:
    died.host = replace(died.host, address="elsewhere", port=2222, connect_timeout_s=3.0)
    assert module.resume(died.folder).verdicts is not None


def test_an_empty_journal_means_that_nothing_was_touched(tmp_path: Path) -> None:
    folder = tmp_path / RUN
    folder.mkdir()
    create(folder).close()
    assert module.resume(folder).why == "it ended before it touched any host"


def test_latest_is_the_newest_run_that_has_a_journal(tmp_path: Path) -> None:
    for name in (RUN, "20261125t042002z-1f0c9a", "20261126t042002z-1f0c9a", "zzz"):
        (tmp_path / name).mkdir()
    for name in (RUN, "20261125t042002z-1f0c9a", "zzz"):
        create(tmp_path / name).close()
    assert module.find("latest", tmp_path).name == "20261125t042002z-1f0c9a"
    assert module.find(RUN, tmp_path).name == RUN
    for name in ("nothing", "20260101t000000z-000000"):
        with pytest.raises(UsageError, match="no such run"):
            module.find(name, tmp_path)
    with pytest.raises(UsageError, match="no run with a journal"):
        module.find("latest", tmp_path / "zzz")


def test_the_link_latest_is_for_resume_the_newest_run_too(tmp_path: Path) -> None:
    newer = "20261125t042002z-1f0c9a"
    for name in (RUN, newer):
        (tmp_path / name).mkdir()
        create(tmp_path / name).close()
    assert module.find(str(tmp_path / "latest"), tmp_path / "zzz").name == newer
    (tmp_path / "latest").symlink_to(RUN)
    assert module.find(str(tmp_path / "latest"), tmp_path / "zzz").name == newer
    (tmp_path / "other").mkdir()
    with pytest.raises(UsageError, match="other: no run with a journal"):
        module.find(str(tmp_path / "other/latest"), tmp_path)


def test_an_interrupted_run_is_torn_down_and_over(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stages, "play", interrupted)
    monkeypatch.setattr(stages, "_noting", lambda results, ready, _j: noting(results, ready))
    with pytest.raises(KeyboardInterrupt) as caught:
        pipeline.run(place.plan(), place.reports, inventories=[place.inventory])
    assert caught.value.__notes__ == [
        f"run {RUN} in {place.folder}: hosts that were prepared have been torn down; its bag was "
        "not sealed"
    ]
    assert module.resume(place.folder).why == "it was reverted: it was interrupted"


def test_an_interrupted_run_whose_teardown_failed_says_what_is_left(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object, results: Iterator[PrepareResult], *__: object) -> None:
        assert [item.host for item in results] == ["me"]
        raise KeyboardInterrupt

    def refused(hosts: Sequence[Host], _run: str) -> dict[str, PrepareResult]:
        return {
            host.name: PrepareResult(host=host.name, outcome=Outcome.FAILED, reason="no")
            for host in hosts
        }

    monkeypatch.setattr(stages, "play", interrupted)
    monkeypatch.setattr(stages, "teardown", refused)
    with pytest.raises(KeyboardInterrupt) as caught:
        pipeline.run(place.plan(), place.reports, inventories=[place.inventory])
    (note,) = caught.value.__notes__
    assert note.endswith(
        f"not everything could be removed from me: `witnessmark resume {RUN} --revert` tries again"
    )


def noting(results: Iterator[PrepareResult], ready: set[str]) -> Iterator[PrepareResult]:
    for result in results:
        ready.add(result.host)
        yield result


def test_a_link_planted_for_our_folder_is_refused_and_its_target_stays(died: Place) -> None:
    ours = died.home / "Downloads/witnessmark"
    precious = died.home / "precious"
    ours.rename(precious)
    ours.symlink_to(precious)
    kept = sorted(precious.rglob("*"))
    assert kept
    sweep = sh(died.home, playbook("sweep.sh"), RUN)
    assert sweep == 64
    assert sorted(precious.rglob("*")) == kept
    ours.unlink()
    shutil.rmtree(precious)
