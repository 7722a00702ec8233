"""Prints what a run will do: for reading, or as JSON."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING

from witnessmark.report.plain import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.outline import CaseOutline, HostOutline, Outline


def as_json(what: Outline) -> str:
    """One JSON object; the field names are those of ``witnessmark.outline``."""
    return json.dumps(asdict(what), indent=1) + "\n"


def as_text(what: Outline) -> str:
    """For reading: every host with what is written, read and called on it."""
    return "".join(visible(line) + "\n" for line in _lines(what))


def _lines(what: Outline) -> Iterator[str]:
    profile = f", profile {what.profile}" if what.profile else ""
    yield f"run {what.run_id}: drop-exec window {what.window_s:g} s{profile}, nothing was touched"
    yield (
        f"about {_time(what.expected_s)} of play (hosts at the same time), then up to "
        f"{_time(what.late_arrival_s)} for late records"
    )
    for host in what.hosts:
        yield ""
        yield from _host(host)


def _host(host: HostOutline) -> Iterator[str]:
    yield f"{host.name} ({host.origin}, {host.connection}: {host.reached})"
    yield f"  consent   {host.consent_file}, and witnessmark_lab: true in the inventory"
    yield f"  writes    {', '.join(host.folders)}; all three are removed at the end"
    for source in host.sources:
        yield (
            f"  reads     {source.name} ({source.kind}, {source.role}): {source.read}; "
            f"an alert counts within {_time(source.alert_deadline_s)}"
        )
        if source.asks:
            yield f"  asks      {source.name}: {'; '.join(source.asks)}"
    names = {name for case in host.cases for item in case.phases for name in item.env}
    axes = {f"WM_{name.upper()}" for case in host.cases for name in case.axes}
    yield f"  sets      LC_ALL, {', '.join(sorted(names - axes))} in a cleared environment"
    if host.browser:
        yield f"  browser   {host.browser}"
    if host.retention:
        yield f"  retention profile {host.retention}"
    yield from (
        f"  broken on purpose: {', '.join(f'{key} {value}' for key, value in fault.items())}"
        for fault in host.faults
    )
    yield from (line for case in host.cases for line in _case(case))


def _case(case: CaseOutline) -> Iterator[str]:
    kind = f"positive control {case.control}" if case.control else case.title
    lab = ", lab: never counts as coverage" if case.lab else ""
    beside = " (beside the other cases)" if case.beside else ""
    yield f"{case.index:4}  {case.id}: {kind}{beside}"
    yield (
        f"      branch {case.branch} {case.expect}; needs {', '.join(case.needs)}; "
        f"{_waits(case.waits_s)}each phase at most {_time(case.limit_s)}{lab}"
    )
    words = [item.argv[-1] for item in case.phases]
    yield f"      calls {shlex.join(case.phases[0].argv[:-1])} {', '.join(words)}"
    yield f"      marks {', '.join(item.mark for item in case.phases)}"
    if case.axes:
        pairs = (f"WM_{name.upper()}={value}" for name, value in case.axes.items())
        yield f"      with {' '.join(pairs)}"


def _waits(seconds: tuple[float | None, ...]) -> str:
    if not seconds:
        return ""
    told = ["an unknown time" if item is None else f"{item:g} s" for item in seconds]
    return f"waits {', then '.join(told)}; "


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:g} s"
    return f"{seconds / 60:.0f} min"
