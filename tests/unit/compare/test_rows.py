"""What of a record gets which name, and what stays unknown."""

from __future__ import annotations

from typing import Any

from tests.unit.compare.conftest import told


def test_an_execution_under_both_vocabularies(tape: Any) -> None:
    browser = tape.chrome()
    tape.spawn(browser, "/bin/sh", ["sh", "-c", "id"], cwd="/tmp")
    row = told(tape)[-1]
    assert row.sigma["Image"] == "/bin/sh"
    assert row.sigma["CommandLine"] == "sh -c id"
    assert row.sigma["ParentImage"] == browser.image.path
    assert row.sigma["ParentCommandLine"] == browser.image.path
    assert row.sigma["CurrentDirectory"] == "/tmp"
    assert row.sigma["ScriptFile"] is None
    process = row.ecs["process"]
    assert (process["name"], process["args_count"]) == ("sh", 3)
    assert process["parent"]["name"] == "Google Chrome"
    assert process["parent"]["code_signature"]["team_id"] == "EQHXZ8M8AV"
    assert process["code_signature"]["trusted"] is True
    assert row.ecs["event"] | {"kind": ""} == {
        "category": "process",
        "type": "start",
        "action": "exec",
        "kind": "",
    }


def test_what_nobody_told_stays_unknown(standin: Any) -> None:
    standin.spawn(standin.terminal, "/bin/ls", no_args=True, cwd=None)
    row = told(standin)[-1]
    assert row.sigma["CommandLine"] is None
    assert row.sigma["CurrentDirectory"] is None
    process = row.ecs["process"]
    assert process["args_count"] is None
    assert set(process["code_signature"].values()) == {None}


def test_a_parent_that_nobody_saw_has_no_image(tape: Any) -> None:
    row = told(tape)[0]
    assert row.event.target.path == "/bin/zsh"
    assert row.sigma["ParentProcessId"] == 1


def test_files_are_told_by_what_happened_to_them(tape: Any) -> None:
    path = "/Users/kim/Downloads/x.part"
    tape.write(path)
    tape.rename(path, "/Users/kim/Downloads/x.sh")
    tape.write("/Users/kim/Downloads/read", modified=False)
    first, second = (row for row in told(tape) if row.event.file is not None)
    assert first.sigma["TargetFilename"] == path
    assert first.ecs["event"]["action"] == "modification"
    assert second.sigma["SourceFilename"] == path
    assert second.sigma["TargetFilename"] == "/Users/kim/Downloads/x.sh"
    assert second.ecs["file"]["Ext"]["original"]["path"] == path
    assert second.ecs["file"]["extension"] == "sh"
