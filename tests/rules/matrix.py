"""Makes docs/deployed-forms.md: ``make forms``.

The table is what the forms do when they are executed here, on the examples of every rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.rules.examples import EXAMPLES, RULES
from tests.rules.forms import (
    EXECUTED,
    SQL,
    TITLES,
    Cover,
    Seen,
    claims,
    executed,
    executed_sql,
    forms,
)

from witnessmark.content import root

if TYPE_CHECKING:
    from pathlib import Path

PAGE = root() / "docs/deployed-forms.md"
WORDS = {Cover.COVERS: "yes", Cover.PARTLY: "partly", Cover.CANNOT: "no"}
HEAD = """# Deployed forms of the analytic

<!-- Made by `make forms`; a test makes it again. Change tests/rules/matrix.py, or the forms. -->

AN0994 as others run it: [analytics/an0994/forms](../analytics/an0994/forms). The Sigma rules are
the portable statement; the queries beside them are written by hand, because automatic conversions
of an ordered, path-joined correlation were wrong or refused wherever they were tried. The analytic
itself ([its rules](analytic.md)) says more than any of them can: each file says at its head which
rules it covers, which partly, and which it cannot. The SQL text for a lake is the exception: it is
asked of tables that the analytic's own keys have made, and says all that the analytic says.

| file | for | executed here by |
|---|---|---|
"""
ENGINES = {
    ".yml": ("any SIEM, as the portable statement", "pySigma's SQLite backend"),
    ".eql": ("Elastic (Elastic Defend's events)", "Elastic's `eql` engine for Python"),
    ".spl": ("Splunk (CIM data models)", "nothing: there is no engine to run it"),
    ".kql": ("Microsoft Defender XDR", "nothing: there is no engine to run it"),
}
MIDDLE = """
## Which rule is in which form

`yes`: it answers all examples of the rule as AN0994 does. `partly 3/5`: three of five, and at least
one that fires is among them. `no`: none that fires. Executed on the same synthetic records of a
sensor that tells every field: {examples} examples, in
[tests/rules/examples.py](../tests/rules/examples.py). A form for which there is no engine is not
executed: its column is what the file claims, in brackets.

"""
TAIL = """
Where a form answers fewer examples than AN0994 with the same telemetry, a detection is lost or a
false alarm comes with it. What a form does on real evidence is asked with
[`witnessmark compare`](commands/compare.md):

    witnessmark compare reports/latest --rules analytics/an0994/forms

## Why not

"""


def page() -> str:
    """The whole page."""
    found = forms()
    heads = [f"[{_name(file)}](../analytics/an0994/forms/{file.name})" for file in found]
    columns = [_column(file) for file in found]
    heads.insert(0, f"[SQL of the lake](../{SQL.relative_to(root())})")
    columns.insert(0, _told(executed_sql()))
    lines = [_row("rule", heads), "|---" * (len(heads) + 1) + "|"]
    lines += [_row(rule, [column[rule] for column in columns]) for rule in RULES]
    middle = MIDDLE.format(examples=len(EXAMPLES))
    return HEAD + _files(found) + middle + "\n".join(lines) + "\n" + TAIL + _reasons(found)


def _row(first: str, cells: list[str]) -> str:
    return f"| {' | '.join((first, *cells))} |"


def _name(file: Path) -> str:
    return f"{TITLES[file.suffix]} {file.stem}"


def _files(found: list[Path]) -> str:
    sql = f"[{SQL.name}](../{SQL.relative_to(root())})"
    engines = "a [lake](lake.md): DuckDB, SQLite, Spark, ClickHouse"
    rows = [
        f"| {sql} | {engines} | SQLite, over what `lake write` makes, as `lake detect` tells |\n"
    ]
    for file in found:
        target, engine = ENGINES[file.suffix]
        link = f"[{file.name}](../analytics/an0994/forms/{file.name})"
        rows.append(f"| {link} | {target} | {engine} |\n")
    return "".join(rows)


def _column(file: Path) -> dict[str, str]:
    if file.suffix not in EXECUTED:
        return {rule: f"({WORDS[claim.cover]})" for rule, claim in claims(file).items()}
    return _told(executed(file))


def _told(done: dict[str, Seen]) -> dict[str, str]:
    """``partly`` with how far."""
    return {
        rule: WORDS[seen.cover] + (f" {seen.agree}/{seen.of}" if seen.cover is Cover.PARTLY else "")
        for rule, seen in done.items()
    }


def _reasons(found: list[Path]) -> str:
    parts = []
    for file in found:
        told: dict[tuple[str, Cover], list[str]] = {}
        for rule, claim in claims(file).items():
            if claim.cover is not Cover.COVERS:
                told.setdefault((claim.why, claim.cover), []).append(rule)
        rows = [
            f"| {', '.join(rules)} | {WORDS[cover]} | {why} |"
            for (why, cover), rules in told.items()
        ]
        parts.append(f"### {file.name}\n\n| rule | | |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
