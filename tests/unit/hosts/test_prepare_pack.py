"""The pack's script: whatever the files hold, they arrive as they are or not at all."""

from __future__ import annotations

import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from witnessmark.content import pack as content
from witnessmark.content import root
from witnessmark.errors import ContentError
from witnessmark.hosts.pack import cksum, script

if TYPE_CHECKING:
    from pathlib import Path

RUN = "20261124t042002z-1f0c9a"
TEMPLATE = (root() / "inventory" / "playbooks" / "pack.sh").read_bytes()
SHELLS = [shell for shell in ("sh", "bash", "zsh") if shutil.which(shell)]

HOSTILE = {
    "lib/witness.sh": b"EOF\nX\n@./lib/other\n#witnessmark-pack\nS\nexit 1\n",
    "drop/p01/run.sh": b"$(touch ~/owned) `touch ~/owned` ${HOME} \\ \\n \"'\n",
    "drop/p02/run.sh": b"crlf\r\nlone\rcr\n\ttab \x01\x7f\x81\x88 \xff\xfe latin \xe9\n\n\n",
    "lib/payloads/unicode": "\u0101\u0440 \u2028 \U0001f600\n".encode(),
    "lib/payloads/empty": b"",
    "lib/payloads/blank": b"\n",
    "lib/payloads/long": b"x" * 100_000 + b"\n",
    "-".join("ab") + "/..c/.d_e": b"%s %d %%\n",
}


def deploy(home: Path, pack: dict[str, bytes], shell: str = "sh") -> subprocess.CompletedProcess:
    file = home.parent / "deploy it.sh"
    file.write_bytes(script(TEMPLATE, RUN, pack))
    return subprocess.run(
        [shell, file], env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=30,
    )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "a home").mkdir()
    return tmp_path / "a home"


def laid(home: Path) -> dict[str, bytes]:
    top = home / ".witnessmark" / RUN / "pack"
    files = [file for file in top.rglob("*") if not file.is_dir()]
    return {file.relative_to(top).as_posix(): file.read_bytes() for file in files}


@pytest.mark.parametrize("shell", SHELLS)
def test_hostile_content_arrives_unchanged(shell: str, home: Path) -> None:
    done = deploy(home, HOSTILE, shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "witnessmark\tchanged\tyes\n"
    assert laid(home) == HOSTILE
    assert [path.name for path in home.iterdir()] == [".witnessmark"]


def test_any_bytes_but_nul_arrive_unchanged(home: Path) -> None:
    chance = random.Random(20261124)
    pack = {
        f"f{number}/{number}": bytes(chance.randrange(1, 256) for _ in range(number * 37)) + b"\n"
        for number in range(40)
    }
    assert deploy(home, pack).returncode == 0
    assert laid(home) == pack


def test_the_whole_content_can_be_carried(home: Path) -> None:
    pack = content.build()
    assert {"lib/witness.sh", "lib/payloads/mark.sh"} <= pack.keys()
    assert any(name.endswith("/run.sh") for name in pack)
    assert not any(name.endswith(".yaml") for name in pack)
    assert deploy(home, pack).returncode == 0
    assert laid(home) == pack


def test_the_folders_are_private_and_the_marker_names_the_run(home: Path) -> None:
    deploy(home, HOSTILE)
    base = home / ".witnessmark" / RUN
    assert {path.name for path in base.iterdir()} == {
        "evidence", "pack", "receipts", "run", "tmp", "tools",
    }  # fmt: skip
    for folder in (base.parent, base, *(path for path in base.iterdir() if path.is_dir())):
        assert folder.stat().st_mode & 0o777 == 0o700, folder
    assert (base / "run").read_text() == f"{RUN}\n"
    assert (base / "pack" / "lib" / "witness.sh").stat().st_mode & 0o777 == 0o600


def test_the_second_time_nothing_changes(home: Path) -> None:
    deploy(home, HOSTILE)
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    assert deploy(home, HOSTILE).stdout == "witnessmark\tchanged\tno\n"
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before


@pytest.mark.parametrize("damage", ["altered", "added", "missing", "linked", "unmarked"])
def test_damage_is_mended_and_reported_as_a_change(damage: str, home: Path) -> None:
    deploy(home, HOSTILE)
    base = home / ".witnessmark" / RUN
    victim = base / "pack" / "lib" / "witness.sh"
    if damage == "altered":
        victim.write_bytes(victim.read_bytes()[:-2] + b"2\n")
    elif damage == "added":
        (base / "pack" / "extra.sh").write_text("echo\n")
    elif damage == "missing":
        victim.unlink()
    elif damage == "linked":
        victim.rename(base / "tools" / "elsewhere")
        victim.symlink_to(base / "tools" / "elsewhere")
    else:
        (base / "run").write_text("another\n")
    done = deploy(home, HOSTILE)
    assert (done.returncode, done.stdout) == (0, "witnessmark\tchanged\tyes\n")
    assert laid(home) == HOSTILE
    assert not victim.is_symlink()
    assert (base / "run").read_text() == f"{RUN}\n"


@pytest.mark.parametrize("part", ["", RUN, f"{RUN}/pack", f"{RUN}/receipts", f"{RUN}/run"])
def test_a_symbolic_link_in_its_way_is_refused(part: str, home: Path) -> None:
    link = home / ".witnessmark" / part
    link.parent.mkdir(parents=True, exist_ok=True)
    (home / "elsewhere").mkdir()
    link.symlink_to(home / "elsewhere")
    done = deploy(home, HOSTILE)
    assert done.returncode == 64
    assert done.stdout == f"witnessmark\tlink\t~/.witnessmark{part and '/' + part}\n"
    assert list((home / "elsewhere").iterdir()) == []


def test_a_file_that_did_not_arrive_is_noticed(home: Path) -> None:
    carried = script(TEMPLATE, RUN, {"a/run.sh": b"one\n", "b/run.sh": b"two\n"})
    (home.parent / "cut.sh").write_bytes(carried.replace(b"Xtwo\n", b""))
    done = subprocess.run(
        ["sh", home.parent / "cut.sh"], env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 73
    assert done.stdout == f"witnessmark\taltered\t~/.witnessmark/{RUN}/pack\n"
    assert not (home / ".witnessmark" / RUN / "pack").exists()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("../up/run.sh", b"", "relative path"),
        ("/etc/run.sh", b"", "relative path"),
        ("a//b", b"", "relative path"),
        ("a/./b", b"", "relative path"),
        ("-rf", b"", "relative path"),
        ("a b", b"", "relative path"),
        ("a\n@b", b"", "relative path"),
        ("", b"", "relative path"),
        ("x" * 201, b"", "relative path"),
        ("a/run.sh", b"a\0b\n", "NUL"),
        ("a/run.sh", b"no end", "newline"),
    ],
)
def test_what_cannot_be_carried_is_refused(name: str, data: bytes, words: str) -> None:
    with pytest.raises(ContentError, match=words):
        script(TEMPLATE, RUN, {name: data, "good": b"\n"})


def test_names_that_clash_on_a_mac_are_refused_together() -> None:
    with pytest.raises(ContentError) as caught:
        script(TEMPLATE, RUN, {"A/x": b"", "a/x": b"", "b": b"", "b/c": b"", "n": b"x"})
    assert len(caught.value.problems) == 3
    with pytest.raises(ContentError, match="empty"):
        script(TEMPLATE, RUN, {})


@pytest.mark.parametrize("data", [b"", b"\n", b"123456789", bytes(range(256)) * 300])
def test_cksum_is_that_of_posix(data: bytes) -> None:
    said = subprocess.run(["cksum"], input=data, capture_output=True, check=True).stdout
    assert said.split() == [str(cksum(data)).encode(), str(len(data)).encode()]
