"""Who answers for a source: its own alerts if the inventory declares them, else the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.judge import alerted, answer

if TYPE_CHECKING:
    from witnessmark.judge.answer import Answered
    from witnessmark.judge.api import CaseEvidence


def answered(case: CaseEvidence) -> Answered:
    """What is judged as detected: the organisation's own alerts wherever they are declared."""
    if case.source is not None and case.source.alerts is not None:
        return alerted.answered(case)
    return reference(case)


def reference(case: CaseEvidence) -> Answered:
    """What the embedded engine answers over the telemetry that its source delivered."""
    return answer.answered(case.analysed)
