"""docs/sources.md says what the decoders say, and every list of kinds is the same list."""

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from witnessmark.inventory import sources
from witnessmark.telemetry import describe
from witnessmark.telemetry import format as form_
from witnessmark.telemetry.describe import page
from witnessmark.telemetry.format import COLUMNS, Fill, fills
from witnessmark.telemetry.kinds import KINDS, decoder_of

BASE = Path(__file__).parents[2]
PAGE = BASE / "docs/sources.md"
FOLDER = BASE / "src/witnessmark/telemetry"


def modules() -> Iterator[str]:
    for file in FOLDER.glob("*.py"):
        if re.search(r"(?m)^FILLS\b", file.read_text("utf-8")):
            yield file.stem.replace("_", "-")


def test_the_page_is_what_the_decoders_say_of_themselves() -> None:
    assert PAGE.read_text("utf-8") == page(), (
        "write it anew: python -m witnessmark.telemetry.describe > docs/sources.md"
    )


def test_every_decoder_is_registered_and_has_its_tests() -> None:
    assert set(modules()) == {*KINDS, "no-records"}, "which stands for a source without records"
    for kind in KINDS:
        test = BASE / f"tests/unit/telemetry/test_{kind.replace('-', '_')}.py"
        assert test.is_file(), f"{kind} has no tests of its own"


def test_an_inventory_may_name_every_kind() -> None:
    assert sources.KINDS == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_decoder_says_all_that_it_must(kind: str) -> None:
    form = decoder_of(kind)
    assert kind == form.KIND
    assert tuple(form.FILLS) == COLUMNS
    assert form.TIME_RESOLUTION >= 1
    assert form.TITLE
    assert all(isinstance(item, str) for item in form.LOSS_SIGNALS)
    counted = form.FILLS["global_seq"] is not Fill.NEVER
    assert not counted or any("seq" in item for item in form.LOSS_SIGNALS)


def test_every_field_of_a_fill_table_is_a_field_of_the_event_model() -> None:
    import dataclasses

    from witnessmark.model.events import Event, FileRef, Process, Token

    known = {
        field.name
        for item in (Event, FileRef, Process, Token)
        for field in dataclasses.fields(item)
    }
    assert set(form_.FIELDS) <= known
    assert not (set(form_.KINDS) & set(form_.FIELDS)), "one name for two columns"


@pytest.mark.parametrize("names", ["nonsense", "exec exec", "exec args nonsense"])
def test_a_fill_table_of_unknown_or_repeated_columns_is_refused(names: str) -> None:
    with pytest.raises(ValueError, match="no column, or is named twice"):
        fills(present=names)


def test_the_command_that_the_page_names_writes_the_page(
    capsys: pytest.CaptureFixture[str],
) -> None:
    runpy.run_path(describe.__file__, run_name="__main__")
    assert capsys.readouterr().out == PAGE.read_text("utf-8")
