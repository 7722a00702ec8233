"""A stand-in host's files."""

from __future__ import annotations

import datetime as dt
import os
import stat
import subprocess
from pathlib import Path

import pytest

from witnessmark.errors import Unsupported
from witnessmark.standin import tree


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("it's a") / "root"
    tree.build(root)
    return root


def test_folders_lie_where_a_mac_has_them(root: Path) -> None:
    for folder in (
        "Users/purple/Downloads",
        "Users/purple/Library/Caches",
        "Users/purple/Library/Application Support",
        "private/var/log",
        "private/var/folders",
        "Applications/Safari.app",
    ):
        assert (root / folder).is_dir()
    assert (root / "tmp").readlink() == Path("private/tmp")
    assert (root / "var/log").resolve() == (root / "private/var/log").resolve()


@pytest.mark.parametrize(
    "browser",
    [
        "Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "Applications/Firefox.app/Contents/MacOS/firefox",
    ],
)
def test_a_browser_is_a_program_of_its_own_that_forks(root: Path, browser: str) -> None:
    path = root / browser
    assert stat.S_ISREG(path.lstat().st_mode)
    out = subprocess.check_output(
        [path, "-c", "/bin/sh -c 'readlink /proc/$PPID/exe; :'; :"], text=True
    )
    assert out.rstrip("\n") == str(path.resolve())


def test_building_again_keeps_what_is_there(root: Path) -> None:
    browser = root / tree.BROWSER[1:]
    before = browser.stat().st_ino
    mark = root / "Users/purple/Downloads/mark"
    mark.write_text("kept")
    tree.build(root)
    assert (browser.stat().st_ino, mark.read_text()) == (before, "kept")


def test_a_shim_never_writes_through_a_link(tmp_path: Path) -> None:
    machines = tmp_path / "the machine's own ps"
    machines.write_text("precious")
    (tmp_path / "root/bin").mkdir(parents=True)
    (tmp_path / "root/bin/ps").symlink_to(machines)
    tree.build(tmp_path / "root")
    assert machines.read_text() == "precious"


def test_sw_vers_says_what_it_is(root: Path) -> None:
    sw_vers = root / "usr/bin/sw_vers"
    every = subprocess.check_output([sw_vers], text=True).splitlines()
    assert every[0].split("\t")[-1] == "witnessmark stand-in"
    for option, line in zip(("Name", "Version"), every, strict=False):
        for dashes in ("-", "--"):
            out = subprocess.check_output([sw_vers, f"{dashes}product{option}"], text=True)
            assert out.strip() == line.split("\t")[-1]
    build = subprocess.check_output([sw_vers, "-buildVersion"], text=True)
    assert build == "standin\n"
    assert subprocess.run([sw_vers, "-x"], capture_output=True, check=False).returncode == 1


def test_only_commands_of_a_mac_are_on_the_path(root: Path) -> None:
    folders = [Path(folder) for folder in tree.search_path(root).split(":")]
    assert all(folder.is_relative_to(root) for folder in folders)
    found = {path.name for folder in folders for path in folder.iterdir()}
    assert found >= {"sh", "cat", "ps", "sw_vers", "python3", "stat", "find"}
    assert not found & {"setsid", "timeout", "sha256sum", "tac", "sudo", "su", "nproc"}
    assert all(path.exists() for folder in folders for path in folder.iterdir())


def test_the_ps_shim_is_ours(root: Path) -> None:
    (root.parent / "init.pid").write_text(f"{os.getpid()} 1\n")
    ps = root / "bin/ps"
    assert not ps.is_symlink()
    out = subprocess.check_output([ps, "-p", str(os.getpid()), "-o", "pid=,ppid="], text=True)
    assert out.split() == [str(os.getpid()), "0"]


def test_consent_names_its_owner_and_ends(root: Path) -> None:
    tree.write_consent(root, dt.date(2026, 12, 28))
    consent = root / "Library/Application Support/witnessmark/consent"
    assert consent.read_text() == "owner: stand-in\nexpires: 2027-01-04\n"


def test_a_machine_with_busybox_only_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busybox = tmp_path / "busybox"
    busybox.touch()
    (tmp_path / "sh").symlink_to(busybox)
    monkeypatch.setattr(tree, "_SHELLS", (str(tmp_path / "sh"), str(tmp_path / "none")))
    with pytest.raises(Unsupported, match="dash, bash or zsh"):
        tree.build(tmp_path / "root")


def test_removal_follows_no_symlink_and_minds_no_lost_rights(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o500)
    folder = tmp_path / "host"
    (folder / "locked/deep").mkdir(parents=True)
    (folder / "link").symlink_to(outside)
    (folder / "locked/deep").chmod(0)
    (folder / "locked").chmod(0)
    tree.remove(folder)
    assert not folder.exists()
    assert stat.S_IMODE(outside.stat().st_mode) == 0o500
