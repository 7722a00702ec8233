"""Whose fault a wrong answer of an organisation's alerts is: its rule, or the telemetry it got.

The embedded engine reads the same delivered telemetry. Where it answers as it should, the records
were enough, and what their rule lacks is sought among the rules that decided; where it does not,
a rule had nothing to go by either. Neither is guessed where the engine could not look.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from witnessmark.judge import asked
from witnessmark.model.detections import Answer
from witnessmark.model.scenario import ExpectedAnswer
from witnessmark.model.verdicts import Blame, Fault, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from witnessmark.judge.answer import Answered
    from witnessmark.judge.api import CaseEvidence
    from witnessmark.model.verdicts import CaseVerdict

MISSED = (Verdict.MISSED, Verdict.MISSED_SUPPRESSED, Verdict.DETECTED_LATE)
ALARMED = (Verdict.FALSE_ALARM, Verdict.FALSE_ALARM_SUPPRESSED)


def blame(case: CaseEvidence, verdict: Verdict, got: Answered) -> Blame | None:
    """Whose fault the verdict is, for a source whose own alerts were judged; else None."""
    if case.source is None or case.source.alerts is None:
        return None
    wrong = verdict in ALARMED or (
        verdict in MISSED and case.case.scenario.expect.answer is ExpectedAnswer.FIRES
    )
    if not case.source.records:
        why = "of this source only alerts are known, not what its rule looked at"
        return Blame(fault=Fault.UNKNOWN, reason=why) if wrong else None
    ours = asked.reference(case)
    if verdict in MISSED and case.case.scenario.expect.answer is ExpectedAnswer.FIRES:
        return _missed(case, ours, late=got.late)
    if verdict in ALARMED:
        return _alarmed(case, ours)
    return None


def clauses(ours: Answered | None) -> tuple[str, ...]:
    """The rules by which the engine fired, and the ways in which they held."""
    found = ours.detection if ours is not None and ours.answer is Answer.FIRED else None
    return () if found is None else (*found.rules, *found.clauses)


def settled(cases: Sequence[CaseVerdict]) -> tuple[CaseVerdict, ...]:
    """With what their rule lacks: what decided a missed case and none that they detected.

    Per host and source. Nothing is said where every rule that decided took part in a detection
    too: then it lacks a combination, and the cases name it.
    """
    caught: dict[tuple[str, str | None], set[str]] = {}
    for case in cases:
        if case.verdict is Verdict.DETECTED:
            caught.setdefault((case.host, case.source), set()).update(case.reference_clauses)
    return tuple(_settled(case, caught.get((case.host, case.source), set())) for case in cases)


def _settled(case: CaseVerdict, caught: set[str]) -> CaseVerdict:
    said = case.blame
    if said is None or said.fault is not Fault.RULE or case.verdict in ALARMED or not caught:
        return case
    lacks = tuple(item for item in case.reference_clauses if item not in caught)
    if not lacks or case.verdict is Verdict.DETECTED_LATE:
        return case
    why = f"{said.reason}; {', '.join(lacks)} decided this case and none that theirs detected"
    return replace(case, blame=replace(said, lacks=lacks, reason=why))


def _missed(case: CaseEvidence, ours: Answered, *, late: bool) -> Blame:
    rules = ours.detection.rules if ours.detection else ()
    if ours.answer is Answer.FIRED and ours.late:
        return Blame(
            fault=Fault.TELEMETRY,
            rules=rules,
            reason=f"the records that decide came {ours.latency_s} s after the execution",
        )
    if ours.answer is Answer.FIRED:
        what = "their alert came late" if late else "their rule is at fault"
        return Blame(
            fault=Fault.RULE,
            rules=rules,
            reason=f"{what}: over the same telemetry the reference fires by {', '.join(rules)}",
        )
    if ours.answer is Answer.UNDETERMINED and ours.simulated:
        return Blame(
            fault=Fault.TELEMETRY,
            rules=rules,
            fields=ours.simulated,
            reason=f"telemetry insufficient: it does not say {', '.join(ours.simulated)}",
        )
    if ours.answer is Answer.UNDETERMINED:
        return Blame(fault=Fault.UNKNOWN, rules=rules, reason=f"nobody can tell: {ours.reason}")
    near = case.analysed.misses
    return Blame(
        fault=Fault.TELEMETRY,
        rules=tuple(item.partition(":")[0] for item in near),
        reason="telemetry insufficient: over it the reference is silent too"
        + (f", held back by {'; '.join(near)}" if near else ""),
    )


def _alarmed(case: CaseEvidence, ours: Answered) -> Blame:
    near = case.analysed.misses
    rules = tuple(item.partition(":")[0] for item in near)
    if ours.answer is Answer.SILENT:
        held = f", held back by {'; '.join(near)}" if near else ""
        return Blame(
            fault=Fault.RULE,
            rules=rules,
            lacks=rules,
            reason=f"their rule is at fault: over the same telemetry the reference is silent{held}",
        )
    if ours.answer is Answer.SUPPRESSED:
        return Blame(
            fault=Fault.RULE,
            reason=f"their rule lacks workflow {ours.workflow}, by which the reference suppresses",
        )
    return Blame(fault=Fault.UNKNOWN, reason=f"the reference is {ours.answer.value}: {ours.reason}")
