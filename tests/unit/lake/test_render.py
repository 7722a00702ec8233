"""What is checked in is what the one SQL text renders to, of what every engine has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from witnessmark.lake import render
from witnessmark.lake.columns import VERDICT
from witnessmark.lake.engines import text_for

pytest.importorskip("sqlglot", reason="renders the SQL; one of the test tools")

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("engine", render.ENGINES)
def test_a_rendering_is_of_the_text_as_it_is(engine: str) -> None:
    assert text_for(engine) == render.rendered(engine), "python -m witnessmark.lake.render"


@pytest.mark.parametrize(
    "piece",
    [
        "SELECT a FROM t ASOF JOIN u ON t.a >= u.a",
        "SELECT a[1] FROM t",
        "SELECT REGEXP_LIKE(a, 'x')",
    ],
)
def test_what_some_engine_lacks_is_refused(
    piece: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "an0994.sql").write_text(piece)
    monkeypatch.setattr(render, "TEXTS", tmp_path)
    with pytest.raises(ValueError, match="not every engine has"):
        render.rendered("spark")


def test_the_text_names_the_columns_of_its_answer_in_order() -> None:
    last = render.source().rpartition("\nSELECT\n")[2].partition("\nFROM ")[0]
    names = [line.rpartition(" AS ")[2].rstrip(",") for line in last.splitlines() if " AS " in line]
    assert tuple(names) == VERDICT
