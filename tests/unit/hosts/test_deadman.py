"""deadman.sh and what sweep.sh ends: only the run's own, and nothing of it is left."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from witnessmark.content import root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RUN = "20261124t042002z-1f0c9a"
OTHER = "20261125t000000z-abcdef"
SHELLS = [shell for shell in ("dash", "bash", "sh") if shutil.which(shell)][:2]
PLACES = (".witnessmark", "Downloads/witnessmark", "Library/Caches/org.witnessmark")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / ".witnessmark/pack/a home"  # what our own names would match first
    lay(home, RUN)
    yield home
    sweep(home, "")
    until(lambda: not of_run(home))


def lay(home: Path, run: str) -> None:
    for place in PLACES:
        (home / place / run / "deep").mkdir(parents=True)
    for name in ("receipts", "pack/lib"):
        (home / ".witnessmark" / run / name).mkdir(parents=True)
    for name in ("deadman.sh", "sweep.sh"):
        shutil.copy(playbook(name), home / ".witnessmark" / run / "pack/lib" / name)


def playbook(name: str) -> Path:
    return root() / "inventory" / "playbooks" / name


def shell(home: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        argv, env=env, capture_output=True, text=True, check=False, timeout=60, cwd="/"
    )


def start(home: Path, limit: int | str = 2, sh: str = "sh", run: str = RUN) -> int:
    script = home / ".witnessmark" / run / "pack/lib/deadman.sh"
    return shell(home, sh, str(script), run, str(limit)).returncode


def sweep(home: Path, *arguments: str, sh: str = "sh") -> tuple[int, list[str]]:
    done = shell(home, sh, str(playbook("sweep.sh")), *arguments)
    assert done.stderr == ""
    return done.returncode, [line.replace("\t", " ") for line in done.stdout.splitlines()]


def of_run(home: Path) -> list[int]:
    """Processes whose working folder or command line is this home's, and their children."""
    found = []
    for item in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(home).encode() in (item / "environ").read_bytes() and _lives(item):
                found.append(int(item.name))
    return found


def _lives(item: Path) -> bool:
    return (item / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


def until(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextlib.contextmanager
def beating(home: Path, run: str = RUN) -> Iterator[None]:
    over = threading.Event()

    def beat() -> None:
        count = 0
        while not over.wait(0.2):
            count += 1
            with contextlib.suppress(FileNotFoundError):
                (home / ".witnessmark" / run / "heartbeat").write_text(f"{count}\n")

    thread = threading.Thread(target=beat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def gone(home: Path) -> bool:
    return not any((home / place / RUN).exists() for place in PLACES)


@pytest.mark.parametrize("sh", SHELLS)
def test_it_waits_for_its_controller_and_no_longer(sh: str, home: Path) -> None:
    lay(home, OTHER)
    with beating(home):
        assert start(home, sh=sh) == 0
        time.sleep(4)
        assert (home / PLACES[1] / RUN).is_dir(), "it fired while its controller was there"
        (timer,) = [pid for pid in of_run(home) if b"watch" in command(pid)]
        assert (
            int(Path(f"/proc/{timer}/stat").read_text().rsplit(")", 1)[1].split()[1]) != os.getpid()
        )
    until(lambda: gone(home) and not of_run(home))
    assert all((home / place / OTHER).is_dir() for place in PLACES), "another run's are not its own"


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("sh", SHELLS)
def test_teardown_ends_it_with_its_sleep_and_twice_is_one(sh: str, home: Path) -> None:
    assert [start(home, 900, sh) for _ in range(3)] == [0, 0, 0]
    until(lambda: len([pid for pid in of_run(home) if command(pid).startswith(b"sleep")]) == 1)
    assert len(of_run(home)) == 2, "one timer and its sleep"
    assert sweep(home, RUN, sh=sh) == (0, ["witnessmark changed yes"])
    assert of_run(home) == []
    assert gone(home)


def test_it_survives_a_hang_up(home: Path) -> None:
    start(home, 900)
    until(lambda: (home / PLACES[0] / RUN / "dead-man").exists())
    timer = int((home / PLACES[0] / RUN / "dead-man").read_text())
    os.kill(timer, signal.SIGHUP)
    time.sleep(0.3)
    assert timer in of_run(home)


def test_it_ends_by_itself_when_its_run_is_gone_or_another_took_its_place(home: Path) -> None:
    start(home, 10)
    until(lambda: (home / PLACES[0] / RUN / "dead-man").exists())
    (home / PLACES[0] / RUN / "dead-man").write_text("1\n")
    until(lambda: not of_run(home))
    assert not gone(home)
    start(home, 10)
    until(lambda: (home / PLACES[0] / RUN / "dead-man").read_text() != "1\n")
    shutil.rmtree(home / ".witnessmark")
    until(lambda: not of_run(home))


def hostile(home: Path, kind: str) -> None:
    beat = home / ".witnessmark" / RUN / "heartbeat"
    if kind == "link":
        beat.symlink_to(home / "precious/file")
    elif kind == "fifo":
        os.mkfifo(beat)
    elif kind == "folder":
        beat.mkdir()
    else:
        beat.write_bytes(b"../../precious $(rm -rf /nowhere) `id` ; ) = ! -a\0\xff" * 999)


@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "text", "none"])
def test_a_hostile_heartbeat_costs_nothing_but_the_run(kind: str, home: Path) -> None:
    (home / "precious").mkdir()
    (home / "precious/file").write_text("mine")
    if kind != "none":
        hostile(home, kind)
    assert start(home) == 0
    until(lambda: gone(home) and not of_run(home))
    assert (home / "precious/file").read_text() == "mine"


@pytest.mark.parametrize(
    "link", [".witnessmark", f".witnessmark/{RUN}", f"Downloads/witnessmark/{RUN}"]
)
def test_it_follows_no_link(link: str, home: Path) -> None:
    precious = home.parent / "precious"
    (home / link).rename(precious)
    (home / link).symlink_to(precious)
    before = sorted(precious.rglob("*"))
    status = start(home)
    assert status == (0 if "Downloads" in link else 64)
    if status == 0:
        until(lambda: not of_run(home))
    assert [item for item in before if not item.exists() and item.name != "dead-man"] == []


@pytest.mark.parametrize(
    ("run", "limit"),
    [("..", "2"), ("", "2"), (RUN + "/..", "2"), (RUN, "0"), (RUN, ""), (RUN, "-1"), (RUN, "2s"),
     (RUN, "99999999"), ("20261124t042002z-zzzzzz", "2")],
)  # fmt: skip
def test_what_it_cannot_be_told_it_refuses(run: str, limit: str, home: Path) -> None:
    done = shell(home, "sh", str(playbook("deadman.sh")), run, limit)
    assert done.returncode == 64
    assert of_run(home) == []


@pytest.fixture
def script(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A case's script that waits, as it would after its controller died."""
    run = home / ".witnessmark" / RUN / "pack/x/run.sh"
    run.parent.mkdir()
    run.write_text(
        'printf "%s\\n" "$$" > "$HOME/.witnessmark/' + RUN + '/receipts/m.pid"\nsleep 99\n'
    )
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(["sh", str(run), "attack"], env=env, start_new_session=True) as process:
        until(lambda: len(of_run(home)) == 2)
        yield process
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)


@pytest.mark.parametrize("sh", SHELLS)
def test_a_script_under_way_is_ended_with_its_children(
    sh: str, home: Path, script: subprocess.Popen[bytes]
) -> None:
    assert sweep(home, RUN, "end", sh=sh) == (0, ["witnessmark changed no"])
    assert script.wait(5) == -signal.SIGTERM
    assert of_run(home) == []
    assert not gone(home), "only ended, not removed"


def test_the_timer_ends_it_too(home: Path, script: subprocess.Popen[bytes]) -> None:
    start(home)
    assert script.wait(30) == -signal.SIGTERM
    until(lambda: gone(home) and not of_run(home))


def test_another_runs_script_and_one_that_was_not_written_down_go_on(
    home: Path, script: subprocess.Popen[bytes]
) -> None:
    lay(home, OTHER)
    sweep(home, OTHER)
    assert script.poll() is None
    (home / ".witnessmark" / RUN / "receipts/m.pid").write_text("1\n")
    sweep(home, RUN)
    assert script.poll() is None


def test_a_process_id_that_is_another_process_now_is_left_alone(home: Path) -> None:
    with subprocess.Popen(["sleep", "99"]) as bystander:
        for note in ("receipts/m.pid", "dead-man"):
            (home / ".witnessmark" / RUN / note).write_text(f"{bystander.pid}\n")
        assert sweep(home, RUN)[0] == 0
        assert bystander.poll() is None
        bystander.kill()


def test_looking_changes_nothing_and_one_living_run_is_refused(home: Path) -> None:
    lay(home, OTHER)
    (home / ".witnessmark" / OTHER / "heartbeat").write_text("7\n")
    with beating(home):
        until(lambda: (home / ".witnessmark" / RUN / "heartbeat").exists())
        status, said = sweep(home, "", "look", sh=SHELLS[0])
        assert (status, said[0]) == (0, f"witnessmark spared {RUN}")
        assert f"witnessmark found ~/Downloads/witnessmark/{OTHER}" in said
        assert (home / PLACES[1] / OTHER).is_dir()
        assert sweep(home, RUN, "spare", sh=SHELLS[0]) == (
            64, [f"witnessmark alive {RUN}", "witnessmark changed no"],
        )  # fmt: skip
        assert not gone(home)


def test_a_heartbeat_that_was_empty_for_a_moment_is_one(home: Path) -> None:
    beat = home / ".witnessmark" / RUN / "heartbeat"
    beat.touch()
    later = threading.Timer(2, beat.write_text, ["1\n"])
    later.start()
    assert sweep(home, RUN, "spare", sh=SHELLS[0])[0] == 64
    later.join()
    assert not gone(home)


def test_a_living_run_is_spared_and_a_dead_one_is_not(home: Path) -> None:
    lay(home, OTHER)
    (home / ".witnessmark" / OTHER / "heartbeat").write_text("7\n")
    with beating(home):
        until(lambda: (home / ".witnessmark" / RUN / "heartbeat").exists())
        status, said = sweep(home, "", "spare", sh=SHELLS[-1])
    assert status == 0
    assert f"witnessmark spared {RUN}" in said
    assert f"witnessmark removed ~/.witnessmark/{OTHER}" in said
    assert not gone(home)
    assert not (home / PLACES[0] / OTHER).exists()
    assert sweep(home, RUN, "spare", sh=SHELLS[-1])[0] == 0
    assert gone(home)
