"""From the rows that the SQL answers to detections: documented workflows, and one alert for each
spawned process (A6) or file (dedupe). What precedes decides what is told, so no window can say it.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from witnessmark.analytic import drop_rules
from witnessmark.analytic.alerts import alert
from witnessmark.analytic.baseline import Subject
from witnessmark.analytic.branch_a import SIGNING_UNKNOWN
from witnessmark.analytic.branch_b import NO_QUARANTINE, POSSIBLE, RANK
from witnessmark.analytic.identity import unknown_signing
from witnessmark.analytic.lineage import RESPONSIBLE_UNKNOWN
from witnessmark.analytic.misses import seconds
from witnessmark.analytic.tasks import Candidate
from witnessmark.lake.facts import event_of, found_of, process_of, ref_of
from witnessmark.model.detections import Answer, Branch, Detection, DropRef
from witnessmark.model.events import Process, Token

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from witnessmark.analytic.baseline import Baseline, Suppression
    from witnessmark.lake.manifest import Head

_FIRED: Final = "fired"
_TOO_COARSE: Final = "clock unusable: too coarse for the window"


def detections(
    rows: Iterable[dict[str, Any]], head: Head, baseline: Baseline
) -> Iterator[Detection]:
    """What fired, was suppressed or could not be decided, host by host, in order of the records.

    ``rows`` come in order of host and record, as the SQL gives them.
    """
    for _, group in groupby(rows, key=itemgetter("host")):
        yield from _Host(head, baseline).fold(group)


class _Host:
    def __init__(self, head: Head, baseline: Baseline) -> None:
        self._baseline = baseline
        self._dedupe_ns = head.dedupe_ns
        self._skew_ns = head.compared["clock_skew_tolerance_ns"]
        self._window_ns = head.compared["spawn_load_window_ns"]
        self._told: dict[object, tuple[int, Answer]] = {}
        self._spawned: dict[int, Candidate] = {}

    def fold(self, rows: Iterable[dict[str, Any]]) -> Iterator[Detection]:
        found: list[tuple[int, Detection]] = []
        last: dict[int, int] = {}
        for _, group in groupby(rows, key=itemgetter("n")):
            by_branch = {row["branch"]: row for row in group}
            holds = None
            if "A" in by_branch:
                row = by_branch["A"]
                holds = self._a(row)
                last.setdefault(row["spawned"], row["n"])
            if "B" in by_branch:
                row = by_branch["B"]
                told = self._open(row) if row["code"] == "open" else self._b(row, holds)
                found += [] if told is None else [(row["n"], told)]
        found += [(last[key], alert(item)) for key, item in self._spawned.items()]
        for _, item in sorted(found, key=itemgetter(0)):
            yield item

    def _a(self, row: dict[str, Any]) -> bool:
        """Take in an execution that branch A is about; whether it holds for it (B6 asks)."""
        found = self._spawned.get(row["spawned"])
        if found is None:
            found = self._spawned[row["spawned"]] = _candidate(row)
        elif row["settled_ns"] > _ends(found) + self._window_ns:
            found.told = True
        if not found.told:
            found.spawn_ns, found.exact = row["spawn_ns"], bool(row["exact"])
        image, ref, event = process_of(row), ref_of(row), event_of(row)
        reason, marked = _why(row, image)
        held = self._held(Branch.A, row, image, None)
        if held is not None and not held.certain and reason is None:
            reason, marked = held.reason, held.simulated
        if found.told:
            return reason is None
        if held is not None and held.certain:
            found.suppressed.append((ref, event, held.workflow, held.reason))
        elif reason is not None:
            found.undecided.append((ref, event, reason, marked))
        else:
            found.matched.append((ref, event))
        return reason is None

    def _b(self, row: dict[str, Any], holds: bool | None) -> Detection | None:
        answer, reason, workflow = _answer(row), _reason(row), None
        marked: tuple[str, ...] = ()
        image, writer, found = (
            process_of(row),
            process_of(row, "writer_", path="writer"),
            found_of(row),
        )
        if answer is Answer.FIRED:
            held = self._held(Branch.B, row, image, writer)
            if held is not None and held.certain:
                answer, reason, workflow = Answer.SUPPRESSED, held.reason, held.workflow
            elif held is not None:
                answer, reason, marked = Answer.UNDETERMINED, held.reason, held.simulated
        if self._repeats(row, answer):
            return None
        gap = 0 if -self._skew_ns <= row["gap_ns"] < 0 else row["gap_ns"]
        return Detection(
            answer=answer,
            branch=Branch.B,
            rules=drop_rules.rules(found),
            host=row["host"],
            exec=ref_of(row),
            clauses=drop_rules.clauses(found),
            drop=DropRef(
                seq=row["drop_seq"],
                event_id=row["drop_event_id"],
                path=row["drop_path"],
                time_ns=row["drop_time_ns"],
                writer=row["writer"],
            ),
            gap_s=gap / 1e9,
            severity=row["severity_without_a" if holds is False else "severity"],
            workflow=workflow,
            reason=reason,
            simulated=marked,
            inferred=bool(row["inferred"]),
            received_ns=row["received_ns"],
        )

    def _open(self, row: dict[str, Any]) -> Detection:
        return Detection(
            answer=Answer.UNDETERMINED,
            branch=Branch.B,
            rules=(row["open_rule"],),
            host=row["host"],
            exec=ref_of(row | {"script": None}),
            reason=row["open"],
            simulated=tuple((row["open_simulated"] or "").split()),
            received_ns=row["received_ns"],
        )

    def _held(
        self, branch: Branch, row: dict[str, Any], image: Process, writer: Process | None
    ) -> Suppression | None:
        subject = Subject(
            image=image,
            script=row["script"],
            ancestry=tuple(
                process_of(item) for item in msgspec.json.decode(row["ancestry"] or "[]")
            ),
            time_ns=row["time_ns"],
            writer=writer,
        )
        return self._baseline.find(branch, subject)

    def _repeats(self, row: dict[str, Any], answer: Answer) -> bool:
        """One alert per file in the dedupe window; a stronger answer is told all the same."""
        keys: list[object] = [row["executed"]]
        keys += [] if row["inode"] is None else [("inode", row["inode"])]
        for key in keys:
            told = self._told.get(key)
            if (
                told is not None
                and row["time_ns"] - told[0] < self._dedupe_ns
                and RANK[told[1]] >= RANK[answer]
            ):
                return True
        for key in keys:
            self._told[key] = (row["time_ns"], answer)
        return False


def _candidate(row: dict[str, Any]) -> Candidate:
    browser = None
    if row["browser"] is not None:
        browser = Process(token=Token(pid=row["browser_pid"]), path=row["browser"])
    return Candidate(
        browser,
        row["edge"],
        row["spawn_ns"],
        bool(row["exact"]),
        row["unknown"],
        first_ns=row["first_ns"],
    )


def _ends(found: Candidate) -> int:
    begun = found.spawn_ns if found.exact and found.spawn_ns is not None else found.first_ns
    return begun or 0


def _why(row: dict[str, Any], image: Process) -> tuple[str | None, tuple[str, ...]]:
    if row["code"] == _FIRED:
        return None, ()
    if row["code"] == RESPONSIBLE_UNKNOWN:
        return row["code"], tuple({"responsible"} & image.simulated)
    if row["code"] == SIGNING_UNKNOWN:
        marks = frozenset((row["browser_simulated"] or "").split())
        browser = Process(token=Token(pid=0), path="", simulated=marks)
        return row["code"], unknown_signing(image, browser)
    return row["code"], ()


def _answer(row: dict[str, Any]) -> Answer:
    return Answer.FIRED if row["code"] in (_FIRED, "possible") else Answer.UNDETERMINED


def _reason(row: dict[str, Any]) -> str | None:
    return {
        "possible": POSSIBLE,
        "clock stepped back": "clock unusable: it stepped back "
        f"{seconds(-row['gap_ns'])} since the drop",
        "clock too coarse": _TOO_COARSE,
        "quarantine unknown": NO_QUARANTINE,
    }.get(row["code"])
