"""What is said of a host itself: never better than what the host told, and beside the verdicts."""

import os
import stat
import subprocess
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from witnessmark.content import root
from witnessmark.judge.host_findings import host_findings
from witnessmark.model.parts import SensorFact
from witnessmark.model.run import Collection, HostFacts
from witnessmark.model.verdicts import HostFinding, Status

if TYPE_CHECKING:
    from witnessmark.model.run import RunRecord

FACTS = HostFacts(
    name="mac1",
    origin="mac",
    clock_offset_s=0.1,
    clock_offset_end_s=-0.2,
    clock_uncertainty_s=0.05,
    gatekeeper="assessments enabled",
    sip="System Integrity Protection status: enabled.",
    safari_safe_downloads="0",
)
WROTE = Collection(host="mac1", source="eslogger", chunks=((512, 1),))


def found(*collections: Collection, **changes: object) -> dict[str, HostFinding]:
    facts = (replace(FACTS, **changes),)
    record = SimpleNamespace(facts=facts, collections=collections or (WROTE,))
    return {item.name: item for item in host_findings(cast("RunRecord", record), 2.0)}


def test_a_host_that_is_as_it_should_be_passes_every_one() -> None:
    assert {name: item.status for name, item in found().items()} == dict.fromkeys(
        ("gatekeeper", "sip", "safari-safe-downloads", "clock", "sensor eslogger"), Status.PASS
    )


@pytest.mark.parametrize(
    ("name", "changes", "status"),
    [
        ("gatekeeper", {"gatekeeper": "assessments disabled"}, Status.FAIL),
        ("gatekeeper", {"gatekeeper": ""}, Status.ERROR),
        ("gatekeeper", {"gatekeeper": "assessments enabledX"}, Status.ERROR),
        ("sip", {"sip": "System Integrity Protection status: disabled."}, Status.FAIL),
        ("sip", {"sip": "System Integrity Protection status: unknown (Custom)."}, Status.ERROR),
        ("sip", {"sip": "enabled"}, Status.ERROR),
        ("sip", {"sip": ""}, Status.ERROR),
        ("safari-safe-downloads", {"safari_safe_downloads": "1"}, Status.FAIL),
        ("safari-safe-downloads", {"safari_safe_downloads": "absent"}, Status.FAIL),
        ("safari-safe-downloads", {"safari_safe_downloads": ""}, Status.ERROR),
        ("clock", {"clock_offset_s": None}, Status.ERROR),
        ("clock", {"clock_uncertainty_s": 1.0}, Status.ERROR),
        ("clock", {"clock_uncertainty_s": None}, Status.ERROR),
        ("clock", {"clock_offset_s": 1.9, "clock_offset_end_s": 1.96}, Status.ERROR),
        ("clock", {"clock_offset_end_s": None}, Status.ERROR),
        ("clock", {"clock_offset_end_s": 60.0}, Status.FAIL),
        ("clock", {"clock_offset_s": -1.5, "clock_offset_end_s": 1.5}, Status.FAIL),
        ("clock", {"clock_offset_s": 9.0, "clock_offset_end_s": 9.0}, Status.FAIL),
    ],
)
def test_unknown_is_neither_good_nor_bad(
    name: str, changes: dict[str, object], status: Status
) -> None:
    said = found(**changes)
    assert said[name].status is status
    assert [item.status for other, item in said.items() if other != name] == [Status.PASS] * 4


def test_a_stand_in_has_no_safari_whose_default_could_be_on() -> None:
    said = found(origin="stand-in", safari_safe_downloads="absent")
    assert said["safari-safe-downloads"].status is Status.ERROR


def test_a_sensor_that_said_nothing_or_could_not_be_read_is_named() -> None:
    assert found(replace(WROTE, chunks=()))["sensor eslogger"].status is Status.FAIL
    lost = found(replace(WROTE, problem="no such file"))["sensor eslogger"]
    assert (lost.status, "no such file" in lost.message) == (Status.ERROR, True)
    elsewhere = replace(WROTE, host="mac2", problem="x")
    assert set(found(WROTE, elsewhere)) == set(found())


def tool(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def asked(home: Path, tools: Path) -> dict[str, str]:
    done = subprocess.run(
        ["/bin/sh", str(root() / "scenarios/lib/controls.sh")],
        env={"HOME": str(home), "PATH": f"{tools}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    said = dict(line.split("=", 1) for line in done.stdout.splitlines())
    said.pop("name", None)  # this machine's own
    return said


NO_KEY = "echo 'The domain/default pair of (com.apple.Safari, X) does not exist' >&2; exit 1"


@pytest.mark.skipif(Path("/usr/bin/defaults").exists(), reason="this machine has its own answers")
def test_the_script_tells_what_the_tools_say_and_no_more(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("spctl", "csrutil", "defaults"):
        tool(tools, name, "echo 'a stand-in does not know' >&2; exit 69")
    assert set(asked(tmp_path, tools).values()) == {""}
    tool(tools, "spctl", '[ "$*" = --status ] && echo "assessments disabled"; exit 1')
    tool(tools, "csrutil", 'echo "System Integrity Protection status: enabled."; echo "more"')
    tool(tools, "defaults", "echo 1")
    tool(tools, "sysctl", "echo Apple M2")
    line = r"*\t*\tTEAM123456\torg.edr (7.18/7)\tEDR\t[activated enabled]\n"
    tool(
        tools,
        "systemextensionsctl",
        f"printf '1 extension(s)\\n{line}*\\t\\torg.old [terminated]\\n'",
    )
    said = asked(tmp_path, tools)
    assert said.pop("chip") in ("", "Apple M2"), "this machine may have a sysctl of its own"
    assert said == {
        "gatekeeper": "assessments disabled",
        "sip": "System Integrity Protection status: enabled.",
        "safari_safe_downloads": "1",
        "xprotect": "1",
        "extension": "* * TEAM123456 org.edr (7.18/7) EDR [activated enabled]",
    }


@pytest.mark.skipif(Path("/usr/bin/defaults").exists(), reason="this machine has its own answers")
def test_a_missing_key_means_something_only_where_it_could_be_read(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    tool(tools, "defaults", NO_KEY)
    assert asked(tmp_path, tools)["safari_safe_downloads"] == "absent"
    box = tmp_path / "Library/Containers/com.apple.Safari/Data/Library/Preferences"
    box.mkdir(parents=True)
    assert asked(tmp_path, tools)["safari_safe_downloads"] == "", "a box nobody may look into"
    (box / "com.apple.Safari.plist").write_bytes(b"x")
    assert asked(tmp_path, tools)["safari_safe_downloads"] == "absent"


@pytest.mark.parametrize(
    ("fact", "status", "observed"),
    [
        ({}, None, ""),
        ({"version": "7.18"}, Status.PASS, "version 7.18"),
        (
            {"version": "7.18", "policy": "3", "rule_sha256": "ab" * 32},
            Status.PASS,
            f"version 7.18, policy 3, rule {'ab' * 32}",
        ),
        ({"problem": "rule: me: gone"}, Status.ERROR, ""),
        ({"version": "7.18", "problem": "rule: me: gone"}, Status.ERROR, "version 7.18"),
    ],
)
def test_what_is_deployed_is_told_or_said_to_be_unknown(
    fact: dict[str, str], status: Status | None, observed: str
) -> None:
    said = found(sensors=(SensorFact(source="eslogger", **fact),)).get("deployed eslogger")
    assert (said and said.status) is status
    if said is not None:
        assert said.observed == observed
        assert ("rule: me: gone" in said.message) is ("problem" in fact)
