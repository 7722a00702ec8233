"""One record against one receipt step, and the fields without which the analytic could not decide.

The five ``recorded_*`` validators ask different questions of the same records; what they share is
here. Which fields a question needs follows from the analytic's rules, and each is named with its
rule, so that an auditor can see why an empty one matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from posixpath import basename
from typing import TYPE_CHECKING

from witnessmark.analytic.keys import Paths
from witnessmark.judge import clock, known, match, whole
from witnessmark.judge.api import finding
from witnessmark.model.events import Kind
from witnessmark.model.run import RUNS
from witnessmark.model.scenario import RecordPattern
from witnessmark.model.verdicts import Finding, Link, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from witnessmark.judge.api import CaseEvidence
    from witnessmark.model.events import Event
    from witnessmark.model.run import Form, Step


HOSTS_OWN = ("eslogger", "eslogger-oslog")
"""The kinds whose records may be a stand-in's, and then name what that host could not know."""

GAP = "coverage gap of the source"
"""What a kind of source never records is nobody's failure: the case is not assessed by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing that a record must say: any of these fields will do."""

    fields: tuple[str, ...]
    rule: str

    def __str__(self) -> str:
        """Such as ``target.parent.pid (A1)``."""
        return f"{' or '.join(self.fields)} ({self.rule})"


def need(rule: str, *fields: str) -> Need:
    """A need of one rule; several fields are alternatives."""
    return Need(fields=fields, rule=rule)


def nothing_to_look_at(case: CaseEvidence) -> str | None:
    """Why a recorded question does not arise at all, or None."""
    if match.attack(case) is None or case.act.skipped or case.act.error:
        return "nothing was acted, so nothing to record"
    if case.source is None:
        return "no source is configured for this host"
    if not case.source.records:
        return "a source of alerts only records nothing"
    return None


def runs(case: CaseEvidence) -> tuple[Step, ...]:
    """Receipt steps that ran something, by the library's names and by the scenario's records."""
    return _steps(case, RUNS, (Kind.EXEC,))


def writes(case: CaseEvidence, folder: str) -> tuple[Step, ...]:
    """Receipt steps that put a file below a folder such as ``~/Downloads`` (K2, K3)."""
    inside = Paths().inside((folder,))
    homes = Paths(home_dirs=(case.facts.home,)).inside((folder,)) if case.facts.home else inside
    keys = Paths()
    return tuple(
        item
        for item in _steps(case, ("drop",), match.WRITES)
        if (path := item.to or item.path)
        and (inside.match(keys.key(path)) or homes.match(keys.key(path)))
    )


def form(case: CaseEvidence, step: Step) -> Form | None:
    """Whether a run step's file is a script or an executable; None if neither host nor source
    says so, or if what ran is no file of the case (an interpreter with inline code)."""
    for item in case.act.files:
        if item.path == step.path and item.form is not None:
            return item.form
    if step.step != "exec":
        return None
    event = match.record(case, pattern(Kind.EXEC), step)
    if event is None or event.target is None or step.path is None:
        return None
    if event.script is not None or operand(event, step) is not None:
        return "script"
    same = match.plain(event.target.path) == match.plain(step.path)
    return "executable" if same else None


def pattern(*kinds: Kind) -> RecordPattern:
    """Looks for the record of a step, whatever the scenario itself asks for."""
    return RecordPattern(id="", event=tuple(kind.value for kind in kinds), step="")


def operand(event: Event, step: Step) -> str | None:
    """The word of a command line that names a step's file, as it was written (B3)."""
    keys, path = Paths(), step.path or ""
    for word in (event.args or ())[1:]:
        if word.startswith("/") and keys.key(word) == keys.key(path):
            return word
        relative = not word.startswith(("/", "-")) and basename(word) == basename(path)
        if relative and (event.cwd is None or keys.key(f"{event.cwd}/{word}") == keys.key(path)):
            return word
    return None


def ask(
    case: CaseEvidence,
    name: str,
    steps: tuple[Step, ...],
    needs: Callable[[Event, Step], tuple[Need, ...]],
    *,
    kinds: tuple[Kind, ...],
    none: str,
) -> Iterator[Finding]:
    """One finding per step: does the source hold its record, with all that a question needs?

    Where the question does not arise, one skip says why (``none``: the case did no such thing).
    """
    why = nothing_to_look_at(case) or (None if steps else none)
    if why is not None:
        yield finding(name, Link.RECORDED, Status.SKIP, why)
        return
    for step in steps:
        event = match.record(case, pattern(*kinds), step)
        if event is None:
            yield absent(case, name, step, _expected(case, step, kinds))
        else:
            what = described(step, (event.kind.value,))
            yield filled(case, name, what, event, needs(event, step))


def write_needs(event: Event, _step: Step) -> tuple[Need, ...]:
    """What branch B needs of a drop: which file, that its content is new, and who wrote it."""
    writer = (
        need("B6", "process.path"),
        need("K1", "process.token.pid"),
        need("K1", "process.token.pidversion", "process.start_ns"),
    )
    if event.kind is Kind.CLOSE:
        return (need("B1, K2", "path"), need("B1", "modified", "mapped_writable"), *writer)
    return (need("B1, K2", "path"), need("B1, B2", "source_file.path"), *writer)


def described(step: Step, kinds: tuple[str, ...]) -> str:
    """A record in words, such as ``exec of /x/y.sh by pid 401``."""
    who = f" by pid {step.pid}" if kinds == ("exec",) else ""
    return f"{' or '.join(kinds)} of {step.to or step.path}{who}"


def filled(
    case: CaseEvidence, name: str, what: str, event: Event, needs: tuple[Need, ...]
) -> Finding:
    """A record that exists: fail for a needed field that is empty, error if the host can't know.

    What a kind of source never says breaks no link: whether it matters, the answer itself says.
    """
    empty = [item for item in needs if match.missing_fields(event, item.fields) == item.fields]
    unknown = [item for item in empty if match.simulated_fields(event, item.fields)]
    expected = ", ".join(map(str, needs))
    if not empty:
        return finding(
            name,
            Link.RECORDED,
            Status.PASS,
            f"{what} is recorded{_followed(event)}",
            expected=expected,
            observed="all filled",
            evidence=[event.id],
        )
    listed = ", ".join(map(str, empty))
    status, said = Status.FAIL, f"{what} is recorded, but without {listed}"
    if len(unknown) == len(empty):
        status, said = _unknowable(case, what, listed)
    return finding(
        name,
        Link.RECORDED,
        status,
        said,
        expected=expected,
        observed=f"empty: {listed}",
        evidence=[event.id],
    )


def _unknowable(case: CaseEvidence, what: str, listed: str) -> tuple[Status, str]:
    """A stand-in marks in eslogger's records what the host cannot know; all else is the kind's."""
    kind = case.source.kind if case.source else HOSTS_OWN[0]
    if kind in HOSTS_OWN:
        return Status.ERROR, f"{what}: this host cannot know {listed}"
    return Status.SKIP, f"{what} is recorded; a source of kind {kind} never says {listed}"


def absent(case: CaseEvidence, name: str, step: Step, kinds: tuple[str, ...]) -> Finding:
    """A record that is not there: a failure only where looking was possible, and where the source
    would have it at all.

    A record of the step's own process that does not say what it ran is named with what it lacks:
    something was recorded, and is of no use.
    """
    what = described(step, kinds)
    mute = match.unnamed_run(case, step) if Kind.EXEC.value in kinds else None
    found = f"no {what}" if mute is None else _mute(mute, what)
    gap = known.never(case, kinds)
    if gap is not None and mute is None:
        return finding(name, Link.RECORDED, Status.SKIP, f"{GAP}: {gap}", expected=what)
    trouble = whole.trouble(case) or clock.unplaced(case)
    if trouble is None and not case.controls.both:
        trouble = case.controls.reason
    if trouble is not None:
        return finding(
            name,
            Link.RECORDED,
            Status.ERROR,
            f"{found}{'' if mute else ' was found'}, but absence proves nothing here: {trouble}",
            expected=what,
            evidence=[mute.id] if mute else [],
        )
    return finding(
        name,
        Link.RECORDED,
        Status.FAIL,
        f"{found}{'' if mute else ' in the source'}, though its controls are there",
        expected=what,
        observed="no such record",
        evidence=[mute.id] if mute else [],
    )


def _mute(event: Event, what: str) -> str:
    image = event.target.path if event.target else ""
    lost = match.missing_fields(event, ("args", "cwd", "script"))
    return (
        f"an exec of {image} by this very process is recorded, but without {', '.join(lost)}, "
        f"so nothing says that it is the {what}"
    )


def _expected(case: CaseEvidence, step: Step, kinds: tuple[Kind, ...]) -> tuple[str, ...]:
    """The kinds that the scenario itself expects of a step, else every kind that would do."""
    every = tuple(kind.value for kind in kinds)
    named = [item.event for item in case.case.scenario.records if item.step == step.step]
    return next((kinds for kinds in named if set(kinds) <= set(every)), every)


def _followed(event: Event) -> str:
    """K2: what a source that gives no device and inode cannot do; no rule fails for it."""
    if event.kind not in match.WRITES or event.file is None or event.file.ino is not None:
        return ""
    return ", without device and inode: a later rename or link could not be followed (K2)"


def _steps(case: CaseEvidence, names: tuple[str, ...], kinds: tuple[Kind, ...]) -> tuple[Step, ...]:
    wanted = set(names)
    wanted.update(
        item.step
        for item in case.case.scenario.records
        if any(kind.value in item.event for kind in kinds)
    )
    return tuple(item for name in sorted(wanted) for item in match.steps(case, name))
