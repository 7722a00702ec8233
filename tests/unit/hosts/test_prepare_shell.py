"""look.sh and sweep.sh, run as they are: consent, links, and what may be removed."""

from __future__ import annotations

import datetime as dt
import os
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from witnessmark.content import root

if TYPE_CHECKING:
    from pathlib import Path

RUN = "20261124t042002z-1f0c9a"
OTHER = "20261125t000000z-abcdef"
TODAY = dt.datetime.now(dt.UTC).date()
SHELLS = [shell for shell in ("sh", "bash") if shutil.which(shell)]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "a home"
    (home / "Downloads").mkdir(parents=True)
    (home / "Library" / "Caches").mkdir(parents=True)
    return home


def shell(home: Path, script: str, *arguments: str, sh: str = "sh") -> tuple[int, list[str]]:
    text = (root() / "inventory" / "playbooks" / script).read_text()
    done = subprocess.run(
        [sh, "-c", f"set -- {shlex.join(arguments)}\n{text}"],
        env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert done.stderr == ""
    return done.returncode, [line.replace("\t", " ") for line in done.stdout.splitlines()]


def consent(home: Path, text: str) -> Path:
    file = home.parent / "the consent"
    file.write_bytes(text.encode())
    return file


def look(home: Path, file: Path | str, sh: str = "sh") -> tuple[int, list[str]]:
    return shell(home, "look.sh", str(file), RUN, sh=sh)


@pytest.mark.parametrize("sh", SHELLS)
@pytest.mark.parametrize("ending", ["\n", "\r\n", ""])
def test_valid_consent_is_read_and_nothing_is_written(sh: str, ending: str, home: Path) -> None:
    file = consent(home, f"# ours{ending or chr(10)}owner: Ada $(id) L.\nexpires: {TODAY}{ending}")
    before = sorted(home.rglob("*"))
    status, said = look(home, file, sh)
    assert status == 0
    assert said[:2] == [f"witnessmark expires {TODAY}", "witnessmark owner Ada $(id) L."]
    assert sorted(home.rglob("*")) == before


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "consent-missing "),
        ("", "consent-line owner"),
        ("owner: \nexpires: 2999-01-01\n", "consent-line owner"),
        ("owner: Ada\n", "consent-line expires"),
        ("owner: Ada\nexpires: tomorrow\n", "consent-date tomorrow"),
        ("owner: Ada\nexpires: 01-02-2999\n", "consent-date 01-02-2999"),
        ("owner: Ada\nexpires: 2999-01-01 \n", "consent-date 2999-01-01 "),
        ("owner: Ada\nexpires: 2999-99-01\n", "consent-date 2999-99-01"),
        ("owner: Ada\nexpires: 2999-01-01\nexpires: 2999-01-02\n", "consent-twice expires"),
        ("owner: Ada\nowner: Bob\nexpires: 2999-01-01\n", "consent-twice owner"),
        (f"owner: Ada\nexpires: {TODAY - dt.timedelta(1)}\n", "consent-expired"),
        ("owner: Ada\nexpires: 1999-12-31\n", "consent-expired 1999-12-31"),
    ],
)
def test_without_valid_consent_a_host_is_refused(text: str | None, code: str, home: Path) -> None:
    file = consent(home, text) if text is not None else home / "none"
    status, said = look(home, file)
    assert status == 64
    assert said[-1].startswith(f"witnessmark {code}")


def test_consent_may_not_be_a_link_or_a_folder(home: Path) -> None:
    file = consent(home, "owner: Ada\nexpires: 2999-01-01\n")
    (home / "link").symlink_to(file)
    assert look(home, home / "link") == (64, ["witnessmark consent-link "])
    assert look(home, home) == (64, ["witnessmark consent-missing "])


@pytest.mark.parametrize(
    "own",
    [".witnessmark", f".witnessmark/{RUN}", "Downloads/witnessmark",
     "Library/Caches/org.witnessmark"],
)  # fmt: skip
def test_a_link_where_ours_would_be_is_refused(own: str, home: Path) -> None:
    (home / own).parent.mkdir(exist_ok=True)
    (home / own).symlink_to("/tmp")
    status, said = look(home, consent(home, "owner: Ada\nexpires: 2999-01-01\n"))
    assert (status, said[-1]) == (64, f"witnessmark link ~/{own}")


def test_a_missing_or_denied_folder_for_payloads_is_told(home: Path) -> None:
    file = consent(home, "owner: Ada\nexpires: 2999-01-01\n")
    (home / "Library" / "Caches").rmdir()
    status, said = look(home, file)
    assert (status, said[-1]) == (73, "witnessmark folder-missing ~/Library/Caches")
    (home / "Downloads").rmdir()
    (home / "Downloads").symlink_to("/proc/self")  # a folder where even root may not write
    status, said = look(home, file)
    assert (status, said[-1]) == (73, "witnessmark folder-denied ~/Downloads")


def fill(home: Path, *runs: str) -> None:
    for run in runs:
        for own in (".witnessmark", "Downloads/witnessmark", "Library/Caches/org.witnessmark"):
            (home / own / run / "deep" / "er").mkdir(parents=True)
            (home / own / run / "deep" / "file").write_text("x")
        note_made(home, run, "Downloads/witnessmark", "Library/Caches/org.witnessmark")


def note_made(home: Path, run: str, *shared: str) -> None:
    (home / ".witnessmark" / run).mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{home}/{own}\n" for own in shared)
    (home / ".witnessmark" / run / "made").write_text(lines)


@pytest.mark.parametrize("sh", SHELLS)
def test_a_run_is_removed_with_its_emptied_folders_and_twice_is_safe(sh: str, home: Path) -> None:
    untouched = sorted(home.rglob("*"))
    fill(home, RUN)
    (home / "Downloads" / "witnessmark" / RUN / "deep").chmod(0)
    assert shell(home, "sweep.sh", RUN, sh=sh) == (0, ["witnessmark changed yes"])
    assert sorted(home.rglob("*")) == untouched
    assert shell(home, "sweep.sh", RUN, sh=sh) == (0, ["witnessmark changed no"])


def test_another_run_stays(home: Path) -> None:
    fill(home, RUN, OTHER)
    assert shell(home, "sweep.sh", RUN)[0] == 0
    assert {path.name for path in (home / "Downloads" / "witnessmark").iterdir()} == {OTHER}
    assert shell(home, "sweep.sh", "") == (0, ["witnessmark changed yes"])
    assert not (home / ".witnessmark").exists()


def test_all_runs_spares_what_is_no_run_and_says_so(home: Path) -> None:
    fill(home, RUN, "standin")
    status, said = shell(home, "sweep.sh", "")
    assert status == 73
    assert "witnessmark foreign ~/.witnessmark" in said
    assert (home / ".witnessmark" / "standin" / "deep" / "file").exists()
    assert not (home / ".witnessmark" / RUN).exists()


SHARED = ("Downloads/witnessmark", "Library/Caches/org.witnessmark")


@pytest.mark.parametrize("sh", SHELLS)
@pytest.mark.parametrize("which", [RUN, ""])
@pytest.mark.parametrize("mine", SHARED)
def test_a_shared_folder_that_no_run_made_stays(mine: str, which: str, sh: str, home: Path) -> None:
    (home / mine).mkdir()
    fill(home, RUN)
    other = next(own for own in SHARED if own != mine)
    note_made(home, RUN, other)
    assert shell(home, "sweep.sh", which, sh=sh) == (0, ["witnessmark changed yes"])
    assert list((home / mine).iterdir()) == []
    assert not (home / other).exists()
    assert shell(home, "sweep.sh", which, sh=sh) == (0, ["witnessmark changed no"])
    assert (home / mine).is_dir()


def test_what_another_run_made_is_not_removed_with_this_one(home: Path) -> None:
    (home / SHARED[0] / RUN).mkdir(parents=True)
    note_made(home, RUN)
    note_made(home, OTHER, *SHARED)
    assert shell(home, "sweep.sh", RUN)[0] == 0
    assert (home / SHARED[0]).is_dir()


@pytest.mark.parametrize(
    "link", [".witnessmark", f".witnessmark/{RUN}", f".witnessmark/{RUN}/made"]
)
def test_a_note_behind_a_link_is_none(link: str, home: Path) -> None:
    (home / SHARED[0]).mkdir()
    fake = home.parent / "fake"
    note_made(fake, RUN)
    (fake / ".witnessmark" / RUN / "made").write_text(f"{home}/{SHARED[0]}\n")
    (home / link).parent.mkdir(parents=True, exist_ok=True)
    (home / link).symlink_to(fake / link)
    shell(home, "sweep.sh", "")
    assert (home / SHARED[0]).is_dir()


@pytest.mark.parametrize(
    "name",
    ["20261124t042002z-", "20261124t042002z-1f0c9", "20261124t042002z-1f0c9ab",
     "20261124t042002z-1f0c9g", "20261124t042002z-1F0C9A", "20261124t042002z-mine",
     "20261124t042002-1f0c9a", "x20261124t042002z-1f0c9a", "20261124t042002z-x-1f0c9a",
     "20261124t042002z1f0c9a", "20261124t042002z-1f0c9a.txt"],
)  # fmt: skip
def test_all_runs_spares_every_name_that_is_not_just_a_run_id(name: str, home: Path) -> None:
    fill(home, RUN, name)
    status, said = shell(home, "sweep.sh", "")
    assert (status, "witnessmark foreign ~/Downloads/witnessmark" in said) == (73, True)
    for own in (".witnessmark", *SHARED):
        assert [path.name for path in (home / own).iterdir()] == [name]


@pytest.mark.parametrize("sh", SHELLS)
@pytest.mark.parametrize("own", SHARED)
@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777, 0o1777])
def test_a_shared_folder_that_others_may_write_in_is_refused(
    mode: int, own: str, sh: str, home: Path
) -> None:
    file = consent(home, "owner: Ada\nexpires: 2999-01-01\n")
    (home / own).mkdir()
    (home / own).chmod(0o755)
    assert look(home, file, sh)[0] == 0
    (home / own).chmod(mode)
    status, said = look(home, file, sh)
    assert (status, said[-1]) == (64, f"witnessmark not-private ~/{own}")


@pytest.mark.parametrize("own", SHARED)
def test_a_shared_folder_that_is_a_file_is_refused(own: str, home: Path) -> None:
    (home / own).write_text("x")
    status, said = look(home, consent(home, "owner: Ada\nexpires: 2999-01-01\n"))
    assert (status, said[-1]) == (64, f"witnessmark not-private ~/{own}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder away")
@pytest.mark.parametrize("own", SHARED)
def test_a_shared_folder_of_another_user_is_refused(own: str, home: Path) -> None:
    (home / own).mkdir()
    os.chown(home / own, 65534, os.getegid())
    status, said = look(home, consent(home, "owner: Ada\nexpires: 2999-01-01\n"))
    assert (status, said[-1]) == (64, f"witnessmark not-private ~/{own}")


@pytest.mark.parametrize("which", [RUN, ""])
@pytest.mark.parametrize("own", ["Downloads/witnessmark", f"Downloads/witnessmark/{RUN}"])
def test_a_link_is_refused_and_what_it_leads_to_stays(own: str, which: str, home: Path) -> None:
    precious = home.parent / "precious"
    (precious / RUN).mkdir(parents=True)
    (precious / RUN / "file").write_text("x")
    (home / own).parent.mkdir(exist_ok=True)
    (home / own).symlink_to(precious)
    fill_elsewhere = home / ".witnessmark" / RUN
    fill_elsewhere.mkdir(parents=True)
    status, said = shell(home, "sweep.sh", which)
    assert status == 64
    assert f"witnessmark link ~/{own}" in said
    assert (precious / RUN / "file").exists()
    assert not fill_elsewhere.exists()  # the rest is still cleaned


def test_links_inside_a_run_are_removed_and_never_followed(home: Path) -> None:
    precious = home.parent / "precious"
    precious.mkdir(mode=0o755)
    (precious / "file").write_text("x")
    fill(home, RUN)
    (home / "Downloads" / "witnessmark" / RUN / "deep" / "link").symlink_to(precious)
    assert shell(home, "sweep.sh", RUN)[0] == 0
    assert (precious / "file").exists()
    assert precious.stat().st_mode & 0o777 == 0o755


def test_a_relocated_downloads_folder_is_cleaned_too(home: Path) -> None:
    (home / "Downloads").rmdir()
    (home.parent / "volume").mkdir()
    (home / "Downloads").symlink_to(home.parent / "volume")
    fill(home, RUN)
    assert shell(home, "sweep.sh", RUN) == (0, ["witnessmark changed yes"])
    assert list((home.parent / "volume").iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
def test_a_folder_that_cannot_be_looked_into_is_never_called_clean(home: Path) -> None:
    (home / "Downloads").chmod(0)
    try:
        status, said = shell(home, "sweep.sh", RUN)
    finally:
        (home / "Downloads").chmod(0o700)
    assert (status, said[0]) == (73, "witnessmark unreadable ~/Downloads")


def test_without_a_home_nothing_is_done(tmp_path: Path) -> None:
    assert shell(tmp_path / "none", "sweep.sh", RUN)[0] == 73


def noted(home: Path, *names: str) -> Path:
    """/private/tmp of a host that has the home's parent as its root, with folders in it; noted."""
    top = home.parent / "private/tmp"
    for name in names:
        (top / name / "deep").mkdir(parents=True)
        (top / name / "deep/payload").write_text("x")
    own = home / ".witnessmark" / RUN
    own.mkdir(parents=True)
    (own / "made").write_text("".join(f"{top}/{name}\n" for name in names))
    return top


@pytest.mark.parametrize("sh", SHELLS)
@pytest.mark.parametrize("which", [RUN, ""])
def test_what_a_run_made_in_private_tmp_goes_with_it(sh: str, which: str, home: Path) -> None:
    top = noted(home, f"org.witnessmark.{RUN}.007", f"org.witnessmark.{RUN}.012")
    (top / "somebody").mkdir()
    assert shell(home, "sweep.sh", which, sh=sh) == (0, ["witnessmark changed yes"])
    assert [path.name for path in top.iterdir()] == ["somebody"]


def test_looking_tells_of_private_tmp_and_removes_nothing(home: Path) -> None:
    top = noted(home, f"org.witnessmark.{RUN}.007")
    status, said = shell(home, "sweep.sh", RUN, "look")
    assert status == 0
    assert f"witnessmark found /private/tmp/org.witnessmark.{RUN}.007" in said
    assert (top / f"org.witnessmark.{RUN}.007/deep/payload").is_file()


@pytest.mark.parametrize(
    "line",
    [
        "{top}/somebody",
        "{top}/org.witnessmark.{run}.",
        "{top}/org.witnessmark.{run}.7x",
        "{top}/org.witnessmark.{run}.7/../../../victim",
        "{top}/org.witnessmark.{other}.007",
        "{top}/../tmp.d/private/tmp/org.witnessmark.{run}.007",
        "/elsewhere/private/tmp/org.witnessmark.{run}.007",
        "{top}",
        "/",
        "",
    ],
)
def test_no_note_makes_it_remove_anything_else(line: str, home: Path) -> None:
    top = home.parent / "private/tmp"
    kept = [
        top / "somebody",
        top / f"org.witnessmark.{OTHER}.007",
        home.parent / "victim",
        home.parent / f"private/tmp.d/private/tmp/org.witnessmark.{RUN}.007",
    ]
    for path in kept:
        path.mkdir(parents=True)
    own = home / ".witnessmark" / RUN
    own.mkdir(parents=True)
    (own / "made").write_text(line.format(top=top, run=RUN, other=OTHER) + "\n")
    assert shell(home, "sweep.sh", RUN)[0] == 0
    assert all(path.is_dir() for path in kept)


def test_a_link_in_private_tmp_is_refused_and_not_followed(home: Path) -> None:
    name = f"org.witnessmark.{RUN}.007"
    top = noted(home)
    top.mkdir(parents=True)
    victim = home.parent / "victim"
    victim.mkdir()
    (top / name).symlink_to(victim)
    (home / ".witnessmark" / RUN / "made").write_text(f"{top}/{name}\n")
    status, said = shell(home, "sweep.sh", RUN)
    assert (status, f"witnessmark link /private/tmp/{name}" in said) == (64, True)
    assert victim.is_dir()
    assert (top / name).is_symlink()
