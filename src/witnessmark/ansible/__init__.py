"""ansible-runner behind two functions: list an inventory, run a play.

Every trap that was measured is closed here: a child process with a minimal environment, a private
0700 folder that never outlives the call, host keys always checked, a fresh control path per call,
and a configuration of our own that no user's ``ansible.cfg`` or ``~/.ssh/config`` can change.
"""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from witnessmark.errors import HostError, UsageError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

_CHILD = Path(__file__).with_name("child.py")
_GRACE_S = 20.0
"""How long the child may take, after its own time limit, to stop a play and clean up."""

_CONFIG = """\
[defaults]
home = {folder}/home
local_tmp = {folder}/local
collections_path = {folder}/none
roles_path = {folder}/none
host_key_checking = True
gathering = explicit
retry_files_enabled = False
deprecation_warnings = False
localhost_warning = False
nocows = True
task_timeout = {task_timeout_s}
[inventory]
enable_plugins = yaml, ini
any_unparsed_is_failed = True
[ssh_connection]
ssh_args = -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes \
-o GlobalKnownHostsFile=/dev/null -o UpdateHostKeys=no -o PasswordAuthentication=no \
-o ServerAliveInterval=5 -o ServerAliveCountMax=3 -o ControlMaster=auto -o ControlPersist=30
control_path_dir = {folder}/cp
usetty = False
retries = 0
transfer_method = piped
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """What one task answered on one host."""

    host: str
    event: str
    """``runner_on_ok``, ``runner_on_failed`` or ``runner_on_unreachable``."""
    rc: int | None
    stdout: str
    stderr: str
    message: str


@contextmanager
def private_folder() -> Iterator[Path]:
    """A 0700 folder, deleted on the way out; its path is short, as SSH sockets need (100 bytes)."""
    top = "/tmp" if os.access("/tmp", os.W_OK | os.X_OK) else None  # noqa: S108 - mkdtemp is 0700
    folder = Path(tempfile.mkdtemp(prefix="wm-", dir=top))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def list_inventory(files: Sequence[Path], *, timeout_s: int = 60) -> dict[str, Any]:
    """What ``ansible-inventory --list`` says of these files, as one dictionary.

    Raises UsageError with ansible's own first sentence if it refuses them.
    """
    with private_folder() as folder:
        request = {"action": "inventory", "files": [str(file.absolute()) for file in files]}
        *_, answer = _call(folder, request, timeout_s)
    try:
        listed = json.loads(answer["listed"])
    except ValueError:
        raise UsageError(f"ansible cannot read the inventory: {_first_sentence(answer)}") from None
    assert isinstance(listed, dict)
    return listed


def run_play(
    folder: Path,
    play: Path,
    hosts: Mapping[str, Mapping[str, object]],
    *,
    forks: int,
    task_timeout_s: int,
    timeout_s: int,
) -> Generator[TaskResult]:
    """Run one playbook on ``hosts`` (name -> variables); every task's result, as soon as it is in.

    ``folder`` comes from `private_folder`; a play names files that were laid there before by
    ``{{ wm_folder }}/NAME``. A host that ran out of time has no result for its task.
    """
    (folder / "env").mkdir()
    # How soon a cancelled play is noticed. ansible-runner forgets it unless it is in this file.
    (folder / "env" / "settings").write_text('{"pexpect_timeout": 0.5}', encoding="utf-8")
    (folder / "project").mkdir()
    (folder / "project" / "play.yaml").write_bytes(play.read_bytes())
    text = inventory_text(hosts, {"wm_folder": str(folder)})
    (folder / "hosts.yaml").write_text(text, encoding="utf-8")
    request = {"action": "play", "forks": forks}
    told = False
    with closing(_call(folder, request, timeout_s, task_timeout_s=task_timeout_s)) as lines:
        for line in lines:
            if "result" in line:
                told = True
                yield _result(line["result"])
            elif line["status"] == "failed" and not told:
                raise HostError(f"ansible could not run {play.name}: {line['tail'].strip()}")


def inventory_text(
    hosts: Mapping[str, Mapping[str, object]], variables: Mapping[str, object]
) -> str:
    """An inventory in which no string is a template: each carries ansible's ``!unsafe`` tag."""
    lines = ["all:", "  vars: " + _flow(variables), "  hosts:"]
    return "\n".join([*lines, *(f"    {json.dumps(n)}: {_flow(v)}" for n, v in hosts.items()), ""])


def _flow(variables: Mapping[str, object]) -> str:
    pairs = (f"{json.dumps(key)}: {_tagged(value)}" for key, value in variables.items())
    return "{" + ", ".join(pairs) + "}"


def _tagged(value: object) -> str:
    return ("!unsafe " if isinstance(value, str) else "") + json.dumps(value)


def environment(folder: Path) -> dict[str, str]:
    """All that ansible gets to see: it copies its environment into its artifacts."""
    kept = ("HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK")
    macos = sys.platform == "darwin"
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "PATH": os.pathsep.join([*_scripts(), os.environ.get("PATH", os.defpath)]),
        # ansible refuses to start without UTF-8, and macOS has no C.UTF-8 before release 15.
        "LC_ALL": "en_US.UTF-8" if macos else "C.UTF-8",
        "TMPDIR": str(folder),
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        # ansible-runner sets this to False unless it is set; a wrong host key then succeeds.
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        # Without it a forked worker on macOS is killed by the Objective-C runtime.
        **({"OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES"} if macos else {}),
    }


def _scripts() -> list[str]:
    """Where ansible's programs are installed, also when the virtual environment is not active."""
    folders = (Path(sys.executable).parent, Path(sysconfig.get_path("scripts")))
    return list(dict.fromkeys(str(folder) for folder in folders))


def _call(
    folder: Path, request: Mapping[str, object], timeout_s: int, *, task_timeout_s: int = 0
) -> Generator[dict[str, Any]]:
    """The child's lines as they come; the last one is its answer."""
    config = _CONFIG.format(folder=folder, task_timeout_s=task_timeout_s)
    (folder / "ansible.cfg").write_text(config, encoding="utf-8")
    line = json.dumps({**request, "folder": str(folder), "timeout_s": timeout_s}).encode()
    answer: dict[str, Any] = {"result": None}
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            [sys.executable, "-I", str(_CHILD)],
            env=environment(folder),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # Ctrl-C reaches us alone; the closing pipe stops the child
        )
        try:
            with closing(_talk(child, line + b"\n", timeout_s + _GRACE_S)) as lines:
                for said in lines:
                    answer = json.loads(said)
                    yield answer
        finally:
            _end(child)
        errors.seek(0)
        words = errors.read().decode(errors="replace").strip()
    if "result" in answer:
        last = words.splitlines()[-1] if words else "it ended without an answer"
        raise HostError(f"ansible-runner failed on this machine: {last}")


def _talk(child: subprocess.Popen[bytes], line: bytes, timeout_s: float) -> Generator[bytes]:
    """Send the request and yield whole lines, holding the child's standard input open."""
    assert child.stdin is not None
    assert child.stdout is not None
    deadline = time.monotonic() + timeout_s
    with child.stdin as pipe, child.stdout as out:
        pipe.write(line)
        pipe.flush()
        poll, rest = select.poll(), b""
        poll.register(out, select.POLLIN)
        while True:
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise HostError(f"ansible did not end within {timeout_s:.0f} s and was stopped")
            data = os.read(out.fileno(), 65536)
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            yield from lines


def _end(child: subprocess.Popen[bytes]) -> None:
    """Its standard input is closed by now, so an unfinished child is stopping its play."""
    try:
        child.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _result(raw: Mapping[str, Any]) -> TaskResult:
    return TaskResult(
        host=raw["host"],
        event=raw["event"],
        rc=raw["rc"],
        stdout=str(raw["stdout"] or ""),
        stderr=str(raw["stderr"] or ""),
        message=str(raw["msg"] or ""),
    )


def _first_sentence(answer: Mapping[str, Any]) -> str:
    """Ansible's first line without its prefixes; it repeats itself for every parser it tried."""
    text = answer["errors"].strip() or "no reason given"
    return re.sub(r"^(\[\w+\]: )?(Failed to parse inventory[^:]*: )*", "", text.splitlines()[0])
