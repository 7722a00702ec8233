"""The job summary: worst first, within GitHub's size, honest about what it leaves out, inert."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from witnessmark.model.verdicts import CaseVerdict, RunVerdict
from witnessmark.report import markdown
from witnessmark.report.plain import visible


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def rendered(text: str) -> Page:
    markdown_it = pytest.importorskip("markdown_it", reason="markdown-it-py is not installed")
    parser = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return Page(parser.render(text))


def test_it_names_the_run_the_verdicts_and_why(a_run: Callable[..., RunVerdict]) -> None:
    page = rendered(markdown.render(a_run()))
    for word in (
        "this proves the suite, not your coverage", "blind (not recorded)", "no exec of", "0" * 64,
        "x1-example:example", "Injected on purpose", "eslogger", "example, clock: it jumped",
    ):  # fmt: skip
        assert word in page.words, word
    assert page.tags.count(("tr", ())) == 1 + len(a_run().cases)


def test_what_is_broken_comes_first(
    a_run: Callable[..., RunVerdict], judged: Callable[..., CaseVerdict]
) -> None:
    text = markdown.render(a_run(judged(), replace(judged(without="exec"), id="broken:example")))
    rows = [line for line in text.splitlines() if line.startswith("| <code>")]
    assert "broken" in rows[0]
    assert "**FAIL**" in rows[0]
    assert "FAIL" not in rows[1]


def test_all_good_is_said_and_has_no_reasons(
    a_run: Callable[..., RunVerdict], judged: Callable[..., CaseVerdict]
) -> None:
    text = markdown.render(a_run(judged()))
    assert text.startswith("### \u2705 witnessmark: 1 of 1 assessed cases are as they should be.")
    assert "Why" not in text
    assert markdown.render(a_run(judged(without="exec"))).startswith(
        "### \u274c witnessmark: 0 of 1"
    )


@pytest.mark.parametrize("most", [8_000, 20_000, markdown.MOST_BYTES])
def test_it_is_cut_honestly(
    a_run: Callable[..., RunVerdict], judged: Callable[..., CaseVerdict], most: int
) -> None:
    broken = judged(without="exec")
    cases = [replace(broken, id=f"x{n}:mac") for n in range(9000)]
    text = markdown.render(a_run(*cases), most)
    assert len(text.encode()) <= most
    rows = len(re.findall(r"(?m)^\| <code>", text))
    (left,) = re.findall(r"\*\*(\d+) rows are left out here", text)
    assert rows + int(left) == 9000
    assert rows > 3
    assert "report.html has them all" in text


def test_one_endless_text_takes_not_all_the_room(
    a_run: Callable[..., RunVerdict], judged: Callable[..., CaseVerdict]
) -> None:
    case = judged(without="exec")
    said = tuple(replace(item, message="A" * 2_000_000) for item in case.findings)
    text = markdown.render(a_run(replace(case, findings=said)))
    assert len(text.encode()) < 50_000
    assert "1998000 more characters" in text


def test_no_nasty_text_becomes_markup(flooded: Callable[[str], RunVerdict], nasty: str) -> None:
    text = markdown.render(flooded(nasty))
    page = rendered(text)
    assert page.tags == rendered(markdown.render(flooded("x"))).tags
    assert visible(nasty)[:2000] in page.words
    assert not re.search(r"[A-Za-z0-9]@|@[A-Za-z0-9]|://|www\.|##\[|^\s*::", text, re.MULTILINE)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    text=st.text(st.sampled_from("ab*_`~[]()<>&!|\\#-+=:@./\n\"'1 ") | st.characters(), min_size=1)
    .filter(str.strip)
    .filter(lambda text: "stand-in" not in text)
)
def test_no_text_becomes_markup(flooded: Callable[[str], RunVerdict], text: str) -> None:
    page = rendered(markdown.render(flooded(text)))
    assert page.tags == rendered(markdown.render(flooded("x"))).tags
