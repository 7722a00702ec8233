"""The step library as every scenario sources it: it touches the run's own folders and no others."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from witnessmark.content import root

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


def play(sh: str, home: Path, steps: str, phase: str = "attack", **changes: str) -> tuple[int, str]:
    done = subprocess.run(
        [sh, "-c", f'. "$0"\n{steps}', str(LIBRARY), phase],
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


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_without_room_for_a_receipt_nothing_is_played_but_all_is_cleaned_up(
    sh: str, home: Path
) -> None:
    assert play(sh, home, OPEN) == (0, "")
    payload = downloads(home) / "wm-1a.sh"
    payload.write_text("x")
    steps = f'wm_remove "$WM_DOWNLOADS/wm-1a.sh"\n{CLOSE}'
    for phase, left in (("attack", 64), ("cleanup", 0)):
        payload.write_text("x")
        status, said = play(sh, home, steps, phase, WM_RECEIPT="/dev/full")
        assert status == left, said
    assert not downloads(home).exists()
    status, said = play(sh, home, OPEN, "setup", WM_RECEIPT="/dev/full")
    assert (status, "cannot be written" in said) == (64, True)


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


def temporary(home: Path) -> tuple[Path, dict[str, str]]:
    top = home.parent / "private/tmp"
    top.mkdir(parents=True)
    own = top / f"org.witnessmark.{RUN}.001"
    return own, {"WM_TMP": str(own)}


TMP = 'wm_open_tmp\nwm_drop "$WM_TMP/x.sh"\n'


def test_a_case_s_folder_in_private_tmp_comes_and_goes(sh: str, home: Path) -> None:
    own, env = temporary(home)
    assert play(sh, home, TMP, **env) == (0, "")
    assert (own / "x.sh").is_file()
    assert own.stat().st_mode & 0o777 == 0o700
    assert (home / f".witnessmark/{RUN}/made").read_text() == f"{own}\n"
    assert play(sh, home, 'wm_remove "$WM_TMP/x.sh"\nwm_close_tmp\n', **env) == (0, "")
    assert list(own.parent.iterdir()) == []


@pytest.mark.parametrize("kind", ["folder", "link", "file"])
def test_whatever_lies_there_already_is_refused_and_kept(kind: str, sh: str, home: Path) -> None:
    own, env = temporary(home)
    victim = home / "victim"
    victim.mkdir()
    if kind == "folder":
        own.mkdir()
    elif kind == "link":
        own.symlink_to(victim)
    else:
        own.write_text("mine")
    status, said = play(sh, home, TMP, **env)
    assert (status, said.startswith("refused: ")) == (64, True)
    play(sh, home, "wm_close_tmp\n", **env)
    assert os.path.lexists(own)
    assert list(victim.iterdir()) == []


@pytest.mark.parametrize(
    "value",
    [
        "/private/tmp",
        "{top}/org.witnessmark.{run}",
        "{top}/org.witnessmark.{run}.002",
        "{top}/org.witnessmark.20000101t000000z-000000.001",
        "{top}/../org.witnessmark.{run}.001",
        "/elsewhere/private/tmp/org.witnessmark.{run}.001",
    ],
)
def test_a_folder_elsewhere_in_private_tmp_is_refused(value: str, sh: str, home: Path) -> None:
    own, _ = temporary(home)
    given = value.format(top=own.parent, run=RUN)
    status, said = play(sh, home, TMP, WM_TMP=given)
    assert (status, said.startswith("refused: WM_TMP")) == (64, True), said


def test_a_host_without_private_tmp_lacks_a_need(sh: str, home: Path) -> None:
    gone = f"{home.parent}/private/tmp/org.witnessmark.{RUN}.001"
    assert play(sh, home, TMP, WM_TMP=gone) == (69, "missing: /private/tmp\n")


def test_a_file_outside_is_not_inside_because_private_tmp_is_known(sh: str, home: Path) -> None:
    own, env = temporary(home)
    status, _ = play(sh, home, f"wm_drop '{own.parent}/x.sh'\n", **env)
    assert status == 64


@pytest.mark.parametrize(
    "step",
    [
        'wm_move "$WM_DOWNLOADS/x.sh" "$HOME/x.sh"',
        'wm_move "$HOME/victim" "$WM_DOWNLOADS/x.sh"',
        'wm_copy_in "$HOME/victim" "$WM_DOWNLOADS/x.sh"',
        'wm_rewrite "$HOME/victim"',
        'wm_forge "$HOME/victim"',
        'wm_strip "$HOME/victim"',
        'wm_extract tar "$HOME/victim" "$WM_DOWNLOADS/x.sh"',
        'wm_interpret "$HOME/victim" sh',
        'wm_wrap "$HOME/victim" env',
        'wm_source "$HOME/victim"',
        'wm_read_as_input "$HOME/victim"',
        'wm_fetch "https://example.org/x" "$WM_DOWNLOADS/x.sh"',
        'wm_pipe_url "https://example.org/x" sh',
        'wm_drop "$WM_DOWNLOADS/x.sh" ../../../victim',
        'wm_agent_runs /bin/sh mark.sh "$HOME/x.sh"',
    ],
)
def test_no_step_leaves_the_run_s_own_folders(step: str, sh: str, home: Path) -> None:
    assert play(sh, home, OPEN) == (0, "")
    victim = home / "victim"
    victim.write_text(f"#!/bin/sh\n: > '{home}/ran'\n")
    before = sorted(path for path in home.rglob("*") if path.name != "receipt")
    status, said = play(sh, home, step + "\n")
    assert (status, said.startswith("refused: ")) == (64, True), said
    assert victim.read_text() == f"#!/bin/sh\n: > '{home}/ran'\n"
    assert sorted(path for path in home.rglob("*") if path.name != "receipt") == before


def test_a_program_that_does_not_run_after_it_was_copied_is_a_missing_need(
    sh: str, home: Path
) -> None:
    status, said = play(sh, home, 'wm_copy_as_is false "$wm_away/stub"\n')
    assert status == 69
    assert said.startswith("missing: a copy of a system program that runs, stub ended with 1")
    assert list((home / f".witnessmark/{RUN}/away").iterdir()) == []


def test_a_binary_that_cannot_be_executed_leaves_no_evidence(sh: str, home: Path) -> None:
    """An empty file runs as an empty script and exits 0: only evidence proves that it ran."""
    step = 'wm_new "$WM_DOWNLOADS/x"; : > "$WM_DOWNLOADS/x"; wm_allow "$WM_DOWNLOADS/x"\n'
    assert play(sh, home, f'{OPEN}{step}wm_exec_binary "$WM_DOWNLOADS/x"\n')[0] in (0, 126)
    left = home / f".witnessmark/{RUN}/evidence/wm-1a"
    assert not left.exists() or left.read_text() == ""


def test_curl_s_url_spells_what_a_url_needs(sh: str, home: Path) -> None:
    done = play(sh, home, 'wm_said=$(wm_url "/a b/c-d_1.sh"); wm_refuse "$wm_said"\n')
    assert done == (64, "refused: file:///a%20b/c-d_1.sh\n")
    assert play(sh, home, 'wm_url "/a%b"\n')[0] == 69


def test_a_case_that_was_too_late_says_that_it_proves_nothing(sh: str, home: Path) -> None:
    assert play(sh, home, "wm_clock\nwm_in_time 60\n") == (0, "")
    status, said = play(sh, home, "wm_clock\nwm_began=$((wm_began - 9))\nwm_in_time 5\n")
    assert (status, said) == (75, "failed: this host was too busy to run it within 5 s\n")


@pytest.mark.parametrize("phase", ["setup", "attack"])
@pytest.mark.parametrize("missing", ["wm_stripp x", "no-such-command", '"$WM_HOME/absent" x'])
@pytest.mark.parametrize(
    "step",
    [
        'wm_open "$WM_DOWNLOADS"', "wm_wait 0", "wm_clock", "wm_need sh", "wm_inline sh",
        "wm_fetch file:///x y", "wm_pipe_url file:///x sh", 'wm_remove "$WM_DOWNLOADS/x"', ":",
    ],
)  # fmt: skip
def test_a_command_that_was_not_found_fails_the_phase(
    step: str, missing: str, phase: str, sh: str, home: Path
) -> None:
    lines = f"{missing}\n{step}\n" if step != ":" else f"{missing}\n"
    status, said = play(sh, home, f"{phase}() {{\n{lines}}}\nwm_main", phase)
    assert status == 127, said
    assert step == ":" or "failed: a command before this step was not found" in said


def test_what_a_payload_prints_is_no_command_that_was_not_found(sh: str, home: Path) -> None:
    steps = """attack() {
      sh -c 'echo "sh: 1: wm_x: not found" >&2; exit 1'
      wm_wait 0
    }
    wm_main"""
    assert play(sh, home, steps)[0] == 0


def test_cleaning_up_goes_on_past_a_command_that_was_not_found(sh: str, home: Path) -> None:
    assert play(sh, home, OPEN) == (0, "")
    (downloads(home) / "wm-1a.sh").write_text("x")
    steps = f'cleanup() {{\nwm_stripp\nwm_remove "$WM_DOWNLOADS/wm-1a.sh"\n{CLOSE}}}\nwm_main'
    status, said = play(sh, home, steps, "cleanup")
    assert (status, "not found" in said) == (0, True)
    assert not downloads(home).exists()
