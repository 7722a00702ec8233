"""Annotations for GitHub Actions: workflow commands, worst case first, as many as GitHub shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.report import summary
from witnessmark.report.plain import visible

if TYPE_CHECKING:
    from witnessmark.model.verdicts import CaseVerdict, RunVerdict

MOST = 10
"""Errors per step that GitHub shows; it drops the rest without a word."""
LONGEST = 1000
"""Characters of one message; GitHub shows only the first lines anyway."""


def workflow_commands(run: RunVerdict) -> list[str]:
    """One ``::error`` line per case that is not as it should be; the tenth may stand for many."""
    bad = [case for case in run.cases if summary.tone(case) == "bad"]
    lines = [_error(case) for case in bad[: MOST if len(bad) <= MOST else MOST - 1]]
    if left := len(bad) - len(lines):
        lines.append(command("error", f"{left} more cases are not as they should be", "and more"))
    text, good = summary.headline(run)
    if not lines and not good:
        lines.append(command("warning", text, "nothing proved"))
    return lines


def command(level: str, message: str, title: str, file: str | None = None) -> str:
    """A workflow command; data can neither end it nor add a property to it."""
    properties = {"file": file, "title": f"witnessmark: {title}"}
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{level} {told}::{_data(message[:LONGEST])}"


def _error(case: CaseVerdict) -> str:
    broken = f" at {case.first_broken_link.value}" if case.first_broken_link else ""
    why = next((found.message for found in summary.reasons(case)), "see the report")
    file = f"scenarios/{case.family}/{case.scenario}/scenario.yaml" if case.family else None
    return command("error", f"{case.verdict.value}{broken}: {why}", case.id, file)


def _data(text: str) -> str:
    """Escaped as the runner undoes it (actions/toolkit, core: escapeData)."""
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
