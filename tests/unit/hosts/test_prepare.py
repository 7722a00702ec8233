"""prepare and teardown on this machine itself, and what every kind of trouble is told as."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from witnessmark import ansible
from witnessmark.ansible import TaskResult
from witnessmark.errors import ContentError, HostError, UsageError
from witnessmark.hosts.by_ansible import reach_variables
from witnessmark.hosts.outcome import Outcome, PrepareResult
from witnessmark.hosts.prepare import prepare, prepared, teardown
from witnessmark.hosts.reasons import unreachable
from witnessmark.model.hosts import Host, Origin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUN = "20261124t042002z-1f0c9a"
PACK = {"lib/witness.sh": b"echo $(id) `id`\n", "drop/p01/run.sh": b"EOF\nX\r\n"}
MAC = Host(name="mac1", origin=Origin.MAC, connection="ssh", lab=True, user="purple")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    home = tmp_path / "a home"
    (home / "Downloads").mkdir(parents=True)
    (home / "Library" / "Caches").mkdir(parents=True)
    (tmp_path / "consent it").write_text("owner: Ada\nexpires: 2999-01-01\n")
    monkeypatch.setenv("HOME", str(home))
    return Host(
        name="localhost",
        origin=Origin.MAC,
        connection="local",
        lab=True,
        consent_file=str(tmp_path / "consent it"),
    )


def test_this_machine_is_prepared_and_cleaned_without_sshd(
    here: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)  # not even an SSH client is needed
    home = tmp_path / "a home"
    untouched = sorted(home.rglob("*"))
    first = prepare([here], RUN, PACK)["localhost"]
    assert (first.outcome, first.reason, first.changed) == (Outcome.OK, None, True)
    assert (first.consent_owner, first.consent_expires) == ("Ada", "2999-01-01")
    assert first.system
    pack = home / ".witnessmark" / RUN / "pack"
    assert {name: (pack / name).read_bytes() for name in PACK} == PACK
    second = prepare([here], RUN, PACK)["localhost"]
    assert (second.ok, second.changed) == (True, False)
    assert list((home / ".witnessmark" / RUN / "tmp").iterdir()) == []
    (home / "Downloads" / "witnessmark" / RUN).mkdir(parents=True)
    (home / ".witnessmark" / RUN / "made").write_text(f"{home}/Downloads/witnessmark\n")
    assert teardown([here], RUN)["localhost"].changed
    assert sorted(home.rglob("*")) == untouched
    again = teardown([here], None)["localhost"]
    assert (again.ok, again.changed) == (True, False)


def test_without_consent_nothing_is_written(here: Host, tmp_path: Path) -> None:
    home = tmp_path / "a home"
    untouched = sorted(home.rglob("*"))
    (tmp_path / "consent it").unlink()
    result = prepare([here], RUN, PACK)["localhost"]
    assert result.outcome is Outcome.REFUSED
    assert result.reason is not None
    assert result.reason.startswith(f"localhost: no consent file {tmp_path}/consent it on the host")
    assert sorted(home.rglob("*")) == untouched


def test_a_host_that_is_no_lab_machine_is_refused_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ansible, "run_play", None)  # calling it would be a TypeError
    result = prepare([replace(MAC, lab=False)], RUN, PACK)["mac1"]
    assert result.outcome is Outcome.REFUSED
    assert "mac1: " in str(result.reason)
    assert "witnessmark_lab: true" in str(result.reason)


def test_without_an_ssh_client_one_sentence_comes_before_ansible(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(ansible, "run_play", None)
    with pytest.raises(HostError, match="no OpenSSH client `ssh` on PATH") as caught:
        prepare([MAC], RUN, PACK)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("run", ["", "..", "../x", "a b", "20261124t042002z-1f0c9a/..", "-rf"])
def test_a_malformed_run_id_goes_nowhere(run: str) -> None:
    with pytest.raises(UsageError):
        prepare([MAC], run, PACK)
    with pytest.raises(UsageError):
        teardown([MAC], run)


def test_a_pack_that_cannot_be_carried_goes_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ansible, "run_play", None)
    with pytest.raises(ContentError, match="NUL"):
        prepare([MAC], RUN, {"a/b": b"\0\n"})


def test_a_missing_key_or_known_hosts_is_told_without_connecting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ansible, "run_play", None)
    hosts = [
        replace(MAC, name="mac1", key_file=tmp_path / "key"),
        replace(MAC, name="mac2", known_hosts=tmp_path / "known"),
        replace(MAC, name="mac3", connection="winrm"),
    ]
    results = teardown(hosts, RUN)
    assert [results[host.name].ok for host in hosts] == [False, False, False]
    assert f"cannot read the SSH key {tmp_path}/key" in str(results["mac1"].reason)
    assert f"cannot read the known_hosts file {tmp_path}/known" in str(results["mac2"].reason)
    assert "winrm is not supported" in str(results["mac3"].reason)


def answering(
    monkeypatch: pytest.MonkeyPatch, event: str, rc: int | None, stdout: str = "", message: str = ""
) -> PrepareResult:
    task = TaskResult(host="mac1", event=event, rc=rc, stdout=stdout, stderr="", message=message)
    monkeypatch.setattr(ansible, "run_play", lambda *_, **__: [task])
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/ssh")
    return teardown([MAC], RUN)["mac1"]


@pytest.mark.parametrize(
    ("rc", "stdout", "outcome", "words"),
    [
        (64, "witnessmark\tlink\t~/Downloads/witnessmark\r\n", "refused", "symbolic link"),
        (73, "noise\nwitnessmark\tnot-removed\t~/x\n", "failed", "mac1: could not remove ~/x"),
        (64, "witnessmark\tconsent-expired\t2020-01-01\n", "refused", "expired on 2020-01-01"),
        (73, "witnessmark\tfolder-denied\t~/Downloads\n", "failed", "Full Disk Access"),
        (73, "witnessmark\tfuture-code\tx\n", "failed", "mac1: non-zero return code"),
        (1, "", "failed", "mac1: non-zero return code"),
        (0, "welcome to this Mac\n", "failed", "mac1: "),
    ],
)
def test_trouble_on_a_host_becomes_a_sentence(
    rc: int, stdout: str, outcome: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = "runner_on_failed" if rc else "runner_on_ok"
    result = answering(monkeypatch, event, rc, stdout, "non-zero return code")
    assert result.outcome == outcome
    assert words in str(result.reason)
    assert not result.ok


def test_all_that_went_wrong_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    stdout = "witnessmark\tnot-removed\t~/x\nwitnessmark\tlink\t~/y\nwitnessmark\tchanged\tyes\n"
    reason = str(answering(monkeypatch, "runner_on_failed", 64, stdout).reason)
    assert "~/x" in reason
    assert "~/y" in reason


def test_a_host_without_a_result_ran_out_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ansible, "run_play", lambda *_, **__: [])
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/ssh")
    result = teardown([MAC], RUN)["mac1"]
    assert result.outcome is Outcome.FAILED
    assert "did not finish in time" in str(result.reason)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\r\nHost key verification failed.",
         "its host key is not the one in ~/.ssh/known_hosts"),
        ("No ED25519 host key is known.\r\nHost key verification failed.", "no host key in"),
        ("purple@x: Permission denied (publickey).", "login as purple was refused"),
        ("Could not resolve hostname mac1: nodename", "correct ansible_host"),
        ("connect to host x port 22: Connection refused", "Remote Login"),
        ("connect to host x port 22: Operation timed out", "did not answer in time"),
        ("Failed to create temporary directory. In some", "disk full"),
        ("No user exists for uid 12345", "needs a named user"),
        ("kex_exchange_identification:\n closed", "not reachable by SSH (kex_exchange_ident"),
    ],
)  # fmt: skip
def test_an_unreachable_host_is_told_with_the_mend(
    message: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = answering(monkeypatch, "runner_on_unreachable", None, message=message)
    assert result.outcome is Outcome.UNREACHABLE
    assert str(result.reason).startswith("mac1: ")
    assert words in unreachable(MAC, message)
    assert "\n" not in str(result.reason)


def test_hosts_are_reached_as_paramiko_does(tmp_path: Path) -> None:
    known = tmp_path / "known % hosts"
    known.write_text("line\n")
    host = replace(MAC, address="192.0.2.1", port=2222, known_hosts=known, connect_timeout_s=3.4)
    variables = reach_variables(host, tmp_path)
    assert variables["ansible_timeout"] == 3
    copy = tmp_path / "known_hosts.mac1"
    assert copy.read_text() == "line\n"
    assert variables["ansible_ssh_common_args"] == f"""-o 'UserKnownHostsFile="{copy}"'"""
    assert "ansible_ssh_private_key_file" not in variables  # then the agent is used
    keyed = reach_variables(replace(host, key_file=tmp_path / "k%y"), tmp_path)
    assert keyed["ansible_ssh_private_key_file"] == f"{tmp_path}/k%%y"
    assert "IdentitiesOnly=yes" in str(keyed["ansible_ssh_common_args"])


def tasks(*names: str) -> Iterator[TaskResult]:
    """Each of these hosts is done, one after the other; then ansible breaks."""
    for name in names:
        yield TaskResult(
            host=name,
            event="runner_on_ok",
            rc=0,
            stdout="witnessmark\tchanged\tyes\n",
            stderr="",
            message="",
        )
    raise HostError("ansible did not end within 140 s and was stopped")


def test_a_host_is_told_as_soon_as_it_is_ready_and_keeps_that_whatever_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/ssh")
    monkeypatch.setattr(ansible, "run_play", lambda *_, **__: tasks("mac2"))
    hosts = [replace(MAC, name=name) for name in ("mac1", "mac2")]
    results = prepared(hosts, RUN, PACK)
    assert next(results).ok
    (other,) = results
    assert (other.host, other.ok) == ("mac1", False)
    assert other.reason == "mac1: ansible did not end within 140 s and was stopped"


def test_ansible_that_never_began_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/ssh")
    monkeypatch.setattr(ansible, "run_play", lambda *_, **__: tasks())
    with pytest.raises(HostError, match="was stopped"):
        list(prepared([MAC], RUN, PACK))


def test_nothing_to_do_is_no_error() -> None:
    assert prepare([], RUN, PACK) == {}
    assert teardown([], None) == {}
