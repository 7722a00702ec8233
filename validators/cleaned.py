"""Cleaned: the host is as it was before the case."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from witnessmark.judge import examples, match
from witnessmark.judge.api import CaseEvidence, Example, finding, validator
from witnessmark.model.scenario import Phase
from witnessmark.model.verdicts import Finding, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SHARED = re.compile(r"/(?:Downloads/witnessmark|Library/Caches/org\.witnessmark)(?=/|\Z)")
_TEMPORARY = re.compile(r"/private/tmp/org\.witnessmark\.(?P<run>[^/.]+)\.(?P<case>[0-9]+)(?=/|\Z)")
_BELOW = re.compile(r"(?:/(?P<run>[^/]+)(?:/(?P<case>[0-9]+)(?:/.*)?)?)?", re.DOTALL)


@validator(link="cleaned")
def check(case: CaseEvidence) -> Iterator[Finding]:
    """Nothing of the case is left: the inventory after it holds nothing new, no process runs on.

    Files deeper in other folders, and what is inside other files, are not part of it. The
    inventories are taken by the host itself before setup and after cleanup, and once more
    after teardown, when nothing of the whole run may be left.
    """
    act = case.act
    if not act.phases and (act.skipped or not act.started):
        why = act.skipped or "nothing was started, so there is nothing to clean"
        yield finding("cleaned", "cleaned", Status.SKIP, why)
        return
    if not act.phases:
        why = act.error or "the case was started, but nobody saw how it ended"
        yield finding("cleaned", "cleaned", Status.ERROR, why)
        return
    yield _inventory(case)
    yield _script(case)
    yield _teardown(case)


def _inventory(case: CaseEvidence) -> Finding:
    before, after = case.act.before, case.act.after
    if before is None or after is None or before.problem or after.problem:
        problem = (before.problem if before else None) or (after.problem if after else None)
        return finding(
            "cleaned", "cleaned", Status.ERROR, problem or "an inventory is missing for this case"
        )
    new = sorted(set(after.paths) - set(before.paths) - _others(case, after.paths))
    gone = sorted(set(before.paths) - set(after.paths) - _others(case, before.paths))
    alive = after.processes
    if match.attack(case) is not None and not any(phase.steps for phase in case.act.phases):
        return finding(
            "cleaned",
            "cleaned",
            Status.ERROR,
            "the receipts name no process, so nobody knows whether one of the case's runs on",
        )
    if new or gone or alive:
        shown = [f"{path} is new" for path in new[:5]]
        shown += [f"{path} is gone" for path in gone[:5]]
        shown += [f"process {pid} still runs" for pid in alive[:5]]
        return finding(
            "cleaned",
            "cleaned",
            Status.FAIL,
            f"not as before: {', '.join(shown)}",
            expected="inventory after = inventory before",
            observed=f"{len(new)} new paths, {len(gone)} gone, {len(alive)} processes still run",
        )
    return finding(
        "cleaned",
        "cleaned",
        Status.PASS,
        "nothing is new or gone at the top of the home, ~/Downloads and ~/Library/Caches or below "
        "the case's own folders, and no process of the case runs on; what other files hold is "
        "not compared",
    )


def _others(case: CaseEvidence, paths: Iterable[str]) -> set[str]:
    """The folders that the run's cases share, and what is in those of the other cases.

    Cases may be played side by side, each below its own number. What another leaves is its own
    finding; what the whole run leaves is found after teardown.
    """
    attack = match.attack(case) or case.act.phases[0]
    run = attack.mark.removeprefix("wm-").rpartition("-")[0]
    ours = f"{case.case.index:03d}"
    found = set()
    for path in paths:
        there = _TEMPORARY.match(path)
        if there and there["run"] == run and there["case"] != ours:
            found.add(path)
        shared = _SHARED.search(path)
        below = _BELOW.fullmatch(path, shared.end()) if shared else None
        if below and (below["run"] is None or (below["run"] == run and below["case"] != ours)):
            found.add(path)
    return found


def _script(case: CaseEvidence) -> Finding:
    cleanup = case.act.phase(Phase.CLEANUP)
    if cleanup is None or cleanup.status is None:
        return finding("cleaned", "cleaned", Status.ERROR, "the cleanup phase did not finish")
    if cleanup.status != 0:
        said = cleanup.stderr.strip() or "silent"
        return finding(
            "cleaned", "cleaned", Status.FAIL, f"cleanup ended with exit {cleanup.status}: {said}"
        )
    return finding("cleaned", "cleaned", Status.PASS, "the cleanup phase finished")


def _teardown(case: CaseEvidence) -> Finding:
    left = case.facts.left_behind
    if left is None:
        return finding("cleaned", "cleaned", Status.ERROR, "nobody looked after teardown")
    if left:
        return finding(
            "cleaned", "cleaned", Status.FAIL, f"left after teardown: {', '.join(left[:5])}"
        )
    return finding("cleaned", "cleaned", Status.PASS, "nothing of the run is left after teardown")


EXAMPLES = (
    Example(name="clean", evidence=examples.drop_exec(), status=Status.PASS),
    Example(
        name="file-left",
        evidence=examples.drop_exec(left=("/Users/purple/Downloads/witnessmark/x.sh",)),
        status=Status.FAIL,
    ),
    Example(name="process-left", evidence=examples.drop_exec(alive=True), status=Status.FAIL),
    Example(name="not-looked", evidence=examples.drop_exec(looked=False), status=Status.ERROR),
)
