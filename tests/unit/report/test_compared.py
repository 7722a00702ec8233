"""The comparison as a table: sources, many reasons, and what is missing, each told once."""

from __future__ import annotations

import io

from rich.console import Console

from witnessmark.compare.comparison import Asked, Cell, Compared, Comparison, Said
from witnessmark.compare.outcome import Form
from witnessmark.model.scenario import ExpectedAnswer
from witnessmark.report.compared import MOST_REASONS, table


def case(name: str, source: str, cell: Cell) -> Compared:
    return Compared(
        case=name,
        source=source,
        title="t",
        expect=ExpectedAnswer.FIRES,
        analytic=Cell(said=Said.SAW),
        cells=(cell,),
    )


def told(*cases: Compared) -> list[str]:
    rule = Asked(name="R1", file="a.yml", form=Form.SIGMA, title="")
    out = io.StringIO()
    found = Comparison(run_id="r", rules=(rule,), cases=cases)
    Console(file=out, width=200, color_system=None).print(table(found))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_sources_are_named_where_there_are_several() -> None:
    seen = Cell(said=Said.SAW)
    assert "x01  es     fires   saw    saw" in told(
        case("x01", "es", seen), case("x01", "santa", seen)
    )
    assert "x01  fires   saw    saw" in told(case("x01", "es", seen))


def test_the_same_reason_is_told_once() -> None:
    open_ = Cell(said=Said.UNKNOWN, reason="no")
    lines = told(*(case(f"x{n}", "es", open_) for n in range(3)))
    assert [line for line in lines if "? R1" in line] == ["  ? R1 on x0 and 2 more: no"]


def test_of_very_many_reasons_the_rest_is_counted() -> None:
    cells = [Cell(said=Said.UNKNOWN, reason=str(n)) for n in range(MOST_REASONS + 2)]
    lines = told(*(case(f"x{n}", "es", cell) for n, cell in enumerate(cells)))
    assert "  and 2 more reasons: --format json has all" in lines
