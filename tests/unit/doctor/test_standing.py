"""What a host says of itself, as lines with a mend; and what the exit status makes of all lines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from witnessmark.content import scenarios
from witnessmark.doctor.lines import Line, exit_code
from witnessmark.doctor.sensors import relied_on
from witnessmark.doctor.standing import standing, tools
from witnessmark.model.hosts import Host, Origin, Role, Source
from witnessmark.model.run import HostFacts
from witnessmark.model.verdicts import Status

MAC = Host(name="mac1", origin=Origin.MAC, connection="ssh", lab=True, browser="/B")
FACTS = HostFacts(
    name="mac1",
    origin="mac",
    clock_offset_s=0.1,
    clock_offset_end_s=0.1,
    clock_uncertainty_s=0.01,
    gatekeeper="assessments enabled",
    sip="System Integrity Protection status: enabled.",
    safari_safe_downloads="0",
    have=("browser", "sh", "zsh"),
)


def said(facts: HostFacts) -> dict[str, Line]:
    return {item.name: item for item in standing(facts, 5.0)}


def test_a_mac_as_it_should_be() -> None:
    found = said(FACTS)
    assert {item.status for item in found.values()} == {Status.PASS}
    assert len(found) == 4


@pytest.mark.parametrize(
    ("change", "name", "mend"),
    [
        ({"gatekeeper": "assessments disabled"}, "gatekeeper", "spctl"),
        ({"sip": "System Integrity Protection status: disabled."}, "sip", "csrutil"),
        ({"safari_safe_downloads": "1"}, "safari-safe-downloads", "Open safe files"),
        ({"clock_offset_s": 300.0, "clock_offset_end_s": 300.0}, "clock", "Date & Time"),
    ],
)
def test_each_fault_has_its_mend(change: dict[str, object], name: str, mend: str) -> None:
    found = said(replace(FACTS, **change))
    assert found[name].status is Status.FAIL
    assert mend in found[name].mend
    others = {item.status for item in found.values() if item.name != name}
    assert others == {Status.PASS}


def test_what_a_mac_does_not_tell_is_unknown_and_a_stand_in_has_none() -> None:
    silent = replace(FACTS, gatekeeper="", sip="", safari_safe_downloads="")
    names = ("gatekeeper", "sip", "safari-safe-downloads")
    assert {said(silent)[name].status for name in names} == {Status.ERROR}
    standin = said(replace(silent, origin="stand-in"))
    assert {standin[name].status for name in names} == {Status.SKIP}
    off = said(replace(FACTS, origin="stand-in", gatekeeper="assessments disabled"))
    assert off["gatekeeper"].status is Status.FAIL


def test_a_clock_that_nobody_measured_is_unknown_on_a_stand_in_too() -> None:
    unknown = replace(FACTS, origin="stand-in", clock_offset_s=None)
    assert said(unknown)["clock"].status is Status.ERROR


def test_tools_and_browser() -> None:
    catalogue = scenarios.load_all()
    found = {item.name: item for item in tools(FACTS, MAC, catalogue)}
    assert found["tools"].status is Status.SKIP
    assert "ruby (" in found["tools"].message
    assert "zsh" not in found["tools"].message
    assert found["browser"].status is Status.PASS
    every = tuple({name for item in catalogue for name in item.needs}) + tuple(
        {name for item in catalogue for name in item.axes.get("interpreter", ())}
    )
    whole = {item.name: item for item in tools(replace(FACTS, have=every), MAC, catalogue)}
    assert whole["tools"].status is Status.PASS
    gone = {item.name: item for item in tools(replace(FACTS, have=()), MAC, catalogue)}
    assert gone["browser"].status is Status.FAIL
    none = {item.name: item for item in tools(FACTS, replace(MAC, browser=None), catalogue)}
    assert none["browser"].status is Status.SKIP


def test_evidence_that_earns_nothing_is_said() -> None:
    source = Source(name="es", kind="eslogger", role=Role.ORGANISATION, path="/x")
    assert list(relied_on("m", (source,))) == []
    (none,) = relied_on("m", ())
    (reference,) = relied_on("m", (replace(source, role=Role.REFERENCE),))
    assert none.status is reference.status is Status.ERROR
    assert "no source" in none.message
    assert "only sources with role: reference" in reference.message


def line(host: str, name: str, status: Status) -> Line:
    return Line(host=host, name=name, status=status, message="x")


def test_the_exit_status() -> None:
    good = [line("a", "consent", Status.PASS), line("a", "x", Status.SKIP)]
    bad = line("b", "login", Status.FAIL)
    unknown = line("a", "y", Status.ERROR)
    assert exit_code(good, ["a"]) == 0
    assert exit_code([*good, unknown], ["a"]) == 4
    assert exit_code([*good, unknown, bad], ["a", "b"]) == 1
    assert exit_code([bad], ["b"]) == 3
    assert exit_code([line("a", "consent", Status.FAIL)], ["a"]) == 3
    assert exit_code([line("a", "consent", Status.ERROR)], ["a"]) == 3
