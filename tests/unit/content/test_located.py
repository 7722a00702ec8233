"""YAML to dataclasses: every problem at once, each with file:line; nothing hostile gets through."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from witnessmark.content.durations import Duration, seconds
from witnessmark.content.located import from_mapping, load, parse, validate
from witnessmark.errors import ContentError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    name: str
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    title: str
    wait: Duration
    items: tuple[Inner, ...] = ()
    table: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.title == "bad":
            raise ValueError("title must not be bad")


def problems(text: str | bytes, type_: Any = Outer) -> list[str]:
    with pytest.raises(ContentError) as caught:
        validate(parse(text, "f"), type_)
    return list(caught.value.problems)


def test_good_text() -> None:
    text = "title: a\nwait: 10m\nitems:\n  - name: x\n    count: 2\ntable: {k: [a, b]}\n"
    assert validate(parse(text, "f"), Outer) == Outer(
        title="a", wait=600.0, items=(Inner(name="x", count=2),), table={"k": ("a", "b")}
    )


def test_every_problem_at_once_with_its_line() -> None:
    text = """\
title: 5
wait: 10
colour: red
items:
  - name: x
    count: "2"
  - count: 1
    nmae: y
items: []
"""
    assert problems(text) == [
        "f:1: title: Input should be a valid string",
        "f:2: wait: 10 is not a duration: write a number and a unit (ms, s, m, h or d), "
        'such as "600s"',
        "f:3: colour: unknown key",
        "f:6: items.0.count: Input should be a valid integer",
        "f:7: items.1.name: this key is missing",
        "f:8: items.1.nmae: unknown key; did you mean name?",
        "f:9: duplicate key 'items', first on line 4",
    ]


def test_missing_key_names_the_mapping_that_lacks_it() -> None:
    assert problems("title: a\n") == ["f:1: wait: this key is missing"]


def test_a_classs_own_refusal_is_a_sentence() -> None:
    assert problems("title: bad\nwait: 1s\n") == ["f:1: title must not be bad"]


def test_yaml_words_are_not_strings() -> None:
    assert problems("title: no\nwait: 1s\n") == ["f:1: title: Input should be a valid string"]


def test_dates_stay_text_until_a_field_wants_one() -> None:
    assert validate(parse("title: 2026-01-02\nwait: 1s\n", "f"), Outer).title == "2026-01-02"


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "dictionary|dataclass|object"),
        ("[1, 2]", "dictionary|dataclass|object"),
        ("title: [", "f:1"),
        ("title: a\n  wait: 1s\n", "f:2"),
        ("a: 1\n---\nb: 2\n", "single document"),
        ("a: &x {b: 1}\nc: {<<: *x}\n", "without merging"),
        ("title: !!python/object/apply:os.system [id]\n", "tag .* is not allowed"),
        ("title: !secret x\n", "tag .* is not allowed"),
        ("title: !!binary aGk=\n", "tag .* is not allowed"),
        ("title: !x {a: 1}\n", "tag .* is not allowed"),
        ("[a]: 1\n", "plain words"),
        ("title: \0\n", "not YAML text"),
        (b"title: \xff\n", "not YAML text"),
        ("title: !!int nope\n", "not a usable int"),
        ("title: *gone\n", "undefined alias"),
    ],
)
def test_refused(text: str | bytes, match: str) -> None:
    with pytest.raises(ContentError, match=match):
        validate(parse(text, "f"), Outer)


def test_alias_of_itself() -> None:
    with pytest.raises(ContentError, match="alias of itself"):
        parse("a: &a [*a]\n", "f")


def test_alias_bomb() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
    )
    with pytest.raises(ContentError, match="aliases expand"):
        parse(bomb, "f")


def test_deep_nesting() -> None:
    with pytest.raises(ContentError, match="nested too deeply"):
        parse("[" * 50_000, "f")
    with pytest.raises(ContentError, match="nested too deeply"):
        parse("[" * 100 + "]" * 100, "f")


def test_too_big() -> None:
    with pytest.raises(ContentError, match="larger than"):
        parse(b"#" * (5 << 20), "f")


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"none\.yaml:1: cannot be read"):
        load(tmp_path / "none.yaml", Outer)
    with pytest.raises(ContentError, match="cannot be read: it is a folder"):
        load(tmp_path, Outer)
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(ContentError, match=r"pipe\.yaml:1: cannot be read: it is a pipe"):
        load(tmp_path / "pipe.yaml", Outer)


def test_overlay_replaces_whole_keys_and_keeps_each_files_lines() -> None:
    base = parse("title: a\nwait: 1s\nitems: [{name: x}, {name: y}]\n", "base")
    over = parse("\n\nitems:\n  - name: 5\n", "over")
    with pytest.raises(ContentError) as caught:
        validate(base.overlaid(over), Outer)
    assert caught.value.problems == ("over:4: items.0.name: Input should be a valid string",)
    good = base.overlaid(from_mapping({"items": [{"name": "z"}]}, "scenario x"))
    assert validate(good, Outer).items == (Inner(name="z"),)
    with pytest.raises(ContentError, match=r"^scenario x: items\.0\.nam: unknown key"):
        validate(base.overlaid(from_mapping({"items": [{"nam": "z"}]}, "scenario x")), Outer)


def test_sub_keeps_lines() -> None:
    document = parse("top:\n  inner:\n    name: 5\n", "f")
    with pytest.raises(ContentError, match=r"^f:3: name: Input"):
        validate(document.sub("top", "inner"), Inner)
    with pytest.raises(ContentError, match="name: this key is missing"):
        validate(document.sub("top", "gone"), Inner)


@given(st.text(max_size=80))
def test_any_text_is_content_or_a_content_error(text: str) -> None:
    with pytest.raises(ContentError) as caught:
        validate(parse("title: [\n" + text, "f"), Outer)
    assert all(problem.startswith("f:") for problem in caught.value.problems)


@given(st.text(alphabet="ab:-[]{}&*!'\"#|>%@ \n\t,?", max_size=40))
def test_any_yaml_like_text_is_content_or_a_content_error(text: str) -> None:
    with contextlib.suppress(ContentError):
        validate(parse("title: a\nwait: 1s\n" + text, "f"), Outer)


@pytest.mark.parametrize(
    ("text", "value"),
    [("600s", 600), ("90d", 7_776_000), ("10m", 600), ("2h", 7_200), ("500ms", 0.5), ("1.5s", 1.5)],
)
def test_durations(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "10", "s", "-5s", "1 s", "1S", "1w", "1e3s", "1s ", "\u0661s", 10, None, "9" * 12 + "s"],
)
def test_no_durations(text: object) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        seconds(text)


def test_what_is_no_mapping_is_laid_over_whole() -> None:
    base, other = parse("a: 1\nb: 2\n", "f"), parse("b: 3\n", "g")
    assert base.overlaid(other).data == {"a": 1, "b": 3}
    nothing = parse("- x\n", "g")
    assert base.overlaid(nothing) is nothing
    assert nothing.overlaid(base) is base


@pytest.mark.parametrize("text", ["22:22", "-1:30", "190:20:30", "1:30.5"])
def test_a_number_to_base_sixty_is_never_meant(text: str) -> None:
    """YAML 1.1 reads 22:22 as 1342."""
    (problem,) = parse(f"a: {text}\n", "f").problems
    assert problem.startswith(f"f:1: '{text}' is a number to base sixty here (")
    assert parse(f"a: '{text}'\nb: 2026-01-02 10:20:30\n", "f").problems == ()


def test_a_value_without_end_is_shown_in_part() -> None:
    digits = "9" * 900
    text = f"a: {'9' * 5000}\nb: !{digits} x\n{digits}: 1\n{digits}: 2\nwait: {digits}\n"
    found = problems(text)
    assert found[0].endswith("... (5000 characters) is not a usable int")
    assert len(found) == 8
    assert all(len(problem) < 200 for problem in found)
