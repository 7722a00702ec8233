"""Prints detections as JSON lines or as a table. Telemetry is hostile text: it moves no cursor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import click

from witnessmark.model.detections import Answer
from witnessmark.model.events import Kind
from witnessmark.report.plain import visible
from witnessmark.report.times import rfc3339

if TYPE_CHECKING:
    from witnessmark.model.detections import Detection, ExecRef
    from witnessmark.model.events import Coverage

KNOWN = frozenset(kind.value for kind in Kind)


class Printer(Protocol):
    """Where detections and the summary go."""

    fired: int

    def detection(self, found: Detection) -> None:
        """Print one detection at once."""

    def host(self, name: str, coverage: Coverage) -> None:
        """Take in how a host's stream was covered."""

    def end(self) -> None:
        """Print the summary."""


class _Totals:
    """Sums for the summary."""

    def __init__(self) -> None:
        self.fired = 0
        self.answers: dict[str, int] = {}
        self._events = self._lines = self._bad = self._gaps = 0
        self._unknown: dict[str, int] = {}
        self._hosts: list[str] = []
        self._first: int | None = None
        self._last: int | None = None

    def count(self, found: Detection) -> None:
        self.fired += found.answer is Answer.FIRED
        self.answers[found.answer.value] = self.answers.get(found.answer.value, 0) + 1

    def host(self, name: str, coverage: Coverage) -> None:
        """Take in how a host's stream was covered."""
        self._hosts.append(name)
        self._events += coverage.events + coverage.other
        self._lines += coverage.lines
        self._bad += len(coverage.bad)
        self._gaps += len(coverage.gaps)
        for kind, number in coverage.kinds:
            if kind not in KNOWN:
                self._unknown[kind] = self._unknown.get(kind, 0) + number
        for moment in (coverage.first_ns, coverage.last_ns):
            if moment is not None:
                self._first = moment if self._first is None else min(self._first, moment)
                self._last = moment if self._last is None else max(self._last, moment)

    def summary(self) -> dict[str, Any]:
        span = None
        if self._first is not None and self._last is not None:
            span = {"first": rfc3339(self._first), "last": rfc3339(self._last)}
        return {
            "type": "summary",
            "events": self._events,
            "lines": self._lines,
            "bad_lines": self._bad,
            "gaps": self._gaps,
            "unknown_types": dict(sorted(self._unknown.items())),
            "hosts": self._hosts,
            "span": span,
        }


class JsonLines(_Totals):
    """One JSON object a line, in ASCII, as contracts.md gives it."""

    def detection(self, found: Detection) -> None:
        """Print one detection at once."""
        self.count(found)
        _say(json.dumps(as_json(found)))

    def end(self) -> None:
        """Print the summary."""
        _say(json.dumps(self.summary()))


class Table(_Totals):
    """A few lines per detection, for reading."""

    def detection(self, found: Detection) -> None:
        """Print one detection at once."""
        self.count(found)
        ran = found.exec.path + (f"  {found.exec.script}" if found.exec.script else "")
        rows = [("ran", f"{ran}  (pid {found.exec.pid})")]
        gap = "" if found.gap_s is None else f", {found.gap_s:.3f} s before"
        if found.drop is not None:
            rows.append(("drop", f"{found.drop.path}  by {found.drop.writer}{gap}"))
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
        said = self.summary()
        answers = ", ".join(f"{number} {name}" for name, number in sorted(self.answers.items()))
        _say(
            f"{answers or 'nothing fired'}; {said['events']} events in {said['lines']} lines, "
            f"{said['bad_lines']} bad, {said['gaps']} gaps, "
            f"hosts: {visible(', '.join(said['hosts']))}"
        )


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


def _say(line: str) -> None:
    click.echo(line)
