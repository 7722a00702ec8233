"""What is deployed for a source is asked only as the inventory says, and is never guessed."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from witnessmark import sensors
from witnessmark.hosts.local import LocalTransport
from witnessmark.model.hosts import Role, Source

BARE = Source(name="es", kind="eslogger", role=Role.ORGANISATION, path="/var/log/es.ndjson")


def said(*words: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", *words)


def test_nothing_is_asked_of_a_source_that_names_nothing(mac: LocalTransport) -> None:
    fact, rule = sensors.ask(mac, BARE)
    assert (fact.version, fact.policy, fact.rule_sha256, fact.problem) == ("", "", None, None)
    assert (rule, fact.rule_kept) == (None, False)


def test_the_first_line_is_the_version_and_the_rule_is_hashed_and_kept(
    mac: LocalTransport, tmp_path: Path
) -> None:
    file = tmp_path / "an0994.rule"
    file.write_bytes(b"rule: \xff\n")
    source = replace(
        BARE,
        version_command=said("printf '\\n 7.18 \\nmore\\n'"),
        policy_command=said("printf 'p%s\\n' 4000 | tr 4 5"),
        rule_file=str(file),
    )
    fact, rule = sensors.ask(mac, source)
    assert (fact.version, fact.policy, fact.problem) == ("7.18", "p5000", None)
    assert fact.rule_sha256 == hashlib.sha256(b"rule: \xff\n").hexdigest()
    assert (rule, fact.rule_kept) == (b"rule: \xff\n", True)


def test_a_secret_rule_is_hashed_and_its_text_goes_nowhere(
    mac: LocalTransport, tmp_path: Path
) -> None:
    file = tmp_path / "an0994.rule"
    file.write_text("token: hunter2")
    fact, rule = sensors.ask(mac, replace(BARE, rule_file=str(file), rule_secret=True))
    assert fact.rule_sha256 == hashlib.sha256(b"token: hunter2").hexdigest()
    assert (rule, fact.rule_kept) == (None, False)
    assert "hunter2" not in repr(fact)


def test_what_cannot_be_told_is_said_for_each_and_is_no_version(
    mac: LocalTransport, tmp_path: Path
) -> None:
    source = replace(
        BARE,
        version_command=said("echo 1.0; exit 3"),
        policy_command=said(":"),
        rule_file=str(tmp_path / "gone"),
    )
    fact, rule = sensors.ask(mac, source)
    assert (fact.version, fact.policy, fact.rule_sha256, rule) == ("", "", None, None)
    for words in ("version: /bin/sh ended with 3", "policy: /bin/sh said nothing", "rule: me: "):
        assert words in (fact.problem or "")


def test_a_rule_that_is_no_rule_is_not_read_to_its_end(
    mac: LocalTransport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensors, "LARGEST_RULE", 8)
    file = tmp_path / "huge"
    file.write_bytes(b"x" * 9)
    fact, rule = sensors.ask(mac, replace(BARE, rule_file=str(file)))
    assert (fact.rule_sha256, rule) == (None, None)
    assert "more than" in (fact.problem or "")
    file.write_bytes(b"x" * 8)
    assert sensors.ask(mac, replace(BARE, rule_file=str(file)))[1] == b"x" * 8


def test_an_answer_is_cut(mac: LocalTransport) -> None:
    source = replace(BARE, version_command=said("printf '%05000d\\n' 1"))
    assert len(sensors.ask(mac, source)[0].version) == sensors.MOST_SAID
