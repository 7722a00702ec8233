"""Whether run.json holds together: a record that a judge would stumble over is refused first.

Its digest only says that nobody changed a bag after sealing; who sealed it may have meant harm.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from witnessmark.content import fields
from witnessmark.content.durations import seconds
from witnessmark.model.alerts import alerts_of
from witnessmark.model.events import Kind
from witnessmark.plan import RUN_ID

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from witnessmark.model.run import Act, Case, Collection, Plan, RunRecord

HOST = re.compile(r"(?!.*\.\.)[a-z0-9][a-z0-9._-]*")
SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]*")
FIRST_NS, LAST_NS = 946_684_800 * 10**9, 7_258_118_400 * 10**9
"""The years 2000 to 2200."""
LONGEST_S = 100 * 366 * 86400.0
KINDS = frozenset(kind.value for kind in Kind)


def first_problem(record: RunRecord) -> str | None:
    """What is wrong with a record, as the rest of a sentence that begins with ``run.json``."""
    for problem in _problems(record):
        return problem
    return None


def _problems(record: RunRecord) -> Iterator[str]:
    plan = record.plan
    yield from plan_problems(plan)
    hosts = {host.name for host in plan.hosts}
    yield from _one_each("host", hosts, "facts", (item.name for item in record.facts))
    ids = [case.id for case in plan.cases]
    yield from _one_each("case", ids, "acts", (act.case_id for act in record.acts))
    sources = {(host.name, source.name) for host in plan.hosts for source in host.sources}
    yield from _once("collection", record.collections, sources)
    delivered = {
        (host.name, source.name)
        for host in plan.hosts
        for source in host.sources
        if source.destination is not None
    }
    delivered |= {
        (host.name, alerts_of(source.name))
        for host in plan.hosts
        for source in host.sources
        if source.alerts is not None
    }
    yield from _once("delivery", record.deliveries, delivered)
    profiles = {profile.id for profile in record.retention}
    for host in plan.hosts:
        for name in (host.retention, *(source.retention for source in host.sources)):
            if name is not None and name not in profiles:
                yield f"names the retention profile {name!r} but does not hold it"
    yield from _parts(record)
    for profile in record.retention:
        yield from _duration(f"retention profile {profile.id!r}: required", profile.required)
    yield from _ranges(record)


def _once(what: str, items: Iterable[Collection], planned: set[tuple[str, str]]) -> Iterator[str]:
    for key, count in Counter((item.host, item.source) for item in items).items():
        if key not in planned:
            where = " with a destination or alerts" if what == "delivery" else ""
            yield f"has a {what} of {key!r}, which is no host and source{where} of its plan"
        if count > 1:
            yield f"has more than one {what} of {key!r}"


def plan_problems(plan: Plan) -> Iterator[str]:
    """What is wrong with a plan that was read from a file: its names become parts of paths."""
    if not RUN_ID.fullmatch(plan.run_id):
        yield f"has the run id {plan.run_id!r}, which is none"
    yield from _names(plan)
    ids = Counter(case.id for case in plan.cases)
    yield from (f"has more than one case {key!r}" for key, count in ids.items() if count > 1)
    hosts = {host.name for host in plan.hosts}
    for case in plan.cases:
        yield from _case(case, hosts)


def _names(plan: Plan) -> Iterator[str]:
    for host in plan.hosts:
        if not HOST.fullmatch(host.name):
            yield f"has a host called {host.name!r}: a name is made of a-z, 0-9, '.', '_' and '-'"
        for source in host.sources:
            if not SOURCE.fullmatch(source.name):
                yield f"has a source called {source.name!r}: use a-z, 0-9, '_' and '-'"
        yield from _twice(f"source of {host.name}", (source.name for source in host.sources))
    yield from _twice("host", (host.name for host in plan.hosts))


def _one_each(what: str, wanted: Iterable[str], row: str, given: Iterable[str]) -> Iterator[str]:
    found = Counter(given)
    for name in wanted:
        if found[name] != 1:
            yield f"has {found[name]} entries of {row} for {what} {name!r}; one is needed"
    for name in found.keys() - set(wanted):
        yield f"has {row} for {name!r}, which is no {what} of its plan"


def _twice(what: str, given: Iterable[Hashable]) -> Iterator[str]:
    return (f"has more than one {what} {key!r}" for key, n in Counter(given).items() if n > 1)


def _case(case: Case, hosts: set[str]) -> Iterator[str]:
    if case.host not in hosts:
        yield f"has case {case.id!r} on {case.host!r}, which is no host of its plan"
    if not case.scenario.records:
        yield f"has case {case.id!r} without a record that must exist"
    for record in case.scenario.records:
        for name in record.fields:
            if not fields.known(name):
                yield f"has case {case.id!r} with {name!r}, which is no field of a record"
        for kind in record.event:
            if kind not in KINDS:
                yield f"has case {case.id!r} with {kind!r}, which is no kind of event"
    yield from _duration(f"case {case.id!r}: timeout", case.scenario.timeout)


def _parts(record: RunRecord) -> Iterator[str]:
    last = len(record.absences)
    for act in record.acts:
        if not 0 <= act.part <= last:
            yield f"has case {act.case_id!r} in part {act.part}, and its last part is {last}"
    for item in (*record.collections, *record.deliveries):
        parts = [hole.part for hole in item.holes]
        if parts != sorted(set(parts)) or not all(0 < part <= last for part in parts):
            yield f"has holes of {item.source!r} on {item.host!r} that are not between its parts"
    for facts in record.facts:
        if len(facts.offsets_s) > last + 1 or (last and 0 < len(facts.offsets_s) <= last):
            yield f"has {len(facts.offsets_s)} clock offsets of {facts.name!r} for {last + 1} parts"


def _duration(what: str, text: str) -> Iterator[str]:
    try:
        found = seconds(text)
    except ValueError as problem:
        yield f"is not understood at {what}: {problem}"
        return
    if found > LONGEST_S:
        yield f"is not understood at {what}: {text!r} is more than 100 years"


def _ranges(record: RunRecord) -> Iterator[str]:
    plan = record.plan
    lengths = [("plan.window_s", plan.window_s), ("plan.late_arrival_s", plan.late_arrival_s)]
    lengths += [(f"case {case.id!r}: timeout_s", case.timeout_s) for case in plan.cases]
    for host in plan.hosts:
        lengths.append((f"host {host.name}: connect_timeout_s", host.connect_timeout_s))
        lengths.append((f"host {host.name}: dead_man_s", host.dead_man_s))
        lengths += [
            (f"source {source.name}: alert_deadline_s", source.alert_deadline_s)
            for source in host.sources
            if source.alert_deadline_s is not None
        ]
        lengths += [
            (f"source {source.name}: destination.deadline_s", source.destination.deadline_s)
            for source in host.sources
            if source.destination is not None
        ]
    for what, length in lengths:
        if not 0 <= length <= LONGEST_S:
            yield f"is not understood at {what}: {length!r} is not within 0 s and 100 years"
    for item in (*record.collections, *record.deliveries):
        if not 0 <= item.grain_ns <= LONGEST_S * 1e9:
            yield f"has looks at {item.source!r} on {item.host!r} that cannot be so far apart"
    for facts in record.facts:
        offsets = (facts.clock_offset_s, facts.clock_offset_end_s, *facts.offsets_s)
        if any(abs(offset or 0.0) > LONGEST_S for offset in offsets):
            yield f"has a clock offset of more than 100 years for {facts.name!r}"
        if not 0 <= (facts.clock_uncertainty_s or 0.0) <= LONGEST_S:
            yield f"has a clock uncertainty that is none for {facts.name!r}"
    for what, moment in _times(record):
        if not FIRST_NS <= moment < LAST_NS:
            yield f"has a time that is not within the years 2000 and 2200, at {what}"


def _times(record: RunRecord) -> Iterator[tuple[str, int]]:
    yield "started_ns", record.started_ns
    yield "finished_ns", record.finished_ns
    if record.plan.notice is not None:
        yield "plan.notice.begins_ns", record.plan.notice.begins_ns
        yield "plan.notice.ends_ns", record.plan.notice.ends_ns
    for absence in record.absences:
        yield from (("absences", moment) for moment in (absence.since_ns, absence.until_ns))
    for act in record.acts:
        yield from ((f"case {act.case_id!r}", moment) for moment in _times_of_act(act))
    for item in (*record.collections, *record.deliveries):
        what = f"collection of {item.source} on {item.host}"
        yield from ((what, moment) for moment in _times_of_collection(item))


def _times_of_act(act: Act) -> Iterator[int]:
    for phase in act.phases:
        yield phase.started_ns
        yield phase.finished_ns
    for listing in (act.before, act.after):
        if listing is not None:
            yield listing.taken_ns


def _times_of_collection(item: Collection) -> Iterator[int]:
    yield from (received_ns for _, received_ns in item.chunks if received_ns is not None)
    if item.look is not None:
        yield item.look.taken_ns
