"""Retained: the evidence is still there, and stays as long as the profile asks."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from witnessmark.content.durations import seconds
from witnessmark.judge import clock, examples, log_examples, match, oslog
from witnessmark.judge.api import CaseEvidence, Example, finding, validator
from witnessmark.model.verdicts import Finding, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.model.hosts import Source


EARLIEST_NS = 1_546_300_800 * 10**9
"""2019-01-01, the year of Endpoint Security's first release, in nanoseconds."""


@validator(link="retained")
def check(case: CaseEvidence) -> Iterator[Finding]:
    """The records are still in the source's own store, and its history reaches back far enough.

    A store younger than the required time cannot prove it yet: pending, with the first date on
    which a later look can. Where the host's clock cannot be compared with ours, nobody knows how
    old a record is. A unified log is purged by size, oldest first, but for a few records: it covers
    a time only if minutes of it that were sounded all hold what there was.
    """
    if match.attack(case) is None or case.act.skipped or case.act.error:
        yield finding(
            "retained", "retained", Status.SKIP, "nothing was acted, so nothing to retain"
        )
        return
    if case.source is not None and not case.source.records:
        yield finding(
            "retained", "retained", Status.SKIP, "a source of alerts only has no records to retain"
        )
        return
    if case.source is None or not _kept(case.source):
        yield finding(
            "retained", "retained", Status.SKIP, "a live stream has no store that could retain"
        )
        return
    yield _still_there(case)
    yield _history(case)


def _kept(source: Source) -> bool:
    return bool(source.path or source.search or source.unified_log)


def _still_there(case: CaseEvidence) -> Finding:
    look = case.collection.look if case.collection else None
    if look is None or look.problem or look.intact is None:
        why = (look.problem if look else None) or "the store was not looked into again"
        return finding("retained", "retained", Status.ERROR, why)
    if not look.intact:
        gone = "records collected during the run are no longer in the source's store unchanged"
        if oslog.read_from_log(case):
            gone = (
                "records collected during the run are no longer in the log: it was purged, or cut"
            )
        return finding(
            "retained",
            "retained",
            Status.FAIL,
            gone,
            expected=f"bytes {look.start} to {look.end} unchanged",
            observed="records are gone or differ"
            if look.size is None
            else f"store of {look.size} bytes differs",
        )
    return finding(
        "retained", "retained", Status.PASS, "the run's records are still in the source's store"
    )


def _history(case: CaseEvidence) -> Finding:
    profile = case.retention
    if profile is None:
        return finding(
            "retained", "retained", Status.SKIP, "the inventory names no retention profile"
        )
    if case.oldest_ns is None:
        told = oslog.learnt(case)
        why = f": {told.oldest_problem}" if told and told.oldest_problem else ""
        return finding(
            "retained",
            "retained",
            Status.ERROR,
            f"the store's oldest record could not be read{why}",
        )
    required = seconds(profile.required)
    look = case.collection.look if case.collection else None
    if look is None or not _plausible(case.oldest_ns, look.taken_ns):
        return finding(
            "retained",
            "retained",
            Status.ERROR,
            "the store's oldest record has a time that cannot be right",
            observed=str(case.oldest_ns),
        )
    unsure = clock.trouble(case)
    if unsure is not None:
        return finding(
            "retained",
            "retained",
            Status.ERROR,
            f"nobody can tell how old the store's oldest record is: {unsure}",
        )
    oldest = dt.datetime.fromtimestamp(case.oldest_ns / 1e9, dt.UTC)
    # What the store held is known as of the look into it. Time that passes is not a later look.
    seen_ns = min(case.as_of_ns, look.taken_ns)
    age_s = clock.elapsed(case, case.oldest_ns, seen_ns).least_s
    if age_s >= required and oslog.read_from_log(case) and oslog.covered_s(case) < required:
        return finding(
            "retained",
            "retained",
            Status.ERROR,
            f"the oldest record is from {oldest:%Y-%m-%d %H:%M} UTC, but a log keeps a few records "
            f"longer than the rest, and without a hole it is known to reach back only "
            f"{oslog.covered_s(case) / 3600:.0f} h",
            expected=f"{profile.required} without a hole",
        )
    if age_s >= required:
        return finding(
            "retained",
            "retained",
            Status.PASS,
            f"the oldest record is from {oldest:%Y-%m-%d}, so {profile.required} are covered",
        )
    first = (oldest + dt.timedelta(seconds=required)).date() + dt.timedelta(days=1)
    return finding(
        "retained",
        "retained",
        Status.PENDING,
        f"{profile.id} asks for {profile.required}; the oldest record is from "
        f"{oldest:%Y-%m-%d %H:%M} UTC, so a new look can first prove it on {first}",
        first_provable=first.isoformat(),
    )


def _plausible(oldest_ns: int, looked_ns: int) -> bool:
    """No sensor wrote before Endpoint Security existed (2019), none writes tomorrow's records."""
    return EARLIEST_NS <= oldest_ns <= looked_ns + 86_400 * 10**9


EXAMPLES = (
    Example(name="covered", evidence=examples.drop_exec(oldest_days=40), status=Status.PASS),
    Example(name="young-store", evidence=examples.drop_exec(oldest_days=1), status=Status.PENDING),
    Example(name="truncated", evidence=examples.drop_exec(intact=False), status=Status.FAIL),
    Example(name="not-readable", evidence=examples.drop_exec(intact=None), status=Status.ERROR),
    Example(
        name="log-with-holes", evidence=log_examples.logged(oldest_days=40), status=Status.ERROR
    ),
    Example(
        name="log-purged",
        evidence=log_examples.logged(oldest_days=1, intact=False),
        status=Status.FAIL,
    ),
    Example(name="clock-off", evidence=examples.drop_exec(offset_s=5.0), status=Status.ERROR),
)
