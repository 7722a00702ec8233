"""Cleaned: the host is as it was before the case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.judge import examples
from witnessmark.judge.api import CaseEvidence, Example, finding, validator
from witnessmark.model.scenario import Phase
from witnessmark.model.verdicts import Finding, Status

if TYPE_CHECKING:
    from collections.abc import Iterator


@validator(link="cleaned")
def check(case: CaseEvidence) -> Iterator[Finding]:
    """Nothing of the case is left: the inventory after it holds nothing new, no process runs on.

    The inventories are taken by the host itself before setup and after cleanup, and once more
    after teardown, when nothing of the whole run may be left.
    """
    act = case.act
    if act.skipped or not act.started:
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
    left = sorted(set(after.paths) - set(before.paths))
    alive = {step.pid for phase in case.act.phases for step in phase.steps} & set(after.pids)
    if left or alive:
        shown = [*left[:5], *(f"pid {pid}" for pid in sorted(filter(None, alive))[:5])]
        return finding(
            "cleaned",
            "cleaned",
            Status.FAIL,
            f"left behind: {', '.join(shown)}",
            expected="inventory after = inventory before",
            observed=f"{len(left)} new paths, {len(alive)} processes still running",
        )
    return finding("cleaned", "cleaned", Status.PASS, "the inventory after equals the one before")


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
