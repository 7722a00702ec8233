"""kill -9 of the controller at every kind of step: finished honestly or reverted, and always clean.

One boot of a few stand-ins; every variant is a real controller that is killed right after a journal
entry (killed.py), and a real `resume`, `cleanup`, or nothing but the dead-man timer. That every
single entry can be the last one: tests/unit/test_resume.py.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.bag.read import open_bag
from witnessmark.content import root
from witnessmark.journal.file import reopen
from witnessmark.standin import state
from witnessmark.standin.launch import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(refusal() is not None, reason=str(refusal())),
    pytest.mark.skipif(shutil.which("ssh") is None, reason="needs an OpenSSH client"),
    pytest.mark.timeout(600),
]

HOSTS = ("one", "two", "three", "four")
P11 = ("p11-quarantined-download.downloads", "p11-quarantined-download.caches")
N14 = "n14-run-after-window"
PLACES = (".witnessmark", "Downloads/witnessmark", "Library/Caches/org.witnessmark")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One killed controller, and what was done about it."""

    at: str
    how: str = "resume"
    scenario: str = "p11"
    source: str = "file"
    dead_man: str = "15m"

    @property
    def name(self) -> str:
        return f"{self.how}@{self.at}-{self.scenario}-{self.source}"


VARIANTS = (
    Variant(at="phase-began:003a+arrived", scenario="n14", source="file"),
    Variant(at="phase-began:003a", scenario="n14", source="command"),
    Variant(at="phase-began:001a"),
    Variant(at="phase-began:002a"),
    Variant(at="phase-began:004a"),
    Variant(at="closed"),
    Variant(at="phase-began:002a", how="revert"),
    Variant(at="phase-began:002a", how="killed-again"),
    Variant(at="phase-began:002a", how="cleanup"),
    Variant(at="phase-began:002a", how="nothing", dead_man="15s"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a variant."""

    variant: Variant
    folder: Path
    inventory: list[str]
    statuses: tuple[int, ...]
    said: str
    left: tuple[str, ...]

    def verdicts(self) -> dict[str, dict[str, Any]]:
        found = json.loads((self.folder / "verdicts.json").read_text("utf-8"))
        return {case["id"].partition(":")[0]: case for case in found["cases"]}


class Lab:
    """Stand-ins on which variants are tried, several at once."""

    def __init__(self, folder: Path) -> None:
        self.state, self.folder = folder / "st", folder
        self.homes: dict[str, Path] = {}
        for host in state.boot(self.state, HOSTS, tied=True):
            self.homes[host.name] = host.root / "Users/purple"

    def try_all(self) -> dict[str, Done]:
        todo: queue.SimpleQueue[Variant] = queue.SimpleQueue()
        for variant in VARIANTS:
            todo.put(variant)
        done: dict[str, Done] = {}

        def work(host: str) -> None:
            while True:
                try:
                    variant = todo.get_nowait()
                except queue.Empty:
                    return
                done[variant.name] = self._try(variant, host)

        workers = [threading.Thread(target=work, args=(host,)) for host in HOSTS]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return done

    def _try(self, variant: Variant, host: str) -> Done:
        cwd = self.folder / variant.name.replace(":", "-")
        cwd.mkdir()
        inventory = self._inventory(variant, host, cwd)
        run = ["run", "-q", "--profile", "demo", *inventory, "--limit", host]
        killed = call(cwd, [str(Path(__file__).parent / "killed.py"), variant.at, *run],
                      "-s", variant.scenario)  # fmt: skip
        (folder,) = (cwd / "reports").glob("2*")
        more = self._react(variant, host, cwd, inventory, folder)
        return Done(
            variant=variant,
            folder=folder,
            inventory=inventory,
            statuses=(killed.returncode, *(item.returncode for item in more)),
            said="\n".join(item.stdout + item.stderr for item in (killed, *more)),
            left=tuple(self.left(host, folder.name)),
        )

    def _inventory(self, variant: Variant, host: str, cwd: Path) -> list[str]:
        extra = {"witnessmark_dead_man": variant.dead_man}
        if variant.source == "command":
            store = self.homes[host].parents[1] / "private/var/log/eslogger.ndjson"
            extra["witnessmark_sources"] = [  # type: ignore[assignment]
                {"name": "eslogger", "kind": "eslogger", "role": "organisation",
                 "analytic": "embedded", "command": ["tail", "-n", "0", "-f", str(store)]}
            ]  # fmt: skip
        text = json.dumps({"all": {"hosts": {host: extra}}})
        (cwd / "extra.yaml").write_text(text)
        files = [
            root() / "inventory/standin.yaml",
            self.state / "inventory.yaml",
            cwd / "extra.yaml",
        ]
        return [word for file in files for word in ("-i", str(file))]

    def _react(
        self, variant: Variant, host: str, cwd: Path, inventory: list[str], folder: Path
    ) -> list[subprocess.CompletedProcess[str]]:
        module = ["-m", "witnessmark"]
        resume = [*module, "resume", "latest", "-q"]
        if variant.how == "nothing":
            deadline = time.monotonic() + 60
            while self.left(host, folder.name) and time.monotonic() < deadline:
                time.sleep(0.2)
            return []
        if variant.how == "cleanup":
            (folder / "journal.jsonl").unlink()
            return [call(cwd, [*module, "cleanup", *inventory, "--limit", host])]
        if variant.how == "killed-again":
            again = [str(Path(__file__).parent / "killed.py"), "acted", "resume", "latest", "-q"]
            return [call(cwd, again), call(cwd, resume), call(cwd, resume)]
        more = ["--revert"] if variant.how == "revert" else []
        return [call(cwd, [*resume, *more]), call(cwd, [*resume, *more])]

    def left(self, host: str, run: str) -> Iterator[str]:
        """Files and processes of a run on a host."""
        for place in PLACES:
            if (self.homes[host] / place / run).exists():
                yield f"{place}/{run}"
        for item in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = item.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if run in words and str(self.homes[host]) in words:
                yield words


def call(cwd: Path, argv: list[str], *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *argv, *more],
        cwd=cwd, env=dict(os.environ), capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Done]]:
    lab = Lab(tmp_path_factory.mktemp("killed"))
    try:
        yield lab.try_all()
    finally:
        state.shutdown(lab.state, remove=True)


def names(*hows: str) -> list[str]:
    return [item.name for item in VARIANTS if item.how in hows]


@pytest.mark.parametrize("name", [item.name for item in VARIANTS])
def test_the_host_is_clean_whatever_happened(lab: dict[str, Done], name: str) -> None:
    done = lab[name]
    assert done.statuses[0] == -9, done.said
    assert done.left == (), done.said


@pytest.mark.parametrize("name", names("resume", "killed-again"))
def test_a_resumed_run_is_whole_and_no_verdict_is_unearned(lab: dict[str, Done], name: str) -> None:
    done = lab[name]
    assert done.statuses[-1] == 0, done.said
    assert "nothing to do: it was sealed and judged" in done.said
    record = open_bag(done.folder).record
    assert {act.case_id for act in record.acts} == {case.id for case in record.plan.cases}
    for case in done.verdicts().values():
        assert case["verdict"] in ("detected", "inconclusive", "silent as expected"), done.said
    for act in record.acts:
        if act.error and act.started:
            case = done.verdicts().get(act.case_id.partition(":")[0])
            assert case is None or (case["verdict"], case["ok"]) == ("inconclusive", False)
    drops = [step.path for act in record.acts for phase in act.phases for step in phase.steps
             if step.step == "drop"]  # fmt: skip
    assert len(drops) == len(set(drops)), "a case was played twice"


def test_what_was_never_started_is_played_after_all(lab: dict[str, Done]) -> None:
    done = lab["resume@phase-began:001a-p11-file"]
    assert done.statuses[1] == 0, done.said
    assert {done.verdicts()[case]["verdict"] for case in P11} == {"detected"}, done.said


def test_what_was_under_way_is_inconclusive_and_says_why(lab: dict[str, Done]) -> None:
    done = lab["resume@phase-began:002a-p11-file"]
    case = done.verdicts()[P11[0]]
    assert (case["verdict"], case["links"]["acted"]) == ("inconclusive", "error")
    assert "the controller died during the attack phase" in done.said
    assert "Resumed: the controller was gone from" in done.said
    assert done.statuses[1] != 0


def test_what_was_all_seen_is_judged_as_if_nothing_had_happened(lab: dict[str, Done]) -> None:
    done = lab["resume@closed-p11-file"]
    assert done.statuses[1] == 0, done.said
    assert {done.verdicts()[case]["verdict"] for case in P11} == {"detected"}, done.said


def test_silence_before_the_death_counts_only_where_nothing_was_lost(
    lab: dict[str, Done],
) -> None:
    file = lab["resume@phase-began:003a+arrived-n14-file"]
    command = lab["resume@phase-began:003a-n14-command"]
    assert file.verdicts()[N14]["verdict"] == "silent as expected", file.said
    assert command.verdicts()[N14]["verdict"] == "inconclusive", command.said
    assert "was not played after the cases" in command.said


def test_a_run_that_is_reverted_is_over(lab: dict[str, Done]) -> None:
    for name in names("revert"):
        done = lab[name]
        assert done.statuses[1:] == (0, 0), done.said
        assert "nothing to do: it was reverted: as asked" in done.said
        assert not (done.folder / "bag/manifest-sha256.txt").exists()


def test_a_resume_that_is_killed_is_resumed(lab: dict[str, Done]) -> None:
    done = lab["killed-again@phase-began:002a-p11-file"]
    assert done.statuses[:2] == (-9, -9), done.said
    assert len(open_bag(done.folder).record.absences) == 2


def test_two_resumes_at_once_are_one(lab: dict[str, Done], tmp_path: Path) -> None:
    source = lab["nothing@phase-began:002a-p11-file"].folder
    folder = tmp_path / "reports" / source.name
    shutil.copytree(source, folder)
    journal, _ = reopen(folder)
    with journal:
        refused = call(tmp_path, ["-m", "witnessmark", "resume", "latest"])
    assert refused.returncode == 2
    assert "this run is still going on, or is being resumed just now" in refused.stderr


def test_cleanup_closes_what_nobody_will_finish(lab: dict[str, Done], tmp_path: Path) -> None:
    done = lab["nothing@phase-began:002a-p11-file"]
    cwd = done.folder.parents[1]
    cleaned = call(cwd, ["-m", "witnessmark", "cleanup", *done.inventory])
    assert cleaned.returncode == 0, cleaned.stdout + cleaned.stderr
    assert "closed, its hosts are clean" in cleaned.stdout
    again = call(cwd, ["-m", "witnessmark", "resume", "latest"])
    assert again.returncode == 0
    assert "nothing to do: it was reverted: its hosts were cleaned" in again.stdout
