"""The recorder against a real kernel: what a host does is what its store says."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Host

DROP = r"""
printf '#!/bin/sh\n: %s\n' payload > a.part
mv a.part a.sh
chmod +x a.sh
./a.sh one
"""


def test_a_drop_is_recorded_step_by_step(host: Host) -> None:
    recording = host.sh(DROP)
    story = [
        (kind, body)
        for event in recording.events
        for kind, body in event["event"].items()
        if kind not in ("fork", "exit")
    ]
    kinds = [kind for kind, _ in story]
    assert kinds == ["exec", "create", "close", "exec", "rename", "exec", "setmode", "exec"]
    closed, renamed, mode, run = (story[i][1] for i in (2, 4, 6, 7))
    assert closed["target"]["path"] == "/Users/purple/a.part"
    assert closed["modified"] is True
    assert renamed["source"]["path"] == "/Users/purple/a.part"
    assert renamed["destination_type"] == 1
    assert renamed["destination"]["new_path"]["dir"]["path"] == "/Users/purple"
    assert renamed["destination"]["new_path"]["filename"] == "a.sh"
    assert mode["target"]["path"] == "/Users/purple/a.sh"
    assert mode["mode"] == 0o755
    assert run["script"]["path"] == "/Users/purple/a.sh"
    assert run["args"] == ["/bin/sh", "./a.sh", "one"]
    assert run["dyld_exec_path"] == "/bin/sh"
    assert run["cwd"]["path"] == "/Users/purple"
    assert run["target"]["executable"]["path"] == "/bin/sh"
    inode = closed["target"]["stat"]["st_ino"]
    assert renamed["source"]["stat"]["st_ino"] == run["script"]["stat"]["st_ino"] == inode


def test_a_script_given_to_a_shell_is_no_script(host: Host) -> None:
    (host.home / "a.sh").write_text("exit 0\n")
    recording = host.sh("sh a.sh; sh ./a.sh; exit 0")
    assert [body["script"] for body in recording.bodies("exec")] == [None] * 3


def test_the_envelope_is_eslogger_s(host: Host) -> None:
    recording = host.sh(": > a")
    event = recording.events[-1]
    assert event["schema_version"] == 1
    assert event["version"] == 9
    assert event["event_type"] == 15
    assert event["action_type"] == 1
    assert event["action"] == {"result": {"result": {"auth": 0}, "result_type": 0}}
    assert event["thread"] == {"thread_id": event["process"]["audit_token"]["pid"]}
    assert len(event["time"]) == len("2025-08-07T13:21:35.880814738Z")
    assert event["mach_time"] > recording.events[0]["mach_time"]
    process = event["process"]
    assert len(process["start_time"]) == len("2025-08-07T13:21:35.880814Z")
    assert process["audit_token"].keys() == {
        *("pid", "pidversion", "euid", "ruid", "egid", "rgid", "auid", "asid")
    }
    assert {process["audit_token"][key] for key in ("euid", "ruid", "auid")} == {501}
    assert process["audit_token"]["egid"] == 20
    outside = 0 if process["audit_token"]["pid"] == 1 else 1
    assert (process["ppid"], process["original_ppid"]) == (outside, outside)
    assert "\\/bin\\/sh" in recording.lines[-1]
    assert '"/' not in recording.lines[-1]


def test_unknowable_fields_are_null_and_named(host: Host) -> None:
    for event in host.sh(":").events:
        mark = event["x_standin"]
        assert mark["sensor"] == "ptrace"
        assert mark["kernel"] == f"Linux {os.uname().release}"
        for key in mark["unknown"]:
            assert event["process"][key] is None
        assert {"host root -> /", "paths: the host's own root"} & set(mark["translations"])


def test_times_of_one_process_agree(host: Host) -> None:
    recording = host.sh("/usr/bin/true; :")
    fork = recording.bodies("fork")[0]["child"]
    run = recording.of("exec")[1]
    assert run["process"]["start_time"] == fork["start_time"]
    assert run["event"]["exec"]["target"]["start_time"] == fork["start_time"]
    assert recording.of("exec")[1]["process"]["executable"]["path"] == "/bin/sh"


def test_token_arrays_come_with_version_10(host: Host) -> None:
    recording = host.run(["/usr/bin/true"], "--token-form", "array")
    event = recording.events[-1]
    assert event["version"] == 10
    token = event["process"]["audit_token"]
    assert token[:5] == [501, 501, 20, 501, 20]
    assert token[5] == event["thread"]["thread_id"]


@pytest.mark.prefix_only("it has no prefix")
def test_the_root_shows_nowhere(host: Host) -> None:
    (host.home / "x.sh").write_text("#!/bin/sh\n:\n")
    (host.home / "x.sh").chmod(0o755)
    root = str(host.root)
    recording = host.run(
        [
            "/bin/sh",
            "-c",
            '"$0/Users/purple/x.sh" "--opt=$0/etc" "$0" "see $0/a and $0" "$0.other"; cd "$0"; :',
            root,
        ]
    ).check()
    (run,) = [body for body in recording.bodies("exec") if body["script"]]
    assert run["args"][1:6] == [
        "/Users/purple/x.sh",
        "--opt=/etc",
        "/",
        "see /a and /",
        run["args"][5],
    ]
    assert run["args"][5].endswith(".other")
    shown = host.root.name.encode("utf-8", "surrogateescape").decode(errors="replace")
    plain = [line for line in recording.lines if ".other" not in line and shown in line]
    assert plain == []


def test_undecodable_names_are_shown_as_replaced(host: Host) -> None:
    recording = host.python(
        "import os\n"
        "fd = os.open(b'caf\\xe9', os.O_WRONLY | os.O_CREAT); os.write(fd, b'1'); os.close(fd)\n"
        "os.rename(b'caf\\xe9', b'the\\xe9')\n"
    )
    assert recording.targets("close") == ["/Users/purple/caf\ufffd"]
    new = recording.bodies("rename")[0]["destination"]["new_path"]
    assert new["filename"] == "the\ufffd"


def test_python_and_shells_have_their_macos_names(host: Host) -> None:
    recording = host.python("import os; os.execv('/bin/bash', ['bash', '-c', ':'])")
    before, after = recording.of("exec")
    assert before["event"]["exec"]["target"]["executable"]["path"] == "/usr/bin/python3"
    assert after["process"]["executable"]["path"] == "/usr/bin/python3"
    assert after["event"]["exec"]["target"]["executable"]["path"] == "/bin/bash"
    assert "python* -> /usr/bin/python3" in after["x_standin"]["translations"]


def test_environments_keep_no_secrets(host: Host) -> None:
    secrets = {
        "AWS_SECRET": "hunter2",
        "WM_MARK": f"{host.prefix}/m",
        "LC_ALL": "C",
        "X_PATH": "no",
    }
    recording = host.run(["/usr/bin/true"], env=secrets).check()
    (body,) = recording.bodies("exec")
    assert {"WM_MARK=/m", "LC_ALL=C"} <= set(body["env"])
    assert not [entry for entry in body["env"] if entry.startswith(("AWS", "X_PATH"))]
    assert "hunter2" not in recording.lines[0]


def test_very_long_arguments_are_cut_and_say_so(host: Host) -> None:
    recording = host.run(["/usr/bin/true", *["x" * 120_000] * 12]).check()
    (event,) = recording.of("exec")
    assert event["x_standin"]["truncated"] == ["args"]
    assert 900_000 < sum(map(len, event["event"]["exec"]["args"])) <= 1 << 20
    whole = host.run(["/usr/bin/true", *["x" * 120_000] * 8]).events[-2]
    assert len(whole["event"]["exec"]["args"]) == 9
    assert "truncated" not in whole["x_standin"]


def test_descriptors_name_their_pipe(host: Host) -> None:
    recording = host.sh("/usr/bin/true | /bin/cat; :")
    left, right = (
        next(body for body in recording.bodies("exec") if body["args"][0] == program)
        for program in ("/usr/bin/true", "/bin/cat")
    )
    writes = next(fd for fd in left["fds"] if fd["fd"] == 1)
    reads = next(fd for fd in right["fds"] if fd["fd"] == 0)
    assert writes["fdtype"] == reads["fdtype"] == 6
    assert writes["pipe"] == reads["pipe"]


@pytest.mark.parametrize("close", ["", "0<&-", "3<&0", "3<&0 0<&-"])
def test_the_open_descriptors_are_those_of_the_kernel(host: Host, close: str) -> None:
    recording = host.sh(f"ls /proc/self/fd {close}; :")
    body = next(body for body in recording.bodies("exec") if body["args"][0] == "ls")
    listed = [int(number) for number in recording.stdout.split()]
    opened = next(n for n in range(99) if n not in {fd["fd"] for fd in body["fds"]})
    assert sorted({fd["fd"] for fd in body["fds"]} | {opened}) == listed
    assert body["last_fd"] == max(fd["fd"] for fd in body["fds"])


def test_only_what_succeeded_is_recorded(host: Host) -> None:
    (host.home / "there").write_text("x")
    recording = host.python(
        "import os\n"
        "def fails(call, *args):\n"
        "    try: call(*args)\n"
        "    except OSError: return\n"
        "    raise SystemExit(f'{call} {args} succeeded')\n"
        "new = os.O_WRONLY | os.O_CREAT | os.O_EXCL\n"
        "fails(os.open, 'there', new)\n"
        "fails(os.rename, 'missing', 'x'); fails(os.rename, 'there', 'no/where')\n"
        "fails(os.unlink, 'missing'); fails(os.rmdir, '/'); fails(os.mkdir, 'there')\n"
        "fails(os.link, 'there', 'there'); fails(os.chmod, 'missing', 0o700)\n"
        "fails(os.setxattr, 'missing', 'user.x', b'')\n"
        "fails(os.execv, 'there', ['there']); fails(os.execv, 'missing', ['missing'])\n"
    )
    assert [kind for e in recording.events for kind in e["event"]] == ["exec", "exit"]


def test_every_way_to_change_names_is_seen(host: Host) -> None:
    recording = host.python(
        "import os\n"
        "os.mkdir('d'); d = os.open('d', os.O_RDONLY)\n"
        "os.mkdir('sub', dir_fd=d)\n"
        "f = os.open('sub/f', os.O_WRONLY | os.O_CREAT, dir_fd=d); os.close(f)\n"
        "os.link('sub/f', 'g', src_dir_fd=d, dst_dir_fd=d)\n"
        "os.rename('g', 'h', src_dir_fd=d)\n"
        "os.replace('h', 'sub/f', dst_dir_fd=d)\n"  # two names of one file: nothing happens
        "open('over', 'w').close(); os.replace('over', 'h')\n"
        "os.chmod('h', 0o600); h = os.open('h', os.O_RDONLY); os.fchmod(h, 0o640)\n"
        "os.unlink('sub/f', dir_fd=d); os.rmdir('d/sub')\n"
    )
    assert recording.created() == [
        "/Users/purple/d",
        "/Users/purple/d/sub",
        "/Users/purple/d/sub/f",
        "/Users/purple/over",
    ]
    (link,) = recording.bodies("link")
    assert link["source"]["path"] == "/Users/purple/d/sub/f"
    assert (link["target_dir"]["path"], link["target_filename"]) == ("/Users/purple/d", "g")
    first, second = recording.bodies("rename")
    assert first["source"]["path"] == "/Users/purple/d/g"
    assert second["destination_type"] == 0
    assert second["destination"]["existing_file"]["path"] == "/Users/purple/h"
    assert [body["mode"] for body in recording.bodies("setmode")] == [0o600, 0o640]
    assert recording.targets("setmode") == ["/Users/purple/h"] * 2
    assert recording.targets("unlink") == ["/Users/purple/d/sub/f", "/Users/purple/d/sub"]
    assert recording.bodies("unlink")[0]["parent_dir"]["path"] == "/Users/purple/d/sub"


def test_a_long_path_is_read_to_its_end(host: Host) -> None:
    recording = host.python(
        "import os\nfor length in (100, 130, 2000):\n    os.mkdir('./' * length + f'd{length}')\n"
    )
    assert recording.created() == [f"/Users/purple/d{length}" for length in (100, 130, 2000)]


def test_quarantine_has_its_macos_name(host: Host) -> None:
    try:
        os.setxattr(host.home, "user.test", b"")
    except OSError as error:
        pytest.skip(f"no user attributes on this file system: {error.strerror}")
    recording = host.python(
        "import os\n"
        "open('f', 'w').close(); os.setxattr('f', 'user.com.apple.quarantine', b'0083;0;Safari;')\n"
        "os.removexattr('f', 'user.com.apple.quarantine')\n"
    )
    for kind in ("setextattr", "deleteextattr"):
        (body,) = recording.bodies(kind)
        assert body["extattr"] == "com.apple.quarantine"
        assert body["target"]["path"] == "/Users/purple/f"


@pytest.mark.prefix_only("nothing outside is in reach")
def test_files_outside_the_host_are_not_its_files(host: Host, tmp_path: Path) -> None:
    recording = host.sh(f": > /dev/null; : > '{tmp_path}/outside'; mv '{tmp_path}/outside' in; :")
    assert recording.of("close", "create") == []
    (moved,) = recording.bodies("rename")
    assert moved["destination"]["new_path"]["filename"] == "in"


def test_opens_for_writing_on_request(host: Host) -> None:
    recording = host.sh("echo x > a; cat < a > b; cat a", "--opens")
    opened = recording.of("open")
    assert [event["event"]["open"]["file"]["path"] for event in opened] == [
        "/Users/purple/a",
        "/Users/purple/b",
    ]
    assert {event["event"]["open"]["fflag"] for event in opened} == {2}
    assert opened[0]["action"]["result"]["result"] == {"flags": 4294967295}


def test_snapshot_and_ready_file_name_init(host: Host) -> None:
    ready = host.folder / "ready"
    ready.write_text("from an earlier boot")
    recording = host.run(["/usr/bin/true"], "--ready-file", str(ready)).check()
    (row,) = (host.folder / "store.snapshot.ndjson").read_text().splitlines()
    init = recording.events[0]["process"]["audit_token"]["pid"]
    assert json.loads(row)["pid"] == init
    assert init in (json.loads(ready.read_text())["init"], 1)  # with pids of its own: 1
    assert json.loads(row)["path"] == "/usr/bin/python3"


@pytest.mark.prefix_only("the kernel ends all with init")
def test_exit_code_is_init_s_and_the_last_process_is_awaited(host: Host) -> None:
    recording = host.run(["/bin/sh", "-c", "(sleep 0.3; : > late) & exit 7"])
    assert recording.check().returncode == 7
    assert recording.targets("close") == ["/Users/purple/late"]
    assert recording.bodies("exit")[0]["stat"] == 7 << 8
    assert host.run(["/bin/sh", "-c", "kill -KILL $$"]).returncode == 128 + 9


@pytest.mark.prefix_only("the kernel ends all with init")
def test_an_orphan_belongs_to_launchd(host: Host) -> None:
    recording = host.sh("(/bin/sleep 0.2; : > late) & exit 0")
    (close,) = recording.of("close")
    assert close["process"]["ppid"] == 1
    assert close["process"]["parent_audit_token"]["pid"] == 1
    assert close["process"]["original_ppid"] == recording.events[0]["thread"]["thread_id"]


def test_a_clone_can_be_a_sibling(host: Host) -> None:
    recording = host.python(
        "import ctypes, os, platform\n"
        "if os.fork(): os.wait(); os.wait(); raise SystemExit\n"
        "clone = {'x86_64': 56, 'aarch64': 220}[platform.machine()]\n"
        "CLONE_PARENT, SIGCHLD = 0x8000, 17\n"
        "ctypes.CDLL(None).syscall(clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0)\n"
        "os._exit(0)\n"
    )
    init = recording.events[0]["thread"]["thread_id"]
    first, second = (body["child"] for body in recording.bodies("fork"))
    assert first["ppid"] == second["ppid"] == second["original_ppid"] == init
    maker = recording.of("fork")[1]["process"]["audit_token"]
    assert maker == first["audit_token"]


def test_a_parent_s_exec_renews_its_children_s_parent_token(host: Host) -> None:
    recording = host.sh("(sleep 0.3; : > late) & exec sleep 0.6")
    (close,) = recording.of("close")
    parent = close["process"]["parent_audit_token"]
    execs = [e for e in recording.of("exec") if e["event"]["exec"]["args"] == ["sleep", "0.6"]]
    assert parent == execs[0]["event"]["exec"]["target"]["audit_token"]


def test_groups_and_sessions_follow(host: Host) -> None:
    recording = host.python("import os\npid = os.fork()\nif pid: os.wait()\nelse: os.setsid()\n")
    child = recording.of("exit")[0]["process"]
    assert child["group_id"] == child["session_id"] == child["audit_token"]["pid"]
    assert recording.bodies("fork")[0]["child"]["group_id"] != child["group_id"]


def test_a_terminal_is_named_as_on_a_mac(host: Host) -> None:
    recording = host.python("import pty; pty.spawn(['/usr/bin/true'])")
    run = recording.bodies("exec")[1]["target"]
    assert run["tty"]["path"].startswith("/dev/ttys")
    assert recording.events[0]["process"]["tty"] is None


def test_closes_are_written_soon_even_if_nothing_else_happens(host: Host) -> None:
    process = host.start(["/bin/sh", "-c", "echo x > a; exec 3>&-; read line"])
    deadline = time.monotonic() + 10
    while not any('"close"' in line for line in host.lines()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.stdin.write("go\n")  # type: ignore[union-attr]
    host.finish(process).check()


def test_init_that_cannot_run(host: Host) -> None:
    missing = host.run(["/no/such/init"])
    assert missing.returncode == 127
    assert "/no/such/init: No such file" in missing.stderr
    assert host.run([f"{host.prefix}/Users/purple"]).returncode == 126


def test_a_store_that_cannot_be_made(host: Host) -> None:
    host.folder.rmdir()
    refused = host.run(["/usr/bin/true"])
    assert refused.returncode == 73
    assert "store.ndjson: No such file" in refused.stderr


def test_inside_a_host_nothing_can_be_recorded(host: Host) -> None:
    inner = host.command(["/usr/bin/true"], "--host", "inner")
    inner[inner.index("--store") + 1] += ".inner"
    recording = host.run([*inner])
    assert recording.returncode == 69
    assert "ptrace is not permitted" in recording.stderr
    assert not (host.folder / "store.ndjson.inner").exists()


def test_io_uring_is_refused(host: Host) -> None:
    recording = host.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            "import ctypes, errno\n"
            "libc = ctypes.CDLL(None, use_errno=True)\n"
            "assert libc.syscall(425, 8, ctypes.create_string_buffer(120)) == -1\n"
            "print(errno.errorcode[ctypes.get_errno()])\n",
        ]
    )
    assert recording.stdout == "ENOSYS\n"
