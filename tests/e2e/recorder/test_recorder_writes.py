"""Which process closed which file, whether it changed it, and under which name."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Host


def test_modified_means_written_since_the_open(host: Host) -> None:
    (host.home / "old").write_text("old")
    recording = host.python(
        "import os\n"
        "def use(name, flags, act):\n"
        "    fd = os.open(name, flags | os.O_CREAT); act(fd); os.close(fd)\n"
        "use('untouched', os.O_WRONLY, lambda fd: None)\n"
        "use('old', os.O_WRONLY, lambda fd: os.write(fd, b'new'))\n"
        "use('old', os.O_RDWR, lambda fd: os.read(fd, 3))\n"
        "use('old', os.O_WRONLY | os.O_TRUNC, lambda fd: None)\n"
        "use('old', os.O_RDWR, lambda fd: os.ftruncate(fd, 5))\n"
    )
    assert recording.targets("close") == ["/Users/purple/untouched"] + ["/Users/purple/old"] * 4
    assert [body["modified"] for body in recording.bodies("close")] == [
        False,
        True,
        False,
        False,
        True,
    ]
    assert recording.created() == ["/Users/purple/untouched"]
    assert recording.bodies("close")[-1]["target"]["stat"]["st_size"] == 5


def test_a_shared_writable_mapping_shows(host: Host) -> None:
    recording = host.python(
        "import mmap, os\n"
        "def close(map_it):\n"
        "    fd = os.open('f', os.O_RDWR | os.O_CREAT | os.O_TRUNC); os.ftruncate(fd, 4096)\n"
        "    map_it(fd); os.close(fd)\n"
        "close(lambda fd: None)\n"
        "close(lambda fd: mmap.mmap(fd, 4096).close())\n"
        "close(lambda fd: mmap.mmap(fd, 4096, access=mmap.ACCESS_COPY).close())\n"
    )
    mapped = [body["was_mapped_writable"] for body in recording.bodies("close")]
    assert mapped == [False, True, False]


def test_a_close_by_exit_belongs_to_the_one_who_exits(host: Host) -> None:
    recording = host.python(
        "import os\n"
        "if os.fork(): os.wait()\n"
        "else: os.write(os.open('f', os.O_WRONLY | os.O_CREAT), b'x'); os._exit(0)\n"
    )
    (close,) = recording.of("close")
    last = recording.of("exit")[0]
    assert close["process"]["audit_token"] == last["process"]["audit_token"]
    assert close["process"]["ppid"] == recording.events[0]["thread"]["thread_id"]
    assert close["global_seq_num"] < last["global_seq_num"]


def test_a_close_right_before_an_exec_comes_first(host: Host) -> None:
    recording = host.python(
        "import os\n"
        "fd = os.open('f', os.O_WRONLY | os.O_CREAT); os.write(fd, b'x'); os.close(fd)\n"
        "os.execv('/usr/bin/true', ['true'])\n"
    )
    assert [kind for e in recording.events for kind in e["event"]] == [
        "exec",
        "create",
        "close",
        "exec",
        "exit",
    ]
    close, run = recording.events[2:4]
    assert close["process"]["audit_token"] == run["process"]["audit_token"]


def test_with_two_writers_each_close_goes_to_its_own(host: Host) -> None:
    recording = host.python(
        "import os\n"
        "flags = os.O_WRONLY | os.O_CREAT\n"
        "outer = os.open('f', flags)\n"
        "if os.fork() == 0: os.close(outer); os.close(os.open('f', flags)); os._exit(0)\n"
        "os.wait(); os.close(outer)\n"
        "fd = os.open('f', flags)\n"
        "if os.fork() == 0: os.close(fd); os.open('f', flags); os._exit(0)\n"
        "os.wait(); os.close(fd)\n"
    )
    init = recording.events[0]["thread"]["thread_id"]
    closers = [event["thread"]["thread_id"] for event in recording.of("close")]
    first, second = (body["child"]["audit_token"]["pid"] for body in recording.bodies("fork"))
    assert closers == [first, init, second, init]


@pytest.mark.prefix_only("the kernel ends all with init")
def test_an_inherited_file_is_closed_by_its_heir(host: Host) -> None:
    recording = host.python(
        "import os, time\n"
        "if os.fork(): os.wait(); raise SystemExit\n"
        "fd = os.open('f', os.O_WRONLY | os.O_CREAT)\n"
        "if os.fork() == 0: time.sleep(0.2); os.write(fd, b'x'); os.close(fd); os._exit(0)\n"
        "os._exit(0)\n"
    )
    (close,) = recording.of("close")
    heir = recording.bodies("fork")[1]["child"]["audit_token"]
    assert close["process"]["audit_token"] == heir
    assert close["event"]["close"]["modified"] is True


def test_a_file_keeps_its_name_right_while_open(host: Host) -> None:
    recording = host.python(
        "import os\n"
        "os.makedirs('in/d')\n"
        "def begin(name): return os.open(name, os.O_WRONLY | os.O_CREAT)\n"
        "a, b, c = begin('in/d/a.part'), begin('in/d/b'), begin('gone (deleted)')\n"
        "os.rename('in/d/a.part', 'in/d/a')\n"
        "os.rename('in', 'out')\n"
        "for fd in (a, b): os.close(fd)\n"
        "os.unlink('gone (deleted)'); os.close(c)\n"
        "os.close(begin('kept (deleted)'))\n"
    )
    assert recording.targets("close") == [
        "/Users/purple/out/d/a",
        "/Users/purple/out/d/b",
        "/Users/purple/gone (deleted)",
        "/Users/purple/kept (deleted)",
    ]


def test_new_and_moved_folders_have_no_blind_moment(host: Host) -> None:
    recording = host.python(
        "import os\n"
        "def write(path):\n"
        "    fd = os.open(path, os.O_WRONLY | os.O_CREAT); os.write(fd, b'x'); os.close(fd)\n"
        "for n in range(50):\n"
        "    os.mkdir('d'); write('d/first')\n"
        "    os.mkdir('d/e'); write('d/e/deep')\n"
        "    os.rename('d', f'moved{n}'); write(f'moved{n}/e/after')\n"
        "    os.mkdir('d'); write('d/again'); os.unlink('d/again'); os.rmdir('d')\n"
    )
    want = [
        path for n in range(50) for path in ("d/first", "d/e/deep", f"moved{n}/e/after", "d/again")
    ]
    assert recording.targets("close") == [f"/Users/purple/{path}" for path in want]


@pytest.mark.prefix_only("nothing outside is in reach")
def test_a_folder_moved_in_is_watched(host: Host) -> None:
    outside = host.folder / "tree"
    (outside / "deep").mkdir(parents=True)
    recording = host.sh(f"mv '{outside}' tree; echo x > tree/deep/f")
    assert recording.targets("close") == ["/Users/purple/tree/deep/f"]


def test_unnamed_files_that_get_a_name(host: Host) -> None:
    recording = host.python(
        "import os\n"
        "fd = os.open('.', os.O_TMPFILE | os.O_WRONLY); os.write(fd, b'x')\n"
        "here = os.open('.', os.O_RDONLY)\n"  # makes os.link use linkat(2)
        "os.link(f'/proc/self/fd/{fd}', 'named', src_dir_fd=here, follow_symlinks=True)\n"
        "os.close(fd)\n"
    )
    assert recording.created() == []
    (link,), (close,) = recording.bodies("link"), recording.bodies("close")
    assert link["target_filename"] == "named"
    assert link["source"]["stat"]["st_ino"] == close["target"]["stat"]["st_ino"]
    assert recording.targets("close")[0].startswith("/Users/purple/")


def test_an_overflowing_queue_leaves_a_gap(host: Host) -> None:
    """The recorder sleeps while a process floods the queue: the loss must show in the numbers."""
    process = host.start(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            "import os\n"
            "a, b = (os.open(n, os.O_WRONLY | os.O_CREAT) for n in 'ab')\n"
            "print('ready', flush=True); input()\n"
            "for _ in range(20000): os.write(a, b'x'); os.write(b, b'x')\n"
            "os.close(a)\n"
            "print('flooded', flush=True); input()\n",
        ]
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGSTOP)
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.stdout.readline() == "flooded\n"
    process.send_signal(signal.SIGCONT)
    assert process.stderr is not None
    assert "the inotify queue overflowed" in process.stderr.readline()
    process.stdin.write("go\n")
    recording = host.finish(process)
    numbers = [event["global_seq_num"] for event in recording.events]
    missing = set(range(numbers[-1])) - set(numbers)
    assert len(missing) == 1
    closes = recording.of("close")
    assert [event["seq_num"] for event in closes] == [1]
    assert closes[0]["event"]["close"]["target"]["path"] == "/Users/purple/b"
