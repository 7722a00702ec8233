"""The doctor's own script on this machine: what it tries, what it takes back, what it says."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.doctor.folders import PLACES, folders, leftovers
from witnessmark.hosts.local import LocalTransport
from witnessmark.hosts.transport import Result
from witnessmark.model.hosts import Host, Origin
from witnessmark.model.verdicts import Status

if TYPE_CHECKING:
    from pathlib import Path

    from witnessmark.doctor.lines import Line

RUN = "20261124t042002z-0d0c70"
MARK = f"wm-{RUN}-doctor"
HOST = Host(name="me", origin=Origin.MAC, connection="local", lab=True)


@pytest.fixture
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home as a Mac's user has it, and nothing of ours in it."""
    home = tmp_path / "a home"
    for name in ("Downloads", "Library/Caches"):
        (home / name).mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    return home


def tried(host: Host = HOST) -> tuple[dict[str, Line], bool]:
    found, written = folders(LocalTransport(host), RUN, MARK)
    return {item.name: item for item in found}, written


def shim(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    """A tool of the host that behaves as macOS does."""
    tool = folder / "bin" / name
    tool.parent.mkdir(exist_ok=True)
    tool.write_text(f"#!/bin/sh\n{text}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")


def test_a_good_home_passes_and_is_as_before(clean: Path) -> None:
    before = sorted(clean.rglob("*"))
    found, written = tried()
    assert {name: item.status for name, item in found.items()} == dict.fromkeys(
        (*PLACES, "disk"), Status.PASS
    )
    assert written
    assert sorted(clean.rglob("*")) == before


def test_folders_that_were_there_stay(clean: Path) -> None:
    for name in (".witnessmark", "Downloads/witnessmark/20260101t000000z-abcdef"):
        (clean / name).mkdir(parents=True)
    before = sorted(clean.rglob("*"))
    assert tried()[1]
    assert sorted(clean.rglob("*")) == before


def test_what_tcc_keeps_from_remote_users_is_named_with_its_mend(
    clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse = 'echo "ls: $2: Operation not permitted" >&2; exit 1'
    shim(
        tmp_path, monkeypatch, "ls", f'case $2 in */Downloads) {refuse} ;; esac; exec /bin/ls "$@"'
    )
    found, _ = tried()
    assert found["downloads"].status is Status.FAIL
    assert found["downloads"].message == "~/Downloads cannot be listed (Operation not permitted)"
    assert "Allow full disk access for remote users" in found["downloads"].mend
    assert found["home"].status is found["caches"].status is Status.PASS


def test_a_folder_that_cannot_be_written_in_is_named(
    clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse = 'echo "mkdir: $1: No space left on device" >&2; exit 1'
    shim(
        tmp_path,
        monkeypatch,
        "mkdir",
        f'case $1 in */Downloads/*) {refuse} ;; esac; exec /bin/mkdir "$@"',
    )
    found, written = tried()
    assert found["downloads"].message == (
        "~/Downloads cannot be written in (No space left on device)"
    )
    assert "free some space" in found["downloads"].mend
    assert not written
    assert found["caches"].status is Status.PASS


def test_a_link_where_ours_would_be_is_not_followed(clean: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (clean / "Downloads/witnessmark").symlink_to(elsewhere)
    found, written = tried()
    assert found["downloads"].message == (
        "~/Downloads/witnessmark cannot be written in (is a symbolic link)"
    )
    assert not written
    assert list(elsewhere.iterdir()) == []


def test_a_missing_folder_is_missing(clean: Path) -> None:
    (clean / "Downloads").rmdir()
    found, _ = tried()
    assert found["downloads"].message == (
        "~/Downloads cannot be listed and cannot be written in (No such file or directory)"
    )


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("echo h; echo d 1 1 1000 1% /", Status.FAIL, "0 MiB free"),
        ("echo h; echo d 1 1 999999999 1% /", Status.PASS, "976562 MiB free"),
        ("exit 1", Status.ERROR, "did not tell"),
        ("echo h; echo d 1 1 lots 1% /", Status.ERROR, "did not tell"),
    ],
)
def test_little_space_fails_and_no_answer_is_unknown(
    clean: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    status: Status,
    words: str,
) -> None:
    shim(tmp_path, monkeypatch, "df", text)
    disk = tried()[0]["disk"]
    assert disk.status is status
    assert words in disk.message


@dataclass(frozen=True)
class Says:
    """A host that answers as it is told."""

    out: bytes = b""
    status: int | None = 0
    host: Host = HOST

    def run(self, argv: Any, **_: Any) -> Result:
        return Result(
            argv=tuple(argv),
            status=self.status,
            stdout=self.out,
            stderr=b"",
            started_ns=0,
            finished_ns=1,
            timed_out=False,
            cut=0,
        )


def test_a_host_that_does_not_come_to_an_end_is_unknown() -> None:
    for says in (Says(), Says(status=None), Says(out=b"witnessmark\tlisted\t~/Downloads\n")):
        found, written = folders(says, RUN, MARK)  # type: ignore[arg-type]
        assert [item.status for item in found] == [Status.ERROR]
        assert not written


def test_a_folder_of_which_the_host_says_nothing_is_unknown() -> None:
    found, written = folders(Says(out=b"witnessmark\tend\t\n"), RUN, MARK)  # type: ignore[arg-type]
    assert {item.status for item in found} == {Status.ERROR}
    assert not written


def test_what_the_doctor_could_not_take_back_is_said() -> None:
    out = b"witnessmark\tleft\t~/Downloads/witnessmark/x\nwitnessmark\tend\t\n"
    found, _ = folders(Says(out=out), RUN, MARK)  # type: ignore[arg-type]
    assert any(item.name == "probe" and item.status is Status.FAIL for item in found)


@pytest.mark.parametrize(
    ("out", "code", "status", "words"),
    [
        ("", 0, Status.PASS, "no run left anything"),
        ("found\t~/.witnessmark/x", 0, Status.FAIL, "a dead run left ~/.witnessmark/x"),
        ("running\tprocess 7: sh x", 0, Status.FAIL, "a dead run left process 7: sh x"),
        ("spared\t20260101t000000z-abcdef", 0, Status.FAIL, "is going on"),
        ("unreadable\t~/Downloads", 73, Status.ERROR, "nobody can say it is clean"),
        ("", 73, Status.ERROR, "me: "),
    ],
)
def test_what_runs_left(out: str, code: int, status: Status, words: str) -> None:
    text = f"witnessmark\t{out}\n".encode() if out else b""
    line = leftovers(Says(out=text, status=code))  # type: ignore[arg-type]
    assert line.status is status
    assert words in line.message


def test_many_leftovers_are_counted() -> None:
    out = b"".join(b"witnessmark\tfound\t~/%d\n" % number for number in range(9))
    assert leftovers(Says(out=out)).message.endswith("~/0, ~/1, ~/2, and 6 more")  # type: ignore[arg-type]


def test_leftovers_are_found_and_not_touched(clean: Path) -> None:
    own = clean / ".witnessmark/20260101t000000z-abcdef"
    own.mkdir(parents=True)
    line = leftovers(LocalTransport(replace(HOST)))
    assert line.status is Status.FAIL
    assert "~/.witnessmark/20260101t000000z-abcdef" in line.message
    assert own.is_dir()
