"""What a process was made to run: read at the stop right after its exec, when nothing can vanish.

The kernel lays arguments, environment and the path that execve was given side by side on the new
stack (``fs/exec.c``: argv, envp, then ``bprm->filename``), so that one read fetches all three.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .files import FileStat, read_link, stat
from .places import own
from .procfs import ProcStat, proc_stat
from .view import Given

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .ptrace import Reader
    from .view import View

ARG_MAX = 1 << 20
"""macOS refuses longer arguments plus environment (`getconf ARG_MAX`); we cut at the same size."""
_PATH_MAX = 4096
_DELETED = b" (deleted)"
_STANDARD = (b"0", b"1", b"2")
_VNODE, _SOCKET, _PIPE = 1, 2, 6  # PROX_FDTYPE_* of <sys/proc_info.h>


@dataclass(frozen=True, slots=True)
class Image:
    """One exec, in Linux terms: bytes as the kernel holds them."""

    executable: bytes
    executable_stat: FileStat | None
    args: list[bytes]
    args_cut: bool
    env: bytes
    """Variables, each ended by a zero byte."""
    script: bytes | None
    script_stat: FileStat | None
    cwd: bytes
    cwd_stat: FileStat | None
    stat: ProcStat
    fds: list[tuple[int, int, int | None]]
    """(number, PROX_FDTYPE, pipe id)."""


def read_image(reader: Reader, pid: int, view: View) -> Image:
    """Everything an exec event tells. OSError or ValueError: the process was killed meanwhile."""
    link = b"/proc/%d/exe" % pid
    executable, executable_stat = read_link(link), stat(link)
    if executable.endswith(_DELETED) and executable_stat and executable_stat.nlink == 0:
        executable = executable[: -len(_DELETED)]
    status = proc_stat(pid)
    args, env, given, cut = _stack(reader, pid, status)
    link = b"/proc/%d/cwd" % pid
    cwd, cwd_stat = read_link(link), stat(link)
    path, place = _reached(pid, given, cwd)
    script_stat = view.given(place)
    is_script = _is_script(given, executable, executable_stat, script_stat)
    return Image(
        executable,
        executable_stat,
        args,
        cut,
        env,
        path if is_script else None,
        script_stat if is_script else None,
        cwd,
        cwd_stat,
        status,
        _descriptors(pid),
    )


def _stack(reader: Reader, pid: int, status: ProcStat) -> tuple[list[bytes], bytes, bytes, bool]:
    (args_at, args_end), (env_at, env_end) = status.args, status.env
    if args_at == 0:
        raise ProcessLookupError(pid)
    length = args_end - args_at
    if env_end - args_at <= ARG_MAX and env_at == args_end:
        data = reader.memory(pid, args_at, env_end - args_at + _PATH_MAX)
        args, env = data[:length], data[length : env_end - args_at]
        given = data[env_end - args_at :]
    else:
        args = reader.memory(pid, args_at, min(length, ARG_MAX))
        env = reader.memory(pid, env_at, min(env_end - env_at, ARG_MAX))
        given = reader.memory(pid, env_end, _PATH_MAX)
    return _strings(args), env, given.partition(b"\0")[0], length > ARG_MAX


def _strings(data: bytes) -> list[bytes]:
    found = data.split(b"\0")
    if not found[-1]:
        found.pop()
    return found


def _reached(pid: int, given: bytes, cwd: bytes) -> tuple[bytes, Given]:
    """The path given to execve made absolute, and where this process can look at the file."""
    if given.startswith(b"/dev/fd/"):  # fexecve: "/dev/fd/N" or, relative to it, "/dev/fd/N/path"
        number, slash, rest = given[8:].partition(b"/")
        place = b"/proc/%d/fd/%s" % (pid, number)
        try:
            return read_link(place) + slash + rest, Given(place, rest)
        except OSError:
            return given, Given(b"", given)
    if not given.startswith(b"/"):
        given = os.path.normpath(os.path.join(cwd, given))  # noqa: PTH118 - bytes
    return given, own(given, pid)


def _is_script(
    given: bytes, executable: bytes, program: FileStat | None, found: FileStat | None
) -> bool:
    """ES: a script is what was executed directly when the image that runs is another file."""
    if program is None:
        return False
    if found is None:  # already deleted, or closed by exec: then it is a program (fexecve)
        return not given.startswith(b"/dev/fd/") and os.path.realpath(given) != executable
    return found.identity != program.identity


def _descriptors(pid: int) -> list[tuple[int, int, int | None]]:
    folder = b"/proc/%d/fd/" % pid
    known = stat(folder)
    if known is not None and known.size == len(_STANDARD):  # since Linux 6.2: how many are open
        try:
            return _kinds(folder, _STANDARD)
        except FileNotFoundError:
            pass  # three, but not these
    return _kinds(folder, sorted(os.listdir(folder), key=int))  # noqa: PTH208 - bytes


def _kinds(folder: bytes, numbers: Sequence[bytes]) -> list[tuple[int, int, int | None]]:
    found: list[tuple[int, int, int | None]] = []
    for number in numbers:
        target = read_link(folder + number)
        if target.startswith(b"/"):
            found.append((int(number), _VNODE, None))
        elif target.startswith(b"pipe:["):
            found.append((int(number), _PIPE, int(target[6:-1])))
        elif target.startswith(b"socket:["):
            found.append((int(number), _SOCKET, None))
    return found
