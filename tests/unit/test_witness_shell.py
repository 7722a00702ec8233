"""The step library as every scenario sources it: it touches the run's own folders and no others."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from witnessmark.content import root

if TYPE_CHECKING:
    from pathlib import Path

RUN = "20261124t042002z-1f0c9a"
LIBRARY = root() / "scenarios/lib/witness.sh"
SHELLS = [shell for shell in ("sh", "dash", "bash") if shutil.which(shell)]


@pytest.fixture(params=SHELLS)
def sh(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "a home"
    for name in ("Downloads", "Library/Caches", f".witnessmark/{RUN}/evidence"):
        (home / name).mkdir(parents=True)
    shutil.copytree(LIBRARY.parent, home / f".witnessmark/{RUN}/pack/lib")
    return home


def roots(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "WM_HOME": f"{home}/.witnessmark/{RUN}",
        "WM_DOWNLOADS": f"{home}/Downloads/witnessmark/{RUN}/001",
        "WM_CACHES": f"{home}/Library/Caches/org.witnessmark/{RUN}/001",
        "WM_MARK": "wm-1a",
        "WM_RECEIPT": f"{home}/.witnessmark/{RUN}/receipt",
    }


def play(sh: str, home: Path, steps: str, **changes: str) -> tuple[int, str]:
    done = subprocess.run(
        [sh, "-c", f'. "$0"\n{steps}', str(LIBRARY), "attack"],
        env={"PATH": os.environ["PATH"], **roots(home), **changes},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return done.returncode, done.stderr


def downloads(home: Path) -> Path:
    return home / "Downloads/witnessmark" / RUN / "001"


OPEN, CLOSE = 'wm_open "$WM_DOWNLOADS"\n', 'wm_close "$WM_DOWNLOADS"\n'


def test_a_case_s_folder_comes_and_goes_and_what_the_run_made_is_noted(sh: str, home: Path) -> None:
    assert play(sh, home, OPEN) == (0, "")
    assert downloads(home).is_dir()
    made = home / f".witnessmark/{RUN}/made"
    assert made.read_text() == f"{home}/Downloads/witnessmark\n"
    assert play(sh, home, 'wm_open "$WM_CACHES"\n') == (0, "")
    assert play(sh, home, OPEN + CLOSE) == (0, "")
    assert list(downloads(home).parent.iterdir()) == []
    shared = ("Downloads/witnessmark", "Library/Caches/org.witnessmark")
    assert made.read_text() == "".join(f"{home}/{name}\n" for name in shared)


@pytest.mark.parametrize("name", ["Downloads/witnessmark", "Library/Caches/org.witnessmark"])
def test_a_folder_that_was_there_before_is_not_noted(name: str, sh: str, home: Path) -> None:
    (home / name).mkdir()
    folder = "WM_DOWNLOADS" if "Down" in name else "WM_CACHES"
    assert play(sh, home, f'wm_open "${folder}"\nwm_close "${folder}"\n') == (0, "")
    assert not (home / f".witnessmark/{RUN}/made").exists()


def test_a_folder_that_another_case_uses_stays(sh: str, home: Path) -> None:
    assert play(sh, home, OPEN) == (0, "")
    (downloads(home).parent / "002").mkdir()
    assert play(sh, home, CLOSE) == (0, "")
    assert [path.name for path in downloads(home).parent.iterdir()] == ["002"]


def test_cases_that_start_at_once_both_get_their_folder(sh: str, home: Path) -> None:
    numbers = [f"{number:03d}" for number in range(1, 9)]
    argv = [sh, "-c", f'. "$0"\n{OPEN}', str(LIBRARY), "setup"]
    base = {"PATH": os.environ["PATH"], **roots(home)}
    runs = [
        subprocess.Popen(
            argv,
            env=base
            | {name: base[name][:-3] + number for name in ("WM_DOWNLOADS", "WM_CACHES")}
            | {"WM_RECEIPT": f"{base['WM_RECEIPT']}-{number}"},
        )
        for number in numbers
    ]
    assert [run.wait(30) for run in runs] == [0] * len(runs)
    assert sorted(path.name for path in downloads(home).parent.iterdir()) == numbers
    noted = (home / f".witnessmark/{RUN}/made").read_text()
    assert noted == f"{home}/Downloads/witnessmark\n"


@pytest.mark.parametrize("step", ["wm_allow", "wm_exec", "wm_drop", "wm_quarantine", "wm_remove"])
def test_no_step_follows_a_link_in_the_last_place(step: str, sh: str, home: Path) -> None:
    assert play(sh, home, OPEN) == (0, "")
    victim = home / "victim.sh"
    victim.write_text(f"#!/bin/sh\n: > '{home}/ran'\n")
    victim.chmod(0o700 if step == "wm_exec" else 0o600)
    mode = victim.stat().st_mode
    (downloads(home) / "x.sh").symlink_to(victim)
    status, said = play(sh, home, f'{step} "$WM_DOWNLOADS/x.sh"\n')
    assert (status, "x.sh is a symbolic link" in said) == (64, True)
    assert victim.stat().st_mode == mode
    assert not (home / "ran").exists()
    assert (downloads(home) / "x.sh").is_symlink()


@pytest.mark.parametrize(
    "link",
    [
        "Downloads/witnessmark",
        f"Downloads/witnessmark/{RUN}",
        f"Downloads/witnessmark/{RUN}/001",
    ],
)
@pytest.mark.parametrize("step", [OPEN, CLOSE], ids=["open", "close"])
def test_open_and_close_follow_no_link(link: str, step: str, sh: str, home: Path) -> None:
    (home / "elsewhere" / RUN).mkdir(parents=True)
    (home / link).parent.mkdir(parents=True, exist_ok=True)
    (home / link).symlink_to(home / "elsewhere")
    status, said = play(sh, home, step)
    assert (status, "is a symbolic link" in said) == (64, True)
    assert (home / "elsewhere" / RUN).is_dir()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WM_DOWNLOADS", "documents"),
        ("WM_DOWNLOADS", "{home}/Documents"),
        ("WM_DOWNLOADS", "/Downloads/witnessmark/{run}/001"),
        ("WM_DOWNLOADS", "{home}/Downloads/witnessmark/{run}"),
        ("WM_DOWNLOADS", "{home}/Downloads/witnessmark"),
        ("WM_DOWNLOADS", "{home}/Downloads/witnessmark/{run}/../../.."),
        ("WM_DOWNLOADS", ""),
        ("WM_CACHES", "{home}/Library/Caches/other/{run}/001"),
        ("WM_CACHES", "{home}/Library/Caches/org.witnessmark/20000101t000000z-000000/001"),
        ("WM_CACHES", "{home}/Library/Caches/org.witnessmark/{run}/002"),
        ("WM_HOME", "{home}/.witnessmark"),
        ("WM_HOME", "{home}/.witnessmark/"),
        ("WM_HOME", "{home}/.witnessmark/.."),
        ("WM_HOME", "/{run}"),
        ("HOME", "relative"),
        ("HOME", ""),
    ],
)
def test_a_root_that_lies_elsewhere_is_refused(name: str, value: str, sh: str, home: Path) -> None:
    given = value.format(home=home, run=RUN)
    for step in (OPEN, 'wm_allow "$WM_DOWNLOADS/x"\n', 'wm_remove "$WM_CACHES/x"\n'):
        status, said = play(sh, home, step, **{name: given})
        assert status == 64, said
        assert said.startswith(f"refused: {name if name != 'HOME' else ''}"), said
    assert list((home / "Downloads").iterdir()) == []
