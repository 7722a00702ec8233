"""Prints detections as JSON lines or as a table. Telemetry is hostile text: it moves no cursor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import click

from witnessmark.cli.sums import Sums
from witnessmark.model.detections import Answer
from witnessmark.report.plain import visible
from witnessmark.report.times import rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

    from witnessmark.model.detections import Detection, ExecRef
    from witnessmark.model.events import Coverage


_DOUBTS = (
    "records came later than is waited for, and were judged as they came",
    "processes whose parent nobody saw: give --processes, or begin earlier (A7)",
)


class Outlet(Protocol):
    """Where detections go, and what is said of the streams that they were found in."""

    @property
    def sums(self) -> Looks:
        """Whoever is told of each file that was read."""

    def detection(self, found: Detection) -> None:
        """Take one detection, at once."""

    def host(
        self, names: Sequence[str], coverage: Coverage, *, bad: int, late: int, unresolved: int
    ) -> None:
        """Take in how the stream of a host, or of several, was covered: how many of its lines were
        bad, how many records came later than is waited for, and how many processes nobody saw the
        parent of (A7)."""


class Looks(Protocol):
    """Who is told of files."""

    def looked(self, path: str, *, filled: bool) -> None:
        """A file was read, and held something or nothing."""


class Printer(Outlet, Protocol):
    """Where detections and the summary are printed."""

    fired: int

    @property
    def sums(self) -> Sums:
        """What all streams add up to."""

    def end(self) -> None:
        """Print the summary."""


class _Totals:
    """Sums for the summary."""

    def __init__(self) -> None:
        self.fired = 0
        self.answers: dict[str, int] = {}
        self.sums = Sums()
        self.doubts = {"late": 0, "unresolved": 0}

    def count(self, found: Detection) -> None:
        self.fired += found.answer is Answer.FIRED
        self.answers[found.answer.value] = self.answers.get(found.answer.value, 0) + 1

    def host(
        self, names: Sequence[str], coverage: Coverage, *, bad: int, late: int, unresolved: int
    ) -> None:
        """Take in how the stream of a host, or of several, was covered."""
        self.sums.take(names, coverage, bad)
        self.doubts["late"] += late
        self.doubts["unresolved"] += unresolved


class JsonLines(_Totals):
    """One JSON object a line, in ASCII, as contracts.md gives it."""

    def detection(self, found: Detection) -> None:
        """Print one detection at once."""
        self.count(found)
        _say(json.dumps(as_json(found)))

    def end(self) -> None:
        """Print the summary."""
        _say(json.dumps(self.sums.summary() | self.doubts))


class Table(_Totals):
    """A few lines per detection, for reading."""

    def detection(self, found: Detection) -> None:
        """Print one detection at once."""
        self.count(found)
        ran = found.exec.path + (f"  {found.exec.script}" if found.exec.script else "")
        rows = [("ran", f"{ran}  (pid {found.exec.pid}, {_record(found.exec)})")]
        gap = "" if found.gap_s is None else f", {found.gap_s:.3f} s before"
        if found.drop is not None:
            rows.append(
                ("drop", f"{found.drop.path}  by {found.drop.writer or 'nobody named'}{gap}")
            )
        if found.browser is not None:
            browser = found.browser
            rows.append(("browser", f"{browser.path}  (pid {browser.pid}, {browser.edge}{gap})"))
        rows.append(("rules", " ".join(found.rules)))
        rows += [("workflow", found.workflow)] if found.workflow else []
        rows += [("why", found.reason)] if found.reason else []
        head = f"{found.answer.value.upper():13}branch {found.branch.value}  {found.severity:8}"
        _say(f"{head}{rfc3339(found.exec.time_ns)}  {visible(found.host)}")
        for label, text in rows:
            _say(f"  {label:10} {visible(text)}")

    def end(self) -> None:
        """Print the summary."""
        answers = ", ".join(f"{number} {name}" for name, number in sorted(self.answers.items()))
        _say(f"{answers or 'nothing fired'}; {self.sums.sentence()}")
        for number, text in zip(self.doubts.values(), _DOUBTS, strict=True):
            if number:
                _say(f"{number} {text}")


def as_json(found: Detection) -> dict[str, Any]:
    """A detection in the shape that contracts.md gives it; what is not known is left out."""
    data: dict[str, Any] = {
        "type": "detection",
        "answer": found.answer.value,
        "branch": found.branch.value,
        "rules": list(found.rules),
        "host": found.host,
        "exec": _exec(found.exec),
    }
    if found.drop is not None:
        drop = found.drop
        data["drop"] = {"seq": drop.seq, "path": drop.path, "time": rfc3339(drop.time_ns)}
        data["drop"]["writer"] = drop.writer
    if found.browser is not None:
        browser = found.browser
        data["browser"] = {"pid": browser.pid, "path": browser.path, "edge": browser.edge}
    data["gap_s"] = found.gap_s
    data["severity"] = found.severity
    if found.matched:
        data["matched"] = [_exec(item) for item in found.matched]
    for name in ("workflow", "reason"):
        if getattr(found, name) is not None:
            data[name] = getattr(found, name)
    if found.simulated:
        data["simulated"] = list(found.simulated)
    if found.inferred:
        data["inferred"] = True
    return data


def _exec(ref: ExecRef) -> dict[str, Any]:
    return {
        "pid": ref.pid,
        "pidversion": ref.pidversion,
        "seq": ref.seq,
        "path": ref.path,
        "script": ref.script,
        "time": rfc3339(ref.time_ns),
    }


def _record(ref: ExecRef) -> str:
    """What ``explain`` is given to go on with: the record's number, else its id."""
    return f"seq {ref.seq}" if ref.seq is not None else f"record {ref.event_id}"


def _say(line: str) -> None:
    click.echo(line)
