"""The timeline: a row per moment, in proportion, readable, and inert."""

import re
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from witnessmark.model.verdicts import Moment, MomentKind
from witnessmark.report import svg

SECOND = 10**9
T0 = 1_800_000_000 * SECOND


def moment(kind: str, start: float, end: float | None = None, label: str | None = None) -> Moment:
    return Moment(
        kind=MomentKind(kind),
        label=label or kind,
        start_ns=T0 + int(start * SECOND),
        end_ns=None if end is None else T0 + int(end * SECOND),
    )


CASE = (
    moment("setup", -1, -0.5),
    moment("attack", 0, 3),
    moment("record", 0.5, 0.6, "close"),
    moment("exec", 2, 2.5),
    moment("alert", 2.5, label="fired"),
    moment("cleanup", 3, 4),
)


def percent(row: ET.Element, name: str) -> float:
    return float((row.get(name) or "").removesuffix("%"))


def drawn(*moments: Moment) -> ET.Element:
    return ET.fromstring(svg.timeline(moments))


def marks(root: ET.Element, shape: str) -> list[ET.Element]:
    return [item for item in root if item.get("class") == shape]


def test_there_is_a_row_per_moment_with_its_time() -> None:
    words = [item.text or "" for item in drawn(*CASE).iter("text")]
    assert words == ["setup", "attack", "close", "exec", "fired", "cleanup"]
    times = [item.text or "" for item in drawn(*CASE).iter("tspan")]
    assert times[0] == "-1.000 s to -0.500 s"
    assert times[2] == "+0.500 s, received +0.600 s"
    assert times[4] == "+2.500 s"


def test_places_are_in_proportion_to_time() -> None:
    root = drawn(*CASE)
    (attack,), (run,) = marks(root, "a"), marks(root, "e")
    begin, width = percent(attack, "x"), percent(attack, "width")
    assert abs(percent(run, "cx") - (begin + width * 2 / 3)) < 0.2


def test_what_lies_far_behind_does_not_squeeze_the_rest() -> None:
    near = drawn(*CASE)
    far = drawn(*CASE, moment("deadline", 600))
    assert marks(near, "a")[0].attrib == marks(far, "a")[0].attrib
    assert percent(marks(far, "d")[0], "x") == svg.LEFT + svg.WIDTH
    assert [item.text for item in far.iter("tspan")][-1] == "+600.000 s \u2192"
    close = drawn(*CASE, moment("deadline", 5))
    assert marks(near, "a")[0].attrib != marks(close, "a")[0].attrib


def test_nothing_known_is_nothing_drawn() -> None:
    assert svg.timeline(()) == ""


def test_a_single_point_is_drawn_too() -> None:
    assert len(marks(drawn(moment("exec", 0)), "e")) == 1


def test_very_many_moments_are_cut_and_it_says_so() -> None:
    root = drawn(*[moment("exec", number) for number in range(100)])
    assert [item.text for item in root.iter("text")][-1] == "60 more"
    assert int(root.get("height") or 0) == 41 * svg.ROW


def test_nasty_labels_stay_text(nasty: str) -> None:
    root = drawn(moment("exec", 0, label=nasty))
    assert [item.tag for item in root] == [item.tag for item in drawn(moment("exec", 0))]
    assert (next(root.iter("text")).text or "").isprintable()


times = st.integers(min_value=-(2**70), max_value=2**70)


@given(
    st.lists(
        st.builds(
            Moment,
            kind=st.sampled_from(MomentKind),
            label=st.text(),
            start_ns=times,
            end_ns=st.none() | times,
        ),
        max_size=8,
    )
)
def test_any_moments_give_a_drawing_within_its_frame(moments: list[Moment]) -> None:
    text = svg.timeline(moments)
    assert text == svg.timeline(moments)
    root = ET.fromstring(text) if text else ET.Element("svg")
    for item in root:
        assert all(re.fullmatch(r"[a-z]+|x|y|cx|cy", name) for name in item.attrib)
        if item.tag != "text":
            left = percent(item, "x" if item.tag == "rect" else "cx")
            width = percent(item, "width") if item.tag == "rect" else 0
            assert left >= svg.LEFT
            assert left + width <= svg.LEFT + svg.WIDTH + 0.5
