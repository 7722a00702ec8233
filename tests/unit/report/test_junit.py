"""junit.xml: no broken link is ever written as passed, and hostile text never breaks the file."""

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from witnessmark.judge import examples
from witnessmark.judge.run import judge_case, validators
from witnessmark.model.verdicts import CaseVerdict, RunVerdict, Status
from witnessmark.report import junit
from witnessmark.validators import NAMES

HOSTILE = "x\x1b[31m\x00\ud800\ufffe]]>&<script>\n::error::"


def run(*cases: CaseVerdict) -> RunVerdict:
    return RunVerdict(
        run_id="20261124t042002z-1f0c9a",
        origin="stand-in",
        started="2026-11-24T04:20:02Z",
        finished="2026-11-24T04:20:12Z",
        as_of="2026-11-24T04:20:12Z",
        tool="witnessmark test",
        bag_sha256="0" * 64,
        cases=cases,
        controls=(),
        hosts=(),
        sources=(),
    )


def judged(**changes: object) -> CaseVerdict:
    return judge_case(examples.drop_exec(**changes), validators())


def parsed(*cases: CaseVerdict) -> ET.Element:
    return ET.fromstring(junit.render(run(*cases)))


def outcome(test: ET.Element) -> str:
    kinds = [child.tag for child in test if child.tag in ("failure", "error", "skipped")]
    return kinds[0] if kinds else "passed"


@pytest.mark.parametrize("changes", [{}, {"without": "exec"}, {"status": None}, {"intact": None}])
def test_every_link_is_told_as_it_was_judged(changes: dict[str, object]) -> None:
    case = judged(**changes)
    told = {test.get("name"): outcome(test) for test in parsed(case).iter("testcase")}
    words = {"fail": "failure", "error": "error", "pass": "passed", "skip": "skipped"}
    for link, status in case.links:
        if status is not Status.PENDING:
            assert told[f"{link.value}@eslogger"] == words[status.value], link


def test_what_is_pending_is_never_written_as_passed() -> None:
    case = judged(oldest_days=1)
    (test,) = [t for t in parsed(case).iter("testcase") if t.get("name") == "retained@eslogger"]
    assert outcome(test) == "skipped"
    assert "pending until 2027-" in (test.find("skipped").get("message") or "")  # type: ignore[union-attr]


def test_counts_agree_with_the_cases() -> None:
    suite = parsed(judged(without="exec")).find("testsuite")
    assert suite is not None
    assert int(suite.get("failures", "")) == len(list(suite.iter("failure"))) > 0
    assert int(suite.get("tests", "")) == len(list(suite.iter("testcase")))


def test_classname_and_name_are_unique() -> None:
    names = [(t.get("classname"), t.get("name")) for t in parsed(judged()).iter("testcase")]
    assert len(set(names)) == len(names) == len(NAMES)


def test_hostile_text_is_shown_escaped() -> None:
    from dataclasses import replace

    case = judged(without="exec")
    findings = tuple(replace(item, message=HOSTILE, observed=HOSTILE) for item in case.findings)
    root = parsed(replace(case, findings=findings))
    message = next(root.iter("failure")).get("message") or ""
    assert message.startswith("x#x1B[31m#x00#xD800#xFFFE]]>&<script>")


def test_it_validates_against_jenkins_schema() -> None:
    schema = Path(__file__).parents[3].parent / "shared/schemas/junit-10.xsd"
    xmlschema = pytest.importorskip("xmlschema", reason="xmlschema is not installed")
    if not schema.is_file():
        pytest.skip("the published junit-10.xsd is not beside this checkout")
    xmlschema.XMLSchema(schema).validate(
        junit.render(
            run(judged(), judged(without="exec"), judged(status=None), judged(skipped="x"))
        )
    )


def test_hosts_and_variants_with_dots_are_still_told_apart() -> None:
    from dataclasses import replace

    one = replace(judged(), id="p11.a:b.c", host="b.c")
    two = replace(judged(), id="p11.a.b:c", host="c")
    names = [(t.get("classname"), t.get("name")) for t in parsed(one, two).iter("testcase")]
    assert len(set(names)) == len(names)
    assert len(names) == 2 * len({item.validator for item in one.findings})


def test_nasty_text_breaks_nothing(flooded: Callable[[str], RunVerdict], nasty: str) -> None:
    text = junit.render(flooded(nasty))
    found = [(item.tag, sorted(item.attrib)) for item in ET.fromstring(text).iter()]
    plain = ET.fromstring(junit.render(flooded("x")))
    assert found == [(item.tag, sorted(item.attrib)) for item in plain.iter()]
    for item in ET.fromstring(text).iter("system-out"):
        assert "[[ATTACHMENT" not in (item.text or "")
        assert len((item.text or "").splitlines()) == 6
    assert "##[" not in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(st.characters() | st.sampled_from("]>&<\n\x1b\ud800"), min_size=1))
def test_any_text_gives_a_file_that_reads_back(
    flooded: Callable[[str], RunVerdict], text: str
) -> None:
    if text.strip():
        outcomes = [
            outcome(item) for item in ET.fromstring(junit.render(flooded(text))).iter("testcase")
        ]
        plain = [
            outcome(item) for item in ET.fromstring(junit.render(flooded("x"))).iter("testcase")
        ]
        assert outcomes == plain
