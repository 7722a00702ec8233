"""Whether a bag's record agrees with the content that lies beside it.

What a case should get, and the windows that it was played with, are said twice: in run.json, which
a judge reads, and in the scenarios and the analytic as executed. Where they contradict each other
nobody knows what was tested.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from witnessmark.analytic import load
from witnessmark.content import scenarios
from witnessmark.plan import in_profile, is_lab, variants

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from witnessmark.model.run import Case, Plan
    from witnessmark.model.scenario import Scenario

ANALYTIC = "analytics/an0994/analytic.yaml"
SCENARIOS = "content/scenarios/"


def described(names: frozenset[str]) -> bool:
    """Whether a bag holds what its scenarios expect; those of older versions do not."""
    return any(
        name.startswith(f"data/{SCENARIOS}") and name.endswith("/scenario.yaml") for name in names
    )


def first_contradiction(folder: Path, names: frozenset[str], plan: Plan) -> str | None:
    """What of a plan the bag's own content denies, as the rest of a sentence of run.json; or None.

    Raises:
        ContentError: if the content itself cannot be read.
    """
    data = folder / "data"
    for problem in _windows(data, names, plan):
        return problem
    for problem in _cases(data, names, plan) if described(names) else ():
        return problem
    return None


def _windows(data: Path, names: frozenset[str], plan: Plan) -> Iterator[str]:
    if f"data/{ANALYTIC}" not in names:
        return
    params = load(data / ANALYTIC, profile=plan.profile).parameters
    for name, said, true in (
        ("window_s", plan.window_s, params.drop_exec_window),
        ("late_arrival_s", plan.late_arrival_s, params.late_arrival),
    ):
        if said != true:
            yield f"says that plan.{name} is {said:g} s, and its own {ANALYTIC} {true:g} s"


def _cases(data: Path, names: frozenset[str], plan: Plan) -> Iterator[str]:
    hosts = {host.name: host for host in plan.hosts}
    standard = _standard_window_s(data, names) in (None, plan.window_s)
    known: dict[str, Scenario] = {}
    for case in plan.cases:
        said = case.scenario
        name = f"{SCENARIOS}{said.family}/{said.id}/scenario.yaml"
        if f"data/{name}" not in names:
            yield f"has case {case.id!r}, and {name} is not in its bag"
            return
        if name not in known:
            known[name] = scenarios.load_one(data / name)
        profile = None if case.control else plan.profile
        yield from _case(case, in_profile(known[name], profile), name)
        if not (case.lab or case.control) and is_lab(said, hosts[case.host], standard=standard):
            yield f"counts case {case.id!r} as coverage, and it is a lab case"


def _case(case: Case, true: Scenario, name: str) -> Iterator[str]:
    for field in fields(true):
        if getattr(case.scenario, field.name) != getattr(true, field.name):
            yield f"has case {case.id!r} with another {field.name} than {name}"
    chosen = [()] if case.control else [*variants(true)]
    if case.axes not in chosen:
        yield f"has case {case.id!r} with axes that {name} does not have"
    if (case.control is not None) != (true.family == "controls"):
        yield f"has case {case.id!r} as a control or not, and {name} says otherwise"


def _standard_window_s(data: Path, names: frozenset[str]) -> float | None:
    """The window without any profile; None if nobody knows."""
    if f"data/{ANALYTIC}" not in names:
        return None
    return load(data / ANALYTIC).parameters.drop_exec_window
