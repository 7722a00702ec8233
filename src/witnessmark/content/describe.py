"""The tables of docs/scenarios.md, made of the content: ``python -m witnessmark.content.describe``.

The catalogue is what the scenarios say of themselves, the steps what the comments of the step
library say. Given the page's path, the module writes its tables anew.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from witnessmark.content import root, scenarios

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from witnessmark.model.scenario import Expectation, Scenario

LIBRARY = ("witness", "files", "binary", "runs", "browser", "images")
"""The files of scenarios/lib/ that hold steps, in the order of the page."""
PLACES = {"WM_DOWNLOADS": "downloads", "WM_CACHES": "caches", "WM_TMP": "/private/tmp"}
_FUNCTION = re.compile(r"(?m)(?P<comment>(?:^#.*\n)*)^(?P<name>\w+)\(\) \{$")
_CALL = re.compile(r"(?<![\w$\"{])wm_[a-z_]+(?![\w=])")
_SAYS = re.compile(r"# (?P<call>(?P<name>\w+)(?: [^:]*)?): (?P<text>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function of the step library, with what its comment says; empty without a comment."""

    file: str
    name: str
    call: str = ""
    text: str = ""


def script(scenario: Scenario) -> str:
    """The text of a scenario's run.sh."""
    return (root() / "scenarios" / scenario.family / scenario.id / "run.sh").read_text("utf-8")


def directories(scenario: Scenario, text: str) -> tuple[str, ...]:
    """Where a scenario puts what it runs: of its axis ``directory``, else of its script's text."""
    if "directory" in scenario.axes:
        return scenario.axes["directory"]
    return tuple(place for name, place in PLACES.items() if re.search(rf"\${{?{name}\b", text))


def functions() -> tuple[Function, ...]:
    """Every function of the step library, file by file."""
    return tuple(
        _function(name, found)
        for name in LIBRARY
        for found in _FUNCTION.finditer((root() / f"scenarios/lib/{name}.sh").read_text("utf-8"))
    )


def called(texts: Iterable[str]) -> frozenset[str]:
    """Which functions scripts call, by their names."""
    return frozenset(name for text in texts for name in _CALL.findall(text))


def catalogue() -> str:
    """The table of all scenarios."""
    every = scenarios.load_all()
    by_id = {item.id: item for item in every}
    rows = [_row(item, by_id) for item in every]
    head = ("scenario", "what", "branch", "directories", "expects", "twin", "what it does not show")
    return _table(head, rows)


def steps(*, used: bool) -> str:
    """The table of the functions that some scenario's script calls, or of the others."""
    names = called(script(item) for item in scenarios.load_all())
    rows = [
        (f"`{item.call}`", item.text, f"{item.file}.sh")
        for item in functions()
        if item.text and (item.name in names) is used
    ]
    return _table(("step", "what it does", "in"), rows)


def rewritten(page: str) -> str:
    """The page with its tables as they should be.

    Raises:
        ValueError: if the page has no place for one of them.
    """
    tables = {"catalogue": catalogue(), "steps": steps(used=True), "parts": steps(used=False)}
    for name, table in tables.items():
        begin, end = f"<!-- table: {name} -->", "<!-- end -->"
        before, found, rest = page.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"the page has no place for the table {name!r}")
        page = f"{before}{begin}\n{table}\n{end}{after}"
    return page


def _function(file: str, found: re.Match[str]) -> Function:
    said = _SAYS.fullmatch(found["comment"].strip())
    if said is None or said["name"] != found["name"]:
        return Function(file=file, name=found["name"])
    text = " ".join(line.removeprefix("#").strip() for line in said["text"].splitlines())
    return Function(file=file, name=found["name"], call=said["call"], text=text)


def _row(scenario: Scenario, by_id: dict[str, Scenario]) -> tuple[str, ...]:
    axes = "; ".join(f"{name}: {', '.join(values)}" for name, values in scenario.axes.items())
    what = f"{scenario.title} ({axes})" if axes else scenario.title
    where = ", ".join(directories(scenario, script(scenario))) or "none"
    answers = [_expects(scenario.expect)]
    answers += [f"profile {name}: {_expects(it)}" for name, it in scenario.profiles.items()]
    twin = by_id.get(scenario.twin or "")
    return (
        f"`{scenario.id}`",
        what,
        scenario.branch,
        where,
        "; ".join(answers),
        f"{_side(twin)} `{twin.id}`" if twin else "itself a control",
        scenario.limits,
    )


def _expects(expect: Expectation) -> str:
    if expect.answer == "gap":
        return f"**GAP**: {expect.reason}"
    more = f" by `{expect.workflow}`" if expect.workflow else ""
    more += f" ({expect.branch})" if expect.answer == "fires" else ""
    more += " or is prevented" if expect.or_prevented else ""
    return expect.answer.value + more


def _side(scenario: Scenario) -> str:
    return "positive" if scenario.expect.answer == "fires" else "benign"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main(page: Path) -> None:
    """Write the page's tables anew."""
    page.write_text(rewritten(page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
