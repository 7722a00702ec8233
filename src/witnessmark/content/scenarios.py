"""Loads every scenario, with all problems of all files at once, each with file:line."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from witnessmark.content import fields, root, steps
from witnessmark.content.durations import seconds
from witnessmark.content.located import read, validate
from witnessmark.content.near import no_such
from witnessmark.content.quoting import quoted
from witnessmark.errors import ContentError, UsageError
from witnessmark.model.events import Kind
from witnessmark.model.scenario import Expectation, Scenario

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ID = re.compile(r"[a-z][0-9]{2}-[a-z0-9-]{1,48}")
AXIS = re.compile(r"[a-z][a-z0-9_]{0,15}")
VALUE = re.compile(r"[a-z0-9_]{1,24}")
RESERVED = frozenset(
    (
        "mark",
        "downloads",
        "caches",
        "home",
        "receipt",
        "browser",
        "window",
        "evidence",
        "tmp",
        "prefix",
    )
)
"""An axis of such a name would be ``WM_DOWNLOADS`` and so on: the suite's own variables."""


def load_all(folder: Path | None = None) -> tuple[Scenario, ...]:
    """Every scenario under ``folder`` (default: the shipped ones), sorted by id.

    Raises:
        ContentError: with one line per problem over all files.
    """
    base = folder or root() / "scenarios"
    files = sorted(base.glob("*/*/scenario.yaml"))
    if not files:
        raise ContentError([f"{base}: no <family>/<name>/scenario.yaml found here"])
    problems: list[str] = []
    found: dict[str, Scenario] = {}
    for file in files:
        try:
            scenario = load_one(file)
        except ContentError as error:
            problems.extend(error.problems)
            continue
        if scenario.id in found:
            problems.append(f"{file}: id {scenario.id} is used by another scenario")
        found[scenario.id] = scenario
    if not problems:
        problems.extend(
            f"scenario {item.id}: twin {item.twin} does not exist"
            for item in found.values()
            if item.twin and item.twin not in found
        )
    if problems:
        raise ContentError(problems)
    return tuple(found[key] for key in sorted(found))


def load_one(file: Path) -> Scenario:
    """One scenario.yaml, by itself.

    Raises:
        ContentError: with one line per problem, each as ``file:line: what``.
    """
    document = read(file)
    scenario = validate(document, Scenario)
    problems = [
        f"{document.where(tuple(re.split('[.: ]', text)[:1]))}: {text}"
        for text in _problems(scenario, file)
    ]
    script = file.parent / "run.sh"
    problems += steps.unknown(script) if script.is_file() else ()
    if problems:
        raise ContentError(problems)
    return scenario


def select(scenarios: Sequence[Scenario], wanted: Sequence[str]) -> tuple[Scenario, ...]:
    """The scenarios named by id or by its short form (``p11``); none named means all but controls.

    Raises:
        UsageError: for a name that no scenario has.
    """
    ordinary = [item for item in scenarios if item.family != "controls"]
    if not wanted:
        return tuple(ordinary)
    chosen: list[Scenario] = []
    for name in wanted:
        matches = [item for item in ordinary if name in (item.id, item.id.split("-")[0])]
        if not matches:
            known = [item.id for item in ordinary]
            raise UsageError(no_such(f"no scenario is called {quoted(name)}", name, known))
        chosen.extend(item for item in matches if item not in chosen)
    return tuple(chosen)


def _problems(scenario: Scenario, file: Path) -> list[str]:
    folder = file.parent
    checks = [
        (not ID.fullmatch(scenario.id), f"id {quoted(scenario.id)} must look like p11-short-name"),
        (folder.name != scenario.id, f"id {scenario.id} must be its folder's name, {folder.name}"),
        (folder.parent.name != scenario.family, f"family must be {folder.parent.name}, its folder"),
        (not (folder / "run.sh").is_file(), "run.sh is missing beside it"),
        (not scenario.records, "records: name at least one record that must exist"),
        (
            any(map(_bad_branch, _expectations(scenario))),
            "expect.branch must be none for silent and gap, else its branch",
        ),
        (
            any(e.answer == "suppressed" and not e.workflow for e in _expectations(scenario)),
            "expect.workflow: name the documented workflow that suppresses it",
        ),
    ]
    problems = [text for bad, text in checks if bad]
    try:
        seconds(scenario.timeout)
    except ValueError as error:
        problems.append(f"timeout: {error}")
    problems.extend(_axis_problems(scenario))
    known = {kind.value for kind in Kind}
    problems.extend(
        f"records.{record.id}: unknown event kind {quoted(kind)}"
        for record in scenario.records
        for kind in record.event
        if kind not in known
    )
    problems.extend(
        f"records.{record.id}: the event model has no field {quoted(name)}"
        for record in scenario.records
        for name in record.fields
        if not fields.known(name)
    )
    return problems


def _expectations(scenario: Scenario) -> tuple[Expectation, ...]:
    return (scenario.expect, *scenario.profiles.values())


def _bad_branch(expect: Expectation) -> bool:
    silent = expect.answer in ("silent", "gap")
    return silent != (expect.branch == "none")


def _axis_problems(scenario: Scenario) -> list[str]:
    problems = []
    for name, values in scenario.axes.items():
        if not AXIS.fullmatch(name):
            problems.append(f"axes: {quoted(name)} is not a plain lower-case name")
        if name in RESERVED:
            problems.append(f"axes: {quoted(name)} is a variable of the suite's own; rename it")
        problems.extend(
            f"axes.{name}: {quoted(value)} is given more than once"
            for value, count in Counter(values).items()
            if count > 1
        )
        if not values:
            problems.append(f"axes.{name}: give at least one value")
        problems.extend(
            f"axes.{name}: {quoted(value)} may hold only a-z, 0-9 and _"
            for value in values
            if not VALUE.fullmatch(value)
        )
    return problems
