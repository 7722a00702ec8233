"""Reads what scenario scripts and the host's own tools wrote down. Pure; every input is hostile."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from witnessmark.model.run import FileFact, Listing, Step, Witness

if TYPE_CHECKING:
    from witnessmark.model.run import Form

FIELDS = 7
_PID = re.compile(r"[0-9]{1,10}")
"""A process id: what a host says is never turned into a number before its length is known."""
_STATUS = re.compile(r"-?[0-9]{1,10}")
_STAT = re.compile(r"([0-9]{1,20})\|([0-9]{1,20})\|(-?[0-9]{1,11})\|(-?[0-9]{1,11})")
EXECUTABLES = frozenset(
    bytes.fromhex(magic)
    for magic in (
        "cffaedfe",
        "feedfacf",
        "cefaedfe",
        "feedface",
        "cafebabe",
        "cafebabf",
        "7f454c46",
    )
)


def steps(raw: bytes, prefix: str = "") -> tuple[Step, ...]:
    """Receipt lines (``v=1 step path to pid ppid status``, tab-separated) in the host's own view.

    Raises:
        ValueError: for a line of another form; a receipt is never read half.
    """
    found = []
    for number, line in enumerate(raw.decode(errors="backslashreplace").splitlines(), 1):
        parts = line.split("\t")
        if len(parts) != FIELDS or parts[0] != "v=1":
            raise ValueError(f"line {number} is not v=1 with {FIELDS} fields")
        _, step, path, to, pid, ppid, status = parts
        try:
            found.append(
                Step(
                    step=step,
                    path=_path(path, prefix),
                    to=_path(to, prefix),
                    pid=_number(pid),
                    ppid=_number(ppid),
                    status=_status(status),
                )
            )
        except ValueError as problem:
            raise ValueError(f"line {number}: {problem}") from problem
    return tuple(found)


def witnesses(raw: bytes) -> tuple[Witness, ...]:
    """Evidence lines (``mark pid ppid``) that payloads wrote; other lines are none of theirs."""
    found = []
    for line in raw.decode(errors="replace").splitlines():
        parts = line.split()
        if len(parts) == 3 and _PID.fullmatch(parts[1]) and _PID.fullmatch(parts[2]):
            found.append(Witness(mark=parts[0], pid=int(parts[1]), ppid=int(parts[2])))
    return tuple(found)


def listing(raw: bytes, taken_ns: int, prefix: str = "") -> Listing:
    """The output of list.sh: NUL-separated paths, an empty item, `runs PID` lines and `end`."""
    files, _, running = raw.partition(b"\0\0")
    *lines, last = running.split(b"\n")[:-1] or [b""]
    pids = [line.removeprefix(b"runs ") for line in lines]
    if last != b"end":
        return Listing(taken_ns=taken_ns, problem="the inventory is cut short")
    if not all(_PID.fullmatch(pid.decode(errors="replace")) for pid in pids):
        return Listing(taken_ns=taken_ns, problem="the inventory names a process by no process id")
    paths = {_shown(item, prefix) for item in files.split(b"\0") if item}
    return Listing(
        taken_ns=taken_ns, paths=tuple(sorted(paths)), processes=tuple(sorted(map(int, pids)))
    )


def file_fact(path: str, line: str, content: bytes | None) -> FileFact:
    """One line of the stat pass (``inode|size|birth|change``, seconds) and the file's content."""
    found = _STAT.fullmatch(line)
    if found is None:
        return FileFact(path=path)
    ino, size, birth, change = map(int, found.groups())
    return FileFact(
        path=path,
        ino=ino,
        size=size,
        birth_ns=birth * 10**9 if birth > 0 else None,
        change_ns=change * 10**9 if change > 0 else None,
        sha256=_digest(content, size),
        form=form(content) if content is not None else None,
    )


def _digest(content: bytes | None, size: int) -> str | None:
    """The file's SHA-256; None for a file that was not read as a whole."""
    whole = content is not None and len(content) == size
    return hashlib.sha256(content).hexdigest() if content is not None and whole else None


def form(content: bytes) -> Form | None:
    """What a file's content is to a kernel: an executable by its magic number, a script if text.

    Mach-O's magic numbers are those of <mach-o/loader.h> and <mach-o/fat.h>, in both byte orders.
    """
    if content[:4] in EXECUTABLES:
        return "executable"
    text = bool(content) and b"\0" not in content
    return "script" if text else None


def host_view(path: str, prefix: str) -> str:
    """A path as the host itself names it: without the folder that a stand-in uses as its root."""
    if prefix and (path == prefix or path.startswith(prefix + "/")):
        return path[len(prefix) :] or "/"
    return path


def _shown(item: bytes, prefix: str) -> str:
    return host_view(item.decode(errors="backslashreplace"), prefix)


def _path(text: str, prefix: str) -> str | None:
    return None if text == "-" else host_view(text, prefix)


def _number(text: str) -> int | None:
    if text == "-":
        return None
    if not _PID.fullmatch(text) or int(text) == 0:
        raise ValueError(f"{text[:40]!r} is not a process id")
    return int(text)


def _status(text: str) -> int:
    if not _STATUS.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not an exit status")
    return int(text)
