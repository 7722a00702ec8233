"""Runs rules over a bag and ties what they hit to the cases that were played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from witnessmark.analytic.misses import exec_ref
from witnessmark.compare.comparison import Asked, Cell, Compared, Comparison, Said
from witnessmark.compare.outcome import Outcome
from witnessmark.compare.rows import CATEGORIES, rows
from witnessmark.judge import asked, clock, evidence, known, match, tied, whole
from witnessmark.judge.processes import Tie
from witnessmark.judge.run import judge_case, validators
from witnessmark.judge.seen import engine_for
from witnessmark.model.detections import Answer
from witnessmark.model.events import Kind
from witnessmark.model.scenario import ExpectedAnswer
from witnessmark.model.verdicts import Link, Status
from witnessmark.telemetry.format import Fill
from witnessmark.telemetry.kinds import decoder_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from witnessmark.bag.read import Bag
    from witnessmark.compare.files import Rule
    from witnessmark.compare.run import Runner
    from witnessmark.judge.api import CaseEvidence
    from witnessmark.model.events import Event, Stream
    from witnessmark.model.verdicts import CaseVerdict

NOTHING = "there is nothing to run it over: the source was not collected"
_SAID = {Answer.FIRED: Said.SAW, Answer.SILENT: Said.SILENT, Answer.SUPPRESSED: Said.SILENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """One case, with the records of its stream by their ids."""

    evidence: CaseEvidence
    events: Mapping[str, Event]

    def tie(self, event_id: str) -> Tie:
        """How a record belongs to what the attack did."""
        event = self.events[event_id]
        if event.kind is Kind.EXEC:
            script = event.script.path if event.script else None
            return tied.tie(self.evidence, exec_ref(event, script))
        return Tie.OURS if _file_is_ours(self.evidence, event) else Tie.NONE

    def closest(self, ids: Iterable[str]) -> Tie:
        """The closest tie of any of these records."""
        ties = {self.tie(item) for item in ids}
        return next((each for each in Tie if each in ties), Tie.NONE)


def compare(bag: Bag, rules: Sequence[Rule], runner: Runner) -> Comparison:
    """Every rule on every case that was acted, beside what the embedded analytic says of it.

    Pure: the same bag and rules always give the same answers.
    """
    asking = [item for item in rules if item.elsewhere is None]
    checks = validators()
    found = []
    problems: dict[int, str] = {
        place: item.problem for place, item in enumerate(asking) if item.problem is not None
    }
    acted, mute = False, set()
    for each in evidence.assemble(bag, bag.record.finished_ns):
        played = [item for item in each.cases if not item.case.control and match.acted(item)]
        acted = acted or bool(played)
        if each.source is None or not played:
            continue
        if not each.source.records:
            mute.add(each.source.name)
            continue
        outcomes = _outcomes(bag, played[0], asking, runner)
        for place, outcome in enumerate(outcomes):
            if outcome.problem not in (None, NOTHING):
                problems.setdefault(place, str(outcome.problem))
        events = {item.id: item for item in _events(played[0].analysed.stream)}
        for item in played:
            one = _Asking(evidence=item.analysed, events=events)
            found.append(_compared(one, judge_case(item, checks), outcomes))
    return Comparison(
        run_id=bag.record.plan.run_id,
        rules=tuple(_asked(place, item, problems) for place, item in enumerate(asking)),
        cases=tuple(found),
        elsewhere=len(rules) - len(asking),
        acted=acted,
        notes=(*_notes(bag), *(f"{name} has alerts and no records" for name in sorted(mute))),
    )


def _asked(place: int, rule: Rule, problems: Mapping[int, str]) -> Asked:
    return Asked(
        name=f"R{place + 1}",
        file=rule.file,
        form=rule.form,
        title=rule.title,
        problem=problems.get(place),
    )


def _notes(bag: Bag) -> tuple[str, ...]:
    plan = bag.record.plan
    if plan.profile is None:
        return ()
    return (
        f"This run was played with the profile {plan.profile}, in which a drop counts for "
        f"{plan.window_s:g} s: a rule with another window answers cases at the edge by its own.",
    )


def _events(stream: Stream | None) -> tuple[Event, ...]:
    return stream.events if stream is not None else ()


def _outcomes(
    bag: Bag, case: CaseEvidence, rules: Sequence[Rule], runner: Runner
) -> tuple[Outcome, ...]:
    """What every rule says over the stream of one host and source."""
    stream = case.analysed.stream
    if stream is None:
        return tuple(Outcome(problem=item.problem or NOTHING) for item in rules)
    host = next(item for item in bag.record.plan.hosts if item.name == case.case.host)
    params = evidence.parameters(bag)
    assert case.source is not None
    scripts = decoder_of(case.source.kind).FILLS["script"] is not Fill.NEVER
    told = rows(
        stream,
        lambda trace: engine_for(bag, host, stream, params, trace),
        tells_scripts=scripts,
    )
    return tuple(runner.run(item, told) for item in rules)


def _compared(asking: _Asking, verdict: CaseVerdict, outcomes: Sequence[Outcome]) -> Compared:
    case = asking.evidence
    assert case.source is not None
    trouble = _trouble(case, verdict)
    return Compared(
        case=case.case.id,
        source=case.source.name,
        title=case.case.scenario.title,
        expect=case.case.scenario.expect.answer,
        analytic=_analytic(case),
        cells=tuple(_cell(asking, outcome, trouble) for outcome in outcomes),
    )


def _analytic(case: CaseEvidence) -> Cell:
    got = asked.reference(case)
    workflow = f"suppressed as workflow {got.workflow}" if got.workflow else ""
    said = _SAID.get(got.answer, Said.UNKNOWN)
    return Cell(
        said=said,
        reason=got.reason if said is Said.UNKNOWN else workflow,
        evidence=got.evidence,
    )


def _cell(asking: _Asking, outcome: Outcome, trouble: str | None) -> Cell:
    if outcome.problem is not None:
        return Cell(said=Said.UNKNOWN, reason=f"the rule could not be run: {outcome.problem}")
    ties = [(asking.closest(item), item) for item in outcome.hits]
    for tie, ids in ties:
        if tie is Tie.OURS:
            return Cell(said=Said.SAW, evidence=ids)
    doubt = _doubt(asking, outcome, [ids for tie, ids in ties if tie is Tie.OPEN])
    if doubt is None and trouble is not None:
        doubt = Cell(said=Said.UNKNOWN, reason=trouble)
    return doubt or Cell(said=Said.SILENT)


def _doubt(asking: _Asking, outcome: Outcome, perhaps: Sequence[tuple[str, ...]]) -> Cell | None:
    """Why the silence of a rule about a case says nothing, as far as the rule is concerned."""
    case = asking.evidence
    for item in outcome.open:
        if asking.tie(item.event_id) is not Tie.NONE:
            names = ", ".join(item.fields) or "what it compares"
            return _unknown(f"its records do not tell {names}", (item.event_id,))
    for ids in perhaps:
        return _unknown("it hit a record that may be of another process", ids)
    for category in outcome.needs:
        never = known.never(case, (kind.value for kind in CATEGORIES[category]))
        if never is not None:
            return _unknown(never)
    if case.case.scenario.expect.answer is not ExpectedAnswer.FIRES:
        return _beside(asking, outcome)
    return None


def _unknown(reason: str, ids: tuple[str, ...] = ()) -> Cell:
    return Cell(said=Said.UNKNOWN, reason=reason, evidence=ids)


def _beside(asking: _Asking, outcome: Outcome) -> Cell | None:
    """A hit that has the case's mark but is none of its processes: that is no silence either."""
    case = asking.evidence
    phase = match.attack(case)
    first, last = match.window(case)
    for ids in outcome.hits:
        for event in (asking.events[item] for item in ids):
            inside = first <= event.time_ns <= last and event.kind is Kind.EXEC
            if phase is not None and inside and match.carries(event, phase.mark):
                return _unknown("it hit what has the case's mark and is none of its processes", ids)
    return None


def _trouble(case: CaseEvidence, verdict: CaseVerdict) -> str | None:
    """Why the silence of any rule at all would say nothing about a case."""
    links = dict(verdict.links)
    for link in (Link.RECORDED, Link.DELIVERED):
        if links[link] in (Status.FAIL, Status.ERROR):
            said = (item.message for item in verdict.findings if item.status is links[link])
            return f"{link.value} {links[link].value}: {next(said)}"
    trouble = whole.trouble(case) or clock.unplaced(case)
    if trouble is None and not case.controls.both:
        trouble = case.controls.reason
    return trouble


def _file_is_ours(case: CaseEvidence, event: Event) -> bool:
    """Whether a record of a file is about one that the attack's receipt names."""
    phase = match.attack(case)
    first, last = match.window(case)
    if phase is None or event.file is None or not first <= event.time_ns <= last:
        return False
    ours = {match.plain(path) for step in phase.steps for path in (step.path, step.to) if path}
    return match.plain(event.file.path) in ours
