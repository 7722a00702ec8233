"""report.html says what was judged, loads and runs nothing, and no data ever becomes markup."""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from witnessmark.model.verdicts import CaseVerdict, Link, RunVerdict, Status
from witnessmark.report import html
from witnessmark.report.html import _fact
from witnessmark.report.plain import visible

VOID = {"meta", "br", "rect", "circle"}


class Page(HTMLParser):
    """Every tag with the names of its attributes, every attribute value, and all the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.values += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, "a tag is closed that was not open"

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def page(run: RunVerdict) -> Page:
    return Page(html.render(run))


def test_it_names_run_bag_verdicts_and_first_broken_link(a_run: Callable[..., RunVerdict]) -> None:
    text = "".join(page(a_run()).words)
    for word in (
        "20261124t042002z-1f0c9a", "0" * 64, "proves the suite, not your coverage", "demo", "4 s",
        "blind (not recorded)", "first broken link: recorded", "no exec of", "observed: no such",
        "B5: 5.1 s > 4 s", "never counted", "first provable: 2027-", "team_id", "lab",
        "What is not claimed", "NSM:Flow never is", "eslogger", "Injected on purpose",
    ):  # fmt: skip
        assert word in text, word


def test_what_is_wrong_with_a_host_stands_open_beside_its_facts(
    a_run: Callable[..., RunVerdict],
) -> None:
    text = html.render(a_run())
    host = text[text.index("Sources and hosts") :]
    host = host[host.index("<details") : host.index("</details>")]
    assert host.startswith("<details open>")
    for word in ("clock", "it jumped", "untold", "observed: -", "macOS", "it is on"):
        assert word in host, word
    quiet = html.render(replace(a_run(), host_findings=()))
    assert "<details open>" not in quiet[quiet.index("Sources and hosts") :]


def test_a_real_mac_has_no_stand_in_band(a_run: Callable[..., RunVerdict]) -> None:
    mac = replace(a_run(), origin="mac", notes=())
    assert 'class="loud"' not in html.render(mac)
    assert "proves the suite" not in html.render(mac)


def test_what_is_not_as_it_should_be_stands_open(
    a_run: Callable[..., RunVerdict], judged: Callable[..., CaseVerdict]
) -> None:
    bad = html.render(replace(a_run(judged(without="exec")), host_findings=()))
    good = html.render(replace(a_run(judged()), host_findings=()))
    assert "<details open>" in bad
    assert "<details open>" not in good
    assert 'class="head bad"' in bad
    assert 'class="head good"' in good


def test_every_matrix_cell_leads_to_its_case(a_run: Callable[..., RunVerdict]) -> None:
    found = page(a_run())
    targets = {value[1:] for name, value in found.values if name == "href"}
    anchors = {value for name, value in found.values if name == "id"}
    assert targets == anchors
    assert len(targets) == len(a_run().cases)


def test_hosts_and_sources_are_columns(
    a_run: Callable[..., RunVerdict], judged: Callable[..., CaseVerdict]
) -> None:
    one = replace(judged(), id="x:mac1", host="mac1")
    two = replace(judged(), id="x:mac2", host="mac2")
    again = replace(two, source="santa")
    other = replace(judged(), id="y:mac2", host="mac2")
    found = html.render(a_run(one, two, again, other))
    matrix = found[found.index('<table class="matrix">') : found.index("</table>")]
    assert re.findall(r'<th scope="col">(mac.)<br><span class="dim">(.*?)</span>', matrix) == [
        ("mac1", "eslogger"), ("mac2", "eslogger"), ("mac2", "santa"),
    ]  # fmt: skip
    rows = matrix.split("<tr>")[2:]
    assert [row.count("<a ") for row in rows] == [3, 1]
    assert [row.count("<td>") for row in rows] == [3, 3]


def test_what_several_checks_say_alike_is_said_once_with_all_their_names(
    a_run: Callable[..., RunVerdict], judged: Callable[..., CaseVerdict]
) -> None:
    base = judged()
    (one,) = [item for item in base.findings if item.validator == "acted"]
    alike = replace(one, link=Link.RECORDED, message="alike", expected="a", evidence=("m/s/1",))
    said = (
        replace(alike, validator="recorded_exec"),
        replace(alike, validator="recorded_script", expected="b", evidence=("m/s/2",)),
        replace(alike, validator="recorded_drop", status=Status.FAIL, expected="c"),
        replace(alike, validator="recorded_late", status=Status.FAIL, expected="d"),
    )
    text = html.render(a_run(replace(base, findings=said)))
    cells = re.findall(r"<td>([^<]*)</td><td>(alike.*?)</td>", text)
    assert cells == [
        ("recorded exec, recorded script", 'alike <code class="dim">m/s/1 m/s/2</code>'),
        ("recorded drop", 'alike<p class="said">expected: c</p> <code class="dim">m/s/1</code>'),
        ("recorded late", 'alike<p class="said">expected: d</p> <code class="dim">m/s/1</code>'),
    ]


def test_the_same_run_gives_the_same_bytes(a_run: Callable[..., RunVerdict]) -> None:
    assert html.render(a_run()) == html.render(a_run())


def test_nothing_is_loaded_and_nothing_runs(a_run: Callable[..., RunVerdict]) -> None:
    text = html.render(a_run())
    found = Page(text)
    assert {"script", "link", "img", "iframe", "object", "form"}.isdisjoint(
        tag for tag, _ in found.tags
    )
    assert not [name for name, _ in found.values if name.startswith("on") or name == "style"]
    assert all(value.startswith("#c") for name, value in found.values if name == "href")
    assert "url(" not in text
    assert "@import" not in text


def test_the_policy_allows_this_one_stylesheet_alone(a_run: Callable[..., RunVerdict]) -> None:
    text = html.render(a_run())
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_no_nasty_text_becomes_markup(flooded: Callable[[str], RunVerdict], nasty: str) -> None:
    found = page(flooded(nasty))
    assert found.tags == page(flooded("x")).tags
    assert visible(nasty) in "".join(found.words)
    assert all(char.isprintable() or char == "\n" for char in "".join(found.words))


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    text=st.text(st.characters() | st.sampled_from("<>&\"'/=`{}%\n\x1b\ud800"), min_size=1)
    .filter(str.strip)
    .filter(lambda text: "stand-in" not in text)
)
def test_no_text_becomes_markup(flooded: Callable[[str], RunVerdict], text: str) -> None:
    found = page(flooded(text))
    assert found.tags == page(flooded("x")).tags
    assert visible(text) in "".join(found.words)


def test_what_is_known_of_a_sensor_is_told_in_words() -> None:
    known = {"source": "es", "version": "7.18", "policy": "", "rule_sha256": "ab", "problem": None}
    assert _fact({"sensors": [known], "extensions": ["a", "b"], "xprotect": ""}) == [
        ("sensors", "source es; version 7.18; rule sha256 ab"),
        ("extensions", "a, b"),
    ]
