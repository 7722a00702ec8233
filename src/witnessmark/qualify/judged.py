"""Holds captured records against what their decoder says that it knows."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from witnessmark.doctor.lines import Line
from witnessmark.model.events import Kind
from witnessmark.model.verdicts import Status
from witnessmark.qualify.probes import ARGUMENTS, PROBES, named
from witnessmark.telemetry.format import Fill

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from witnessmark.model.events import Event
    from witnessmark.qualify.own import Record
    from witnessmark.qualify.probes import Probe
    from witnessmark.telemetry.format import Format

HOST: Final = "host"
ODD_NAME: Final = "-names a|b'c\"d\u00e9"


def judged(
    form: Format, source: str, records: Sequence[Record], mark: str, done: Mapping[str, str]
) -> Iterator[Line]:
    """A line for each thing of a source that is not as its decoder says; one if all is.

    Args:
        form: the decoder.
        source: its name in the pack.
        records: all that was captured.
        mark: what every probe's files and arguments are called.
        done: of each probe how it ended on the host: ``did``, or why it was not done.
    """
    unknown = [item for item in records if item.bad is not None and item.bad.unknown_shape]
    for item in unknown:
        assert item.bad is not None
        where = "its record is in the pack" if item.own else "of its record only the shape is kept"
        message = f"line {item.number} is of a shape that no decoder knows: {item.bad.reason}"
        mend = f"hand the pack back ({where})"
        yield _line(f"shape {source}", Status.FAIL, message, mend)
    torn = [item for item in records if item.bad is not None and not item.bad.unknown_shape]
    if torn:
        reason = torn[0].bad.reason if torn[0].bad else ""
        message = f"{len(torn)} lines are no records, the first is line {torn[0].number}: {reason}"
        yield _line(f"lines {source}", Status.FAIL, message, "look at the sensor's own output")
    if tangled := sum(1 for item in records if item.tangled):
        message = (
            f"{tangled} records that name the probes are too long or too nested to be scrubbed"
        )
        yield _line(f"lines {source}", Status.ERROR, f"{message}; they are not in the pack")
    if not unknown and not torn:
        yield _line(f"shape {source}", Status.PASS, f"all {len(records)} records can be read")
    events = [event for item in records if item.own for event in item.events]
    never = [item for item in PROBES if _never(form, item)]
    if never:
        names = ", ".join(item.name for item in never)
        message = f"a source of kind {form.KIND} never records these probes: {names}"
        yield _line(f"never {source}", Status.SKIP, message)
    for probe in (item for item in PROBES if item not in never):
        yield from _probe(form, source, probe, [e for e in events if _is_of(e, probe, mark)], done)


def _never(form: Format, probe: Probe) -> bool:
    return all(form.FILLS[kind.value] is Fill.NEVER for kind in probe.kinds)


def _is_of(event: Event, probe: Probe, mark: str) -> bool:
    if event.kind not in probe.kinds:
        return False
    return event.kind is Kind.FORK or named(event, mark) == probe.name


def _probe(
    form: Format, source: str, probe: Probe, found: Sequence[Event], done: Mapping[str, str]
) -> Iterator[Line]:
    name = f"{probe.name} {source}"
    if (how := done.get(probe.name, "the host did not come to it")) != "did":
        status = Status.SKIP if how == "missing" else Status.ERROR
        message = "the host has no tool for it" if how == "missing" else f"it was not done: {how}"
        yield _line(name, status, message)
    elif not found:
        kinds = " or ".join(kind.value for kind in probe.kinds)
        message = f"the host {probe.what}, and no record of it came ({kinds})"
        mend = "is the sensor told to record this kind of event?"
        yield _line(name, Status.ERROR, message, mend)
    else:
        wrong = [*_unfilled(form, probe, found), *_otherwise(form, probe, found)]
        for message in wrong:
            mend = "hand the pack back: the decoder does not know this record as it is"
            yield _line(name, Status.FAIL, message, mend)
        if not wrong:
            kinds = " and ".join(dict.fromkeys(event.kind.value for event in found))
            yield _line(name, Status.PASS, f"recorded as {kinds}")


def _unfilled(form: Format, probe: Probe, found: Sequence[Event]) -> Iterator[str]:
    """What the decoder's table promises and no record of the probe told."""
    for column in probe.columns:
        if form.FILLS.get(column) is Fill.NEVER or any(
            column in item.process.simulated for item in found
        ):
            continue
        if all(getattr(item, column) is None for item in found):
            yield f"its record says nothing of `{column}`, which this kind of source should tell"


def _otherwise(form: Format, probe: Probe, found: Sequence[Event]) -> Iterator[str]:
    """Words and names that came through otherwise than they were given."""
    if probe.name == "arguments" and form.FILLS["args"] is Fill.PRESENT:
        given = tuple(map(_composed, ARGUMENTS))
        told = [tuple(map(_composed, item.args or ()))[-len(given) :] for item in found]
        if given not in told:
            yield f"the words {ARGUMENTS!r} came as {told[-1]!r}"
    if probe.name == "names":
        told_paths = [_composed(item.file.path) for item in found if item.file is not None]
        if not any(path.endswith(_composed(ODD_NAME)) for path in told_paths):
            yield f"the name *{ODD_NAME} came as {told_paths[-1:]!r}"


def _composed(text: str) -> str:
    """macOS may give a name's accents as letters of their own."""
    return unicodedata.normalize("NFC", text)


def _line(name: str, status: Status, message: str, mend: str = "") -> Line:
    return Line(host=HOST, name=name, status=status, message=message, mend=mend)
