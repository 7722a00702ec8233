"""Scenarios and hosts become cases: pure, and exactly what ``run`` will carry out."""

from __future__ import annotations

import itertools
import math
import re
import secrets
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from witnessmark.content.durations import seconds
from witnessmark.errors import HostError, UsageError
from witnessmark.model.hosts import Origin
from witnessmark.model.run import Case, Plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from witnessmark.model.hosts import Host
    from witnessmark.model.scenario import Scenario

RUN_ID = re.compile(r"[0-9]{8}t[0-9]{6}z-[0-9a-f]{6}")
CONTROLS = {"B": "c01-drop-pulse", "A": "c02-spawn-pulse"}


def new_run_id(now: datetime) -> str:
    """A run id such as ``20261124t042002z-1f0c9a``: sortable, unique, safe in every file name."""
    return f"{now:%Y%m%dt%H%M%Sz}-{secrets.token_hex(3)}"


def check_run_id(run_id: str) -> str:
    """The id itself, if it has the form of a run id.

    Raises:
        UsageError: otherwise, because it becomes part of paths that are removed later.
    """
    if not RUN_ID.fullmatch(run_id):
        raise UsageError(f"{run_id!r} is not a run id (they look like 20261124t042002z-1f0c9a)")
    return run_id


def build(
    *,
    run_id: str,
    hosts: Sequence[Host],
    scenarios: Sequence[Scenario],
    catalogue: Sequence[Scenario],
    window_s: float,
    late_arrival_s: float,
    profile: str | None,
    standard_window_s: float | None = None,
) -> Plan:
    """Every scenario variant on every host, bracketed by the positive controls of its branches.

    On a real Mac a window other than the standard one (a profile's, to save time) makes every case
    lab: what is judged then is not the deployed analytic.

    Raises:
        HostError: if a host is not declared a lab host; nothing is planned for any host then.
    """
    for host in hosts:
        if not host.lab:
            raise HostError(
                f"{host.name}: refused, it is not declared a lab host; "
                "set witnessmark_lab: true for it in the inventory if it is a test Mac"
            )
    standard = standard_window_s is None or standard_window_s == window_s
    by_id = {item.id: item for item in catalogue}
    cases: list[Case] = []
    index = itertools.count(1)
    for host in hosts:
        controls = [by_id[name] for name in _controls(scenarios, host)]
        cases += [_control(item, host, next(index), "before") for item in controls]
        for scenario in (in_profile(item, profile) for item in sorted(scenarios, key=_no_browser)):
            cases += [
                _case(scenario, host, next(index), axes, window_s, standard=standard)
                for axes in variants(scenario)
            ]
        cases += [_control(item, host, next(index), "after") for item in controls]
    twice = [key for key, count in Counter(case.id for case in cases).items() if count > 1]
    if twice:
        raise UsageError(f"two cases would be called {twice[0]}; a case's id must be its own")
    return Plan(
        run_id=run_id,
        profile=profile,
        window_s=window_s,
        late_arrival_s=late_arrival_s,
        hosts=tuple(hosts),
        cases=tuple(cases),
    )


def _no_browser(scenario: Scenario) -> bool:
    """Those that start a browser come first: ``phases.Lanes.browsing`` says why."""
    return "browser" not in scenario.needs


def whole_window(plan: Plan) -> int:
    """The drop-exec window in whole seconds, rounded up: what a script's sleep can be told."""
    return math.ceil(plan.window_s)


def _controls(scenarios: Sequence[Scenario], host: Host) -> Iterator[str]:
    yield CONTROLS["B"]
    if host.browser and any("A" in item.branch for item in scenarios):
        yield CONTROLS["A"]


def in_profile(scenario: Scenario, profile: str | None) -> Scenario:
    """The scenario with the answer that is right under the analytic's profile in use."""
    other = scenario.profiles.get(profile) if profile else None
    return scenario if other is None else replace(scenario, expect=other)


def variants(scenario: Scenario) -> Iterator[tuple[tuple[str, str], ...]]:
    """Every choice of one value for each of a scenario's axes."""
    names = list(scenario.axes)
    for values in itertools.product(*(scenario.axes[name] for name in names)):
        yield tuple(zip(names, values, strict=True))


def _case(
    scenario: Scenario,
    host: Host,
    index: int,
    axes: tuple[tuple[str, str], ...],
    window_s: float,
    *,
    standard: bool,
) -> Case:
    variant = "." + "-".join(value for _, value in axes) if axes else ""
    return Case(
        id=f"{scenario.id}{variant}:{host.name}",
        index=index,
        host=host.name,
        scenario=scenario,
        axes=axes,
        timeout_s=max(seconds(scenario.timeout), window_s + 30.0),
        lab=is_lab(scenario, host, standard=standard),
    )


def is_lab(scenario: Scenario, host: Host, *, standard: bool) -> bool:
    """Whether a scenario's cases on a host never count as coverage; ``standard``: its window is."""
    unlike = not standard or _on_our_own(scenario)
    return bool(scenario.parameters) or (host.origin is Origin.MAC and unlike)


def _on_our_own(scenario: Scenario) -> bool:
    """The lab browser is no browser that anybody deployed, nor are the suite's own workflows."""
    return scenario.lab or "browser" in scenario.needs


def _control(scenario: Scenario, host: Host, index: int, when: str) -> Case:
    return Case(
        id=f"{scenario.id}.{when}:{host.name}",
        index=index,
        host=host.name,
        scenario=scenario,
        timeout_s=seconds(scenario.timeout),
        control=when,
    )
