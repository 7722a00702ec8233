"""Judged runs for the reports, and text that means harm in one format or another."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

import pytest

from witnessmark.judge import examples
from witnessmark.judge.run import judge_case, validators
from witnessmark.model.verdicts import CaseVerdict, ControlVerdict, HostFinding, RunVerdict, Status

T = TypeVar("T")

NASTY = {
    "script": "<script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)" x="',
    "single quotes": "' onload='alert(1)",
    "svg": "</text></svg><image href=x onerror=alert(1)>",
    "style": "</style><style>*{display:none}</style>",
    "cdata": "]]><!--",
    "comment": "--><img src=x>",
    "entity": "&lt;b&gt;&#60;&amp;&nbsp",
    "template": "{{ 7*7 }}{% for x in y %}{# c #}",
    "terminal": "\x1b[31m\x1b]0;owned\x07\x9b2J\x08",
    "lines": "a\r\n::error::b\n::set-output name=x::y",
    "properties": "a,file=/etc/passwd,line=1::b %2C%3A%25",
    "runner": "##[add-path]/evil] ##[error]x",
    "separators": "a\u2028b\u2029c\x85d\x0b\x0c",
    "bidi": "\u202egnp.exe\u2066\u200f",
    "surrogates": "\ud800 \udcff \ufffe \uffff",
    "nul": "a\x00b",
    "table": "a | b || c \\| d",
    "code": "`a` ``` ````b",
    "mention": "@everyone @octocat org/repo#1 #2 GH-3 deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
    "link": "[click](javascript:alert(1)) ![i](http://evil/) <http://evil> www.evil.com",
    "emphasis": "**a** __b__ ~~c~~ # d\n# e\n- f\n1. g\n> h",
    "html in markdown": "</td></tr></table><details open><summary>x</summary>",
    "gitlab": "[[ATTACHMENT|../../secret]] [[PROPERTY|verdict=detected]]",
    "rich": "[bold red]x[/] [link=http://evil]y[/link] :smiley:",
    "format": "{0} {run.run_id} %s %(x)s ${HOME}",
    "long": "A" * 5000,
    "wide": "\u65e5\u672c" * 200,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for ``nasty`` gets every one of them."""
    if "nasty" in metafunc.fixturenames:
        metafunc.parametrize("nasty", NASTY.values(), ids=NASTY.keys())


def judged(**changes: Any) -> CaseVerdict:
    return judge_case(examples.drop_exec(**changes), validators())


def a_run(*cases: CaseVerdict) -> RunVerdict:
    return RunVerdict(
        run_id="20261124t042002z-1f0c9a",
        origin="stand-in",
        started="2026-11-24T04:20:02Z",
        finished="2026-11-24T04:20:12Z",
        as_of="2026-11-24T04:20:12Z",
        tool="witnessmark test",
        bag_sha256="0" * 64,
        profile="demo",
        window_s=4.0,
        cases=cases or every_kind(),
        controls=(
            ControlVerdict(
                host="example", source="eslogger", branch="B", before=True, after=None, reason="ok"
            ),
        ),
        hosts=({"name": "example", "facts": {"os": "macOS", "have": ["sh"], "user": None}},),
        sources=({"name": "eslogger", "kind": "eslogger", "role": "organisation"},),
        host_findings=(
            HostFinding(host="example", name="sip", status=Status.PASS, message="it is on"),
            HostFinding(host="example", name="clock", status=Status.FAIL, message="it jumped"),
            HostFinding(
                host="example",
                name="gatekeeper",
                status=Status.ERROR,
                message="untold",
                observed="-",
            ),
        ),
        notes=("Injected on purpose: example: action drop", "2 of 3"),
    )


def every_kind() -> tuple[CaseVerdict, ...]:
    """A case of each sort that reports tell apart, under ids of their own."""
    cases = (
        judged(),
        judged(without="exec"),
        judged(status=None),
        judged(skipped="no zsh"),
        judged(oldest_days=1),
        judged(intact=None),
        replace(judged(), lab=True, related=("branch A fired on /x (pid 1)",)),
        replace(judged(detected=False), near_misses=("B5: 5.1 s > 4 s",), simulated=("team_id",)),
    )
    return tuple(
        replace(case, id=f"x{number}-example:example") for number, case in enumerate(cases)
    )


def flood(item: T, text: str) -> T:
    """The same thing with every text in it, wherever it stands, replaced."""
    if isinstance(item, Enum):
        return item
    if isinstance(item, str):
        return text  # type: ignore[return-value]
    if isinstance(item, tuple | list):
        return type(item)(flood(part, text) for part in item)  # type: ignore[return-value]
    if isinstance(item, dict):
        return {key: flood(value, text) for key, value in item.items()}  # type: ignore[return-value]
    if is_dataclass(item) and not isinstance(item, type):
        return replace(item, **{e.name: flood(getattr(item, e.name), text) for e in fields(item)})
    return item


@pytest.fixture(name="a_run")
def _a_run() -> Callable[..., RunVerdict]:
    return a_run


@pytest.fixture(name="judged")
def _judged() -> Callable[..., CaseVerdict]:
    return judged


@pytest.fixture(name="flooded")
def _flooded() -> Callable[[str], RunVerdict]:
    """A run of every kind of case in which every single text is the one given."""
    whole = a_run()
    return lambda text: flood(whole, text)
