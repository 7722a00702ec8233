"""Linux facts as the objects inside eslogger's events, for one host."""

from __future__ import annotations

import os
import platform
import re
import time
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from .files import BIRTH, FileStat
from .namespace import MAC_GID, MAC_UID
from .numbers import Numbers
from .processes import Credentials, Process
from .procfs import audit_session
from .records import UNKNOWN, ExecBody, File, ProcessRecord, Stat, Token, descriptor
from .view import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .images import Image
    from .paths import Translator
    from .records import TokenForm
    from .syscalls import Architecture

_LAUNCHD = Credentials(0, 0, 0, 0)
_NULL = msgspec.Raw(b"null")
_encode = msgspec.json.Encoder().encode

# Environments hold secrets, and evidence is passed on: only these names are recorded.
_HARMLESS = re.compile(rb"\0((?:(?:WM_|LC_|XPC_|__CF)[^\0=]*|HOME|PATH|SHELL|LANG)=[^\0]*)")


class Program(NamedTuple):
    """An executable as its processes' events show it."""

    path: str
    file: msgspec.Raw
    rules: tuple[str, ...]
    """The translation rules that its name needed."""


class Shape:
    """Builds the objects inside an event for one host."""

    def __init__(
        self,
        translator: Translator,
        *,
        host: str,
        tokens: TokenForm,
        view: View | None = None,
        numbers: Numbers | None = None,
    ) -> None:
        self._translator = translator
        self.view = view or View()
        self._numbers = numbers or Numbers()
        self._host = host
        self._tokens = tokens
        self._uid, self._gid = os.geteuid(), os.getegid()
        self._session = audit_session()
        self._seconds: dict[int, str] = {}
        self._programs: dict[tuple[bytes, FileStat | None], Program] = {}
        self._envs: dict[bytes, list[str]] = {}
        self._marks: dict[tuple[str, ...], msgspec.Raw] = {}
        self._rules = (
            translator.rule,
            f"uid {self._uid} -> {MAC_UID}",
            f"gid {self._gid} -> {MAC_GID}",
            f"auid -> {MAC_UID}",
            "user.* attribute -> *",
            "pts/N -> ttysN",
            self._numbers.rule,
            "env: WM_* LC_* XPC_* __CF* HOME PATH SHELL LANG only",
        )

    def time(self, seconds: int, nanoseconds: int) -> str:
        """RFC 3339 with nine digits."""
        text = self._seconds.get(seconds)
        if text is None:
            if len(self._seconds) > 4096:
                self._seconds.clear()
            text = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(seconds))
            self._seconds[seconds] = text
        return f"{text}{nanoseconds:09d}Z"

    def stamp(self, epoch_ns: int) -> str:
        """RFC 3339 of nanoseconds since the epoch."""
        return self.time(*divmod(epoch_ns, 1_000_000_000))

    def file(self, path: bytes, found: FileStat | None) -> File:
        """A file by its real Linux path."""
        inside = self._translator.inside(path)
        return File(self._translator.path(path), self._stat(found, inside))

    def program(self, path: bytes, found: FileStat | None) -> Program:
        """An executable; the same few are run again and again, so they are kept."""
        known = self._programs.get((path, found))
        if known is None:
            if len(self._programs) > 1024:
                self._programs.clear()
            shown = self._translator.program(path)
            file = File(shown.path, self._stat(found, self._translator.inside(path)))
            rules = () if shown.rule is None else (shown.rule,)
            known = Program(shown.path, msgspec.Raw(_encode(file)), rules)
            self._programs[path, found] = known
        return known

    def image(self, image: Image) -> Program:
        """What a process runs now. One of the stand-in's own commands is a script here, a program
        on a Mac: it is shown as that program, and the rule says so."""
        shim = self._translator.shim(image.script)
        if shim is None or image.script is None:
            return self.program(image.executable, image.executable_stat)
        file = self.file(image.script, image.script_stat)
        ran = self._translator.program(image.executable).path
        return Program(shim, msgspec.Raw(_encode(file)), (f"{ran} {shim} -> {shim}",))

    def tty(self, number: int) -> msgspec.Raw:
        """The controlling terminal as a Mac names it; null for none."""
        major, minor = os.major(number), os.minor(number)
        if not 136 <= major <= 143:  # Unix98 pseudo-terminals (Documentation/admin-guide/devices)
            return _NULL
        index = (major - 136) * 256 + minor
        found = self.view.real(b"/dev/pts/%d" % index)
        return msgspec.Raw(_encode(File(f"/dev/ttys{index:03d}", self._stat(found, True))))

    def process(self, process: Process) -> msgspec.Raw:
        """The `process` object, kept until something in it changes."""
        if process.encoded is None:
            process.encoded = msgspec.Raw(_encode(self._process(process)))
        return process.encoded

    def marks(self, rules: tuple[str, ...], cut: Sequence[str] = ()) -> msgspec.Raw:
        """The `x_standin` object: where the record came from and what in it is not the kernel's."""
        key = (*rules, "", *cut)
        mark = self._marks.get(key)
        if mark is None:
            content: dict[str, object] = {
                "host": self._host,
                "sensor": "ptrace",
                "kernel": f"{platform.system()} {platform.release()}",
                "unknown": UNKNOWN,
                "translations": (*self._rules, *dict.fromkeys(rules)),
            }
            if cut:
                content["truncated"] = list(cut)
            mark = self._marks[key] = msgspec.Raw(_encode(content))
        return mark

    def exec_body(self, image: Image, process: Process, arch: Architecture) -> ExecBody:
        """The `exec` event; `process` runs the new image already."""
        script, arguments = None, image.args
        if self._translator.shim(image.script) is not None:
            arguments = _of_the_command(image)
        elif image.script is not None:
            script = self.file(image.script, image.script_stat)
        text = self._translator.text
        return ExecBody(
            target=self.process(process),
            args=[text(argument) for argument in arguments],
            env=self._env(image.env),
            script=script,
            cwd=self.file(image.cwd, image.cwd_stat),
            last_fd=image.fds[-1][0] if image.fds else -1,
            fds=[descriptor(*fd) for fd in image.fds],
            image_cputype=arch.cputype,
            image_cpusubtype=arch.cpusubtype,
            dyld_exec_path=text(image.args[0]) if script and image.args else process.path,
        )

    def _env(self, block: bytes) -> list[str]:
        known = self._envs.get(block)
        if known is None:
            if len(self._envs) > 64:
                self._envs.clear()
            found = _HARMLESS.findall(b"\0" + block)
            known = self._envs[block] = [self._translator.text(variable) for variable in found]
        return known

    def _process(self, p: Process) -> ProcessRecord:
        parent, outside = p.parent, self._numbers.outside(p.number)
        return ProcessRecord(
            self._token(p.number, p.version, p.credentials),
            self._token(outside, outside, _LAUNCHD, auid=0xFFFFFFFF)
            if parent is None
            else self._token(parent.number, parent.version, parent.credentials),
            outside if parent is None else parent.number,
            p.original_ppid,
            p.group,
            p.session,
            p.executable,
            self.stamp(p.started)[:-4] + "Z",
            p.tty,
        )

    def _token(
        self, pid: int, version: int, c: Credentials, auid: int = MAC_UID
    ) -> Token | list[int]:
        if c is not _LAUNCHD:
            c = Credentials(
                self._user(c.euid), self._user(c.ruid), self._group(c.egid), self._group(c.rgid)
            )
        if self._tokens == "array":  # the order that the macOS 26 beta wrote
            return [auid, c.euid, c.egid, c.ruid, c.rgid, pid, self._session, version]
        return Token(pid, version, c.euid, c.ruid, c.egid, c.rgid, auid, self._session)

    def _user(self, uid: int) -> int:
        return MAC_UID if uid == self._uid else uid

    def _group(self, gid: int) -> int:
        return MAC_GID if gid == self._gid else gid

    def _stat(self, s: FileStat | None, inside: bool) -> Stat | None:
        if s is None:
            return None
        when = self.time
        changed = when(s.ctime, s.ctime_ns)
        now = s.ctime, s.ctime_ns  # of a new file, all four times are this one
        return Stat(
            os.makedev(s.dev_major, s.dev_minor),
            s.ino,
            s.mode,
            s.nlink,
            self._user(s.uid) if inside else s.uid,
            self._group(s.gid) if inside else s.gid,
            os.makedev(s.rdev_major, s.rdev_minor),
            s.size,
            s.blocks,
            s.blksize,
            changed if (s.atime, s.atime_ns) == now else when(s.atime, s.atime_ns),
            changed if (s.mtime, s.mtime_ns) == now else when(s.mtime, s.mtime_ns),
            changed,
            when(s.btime, s.btime_ns) if s.mask & BIRTH else None,
        )


def _of_the_command(image: Image) -> list[bytes]:
    """A shim's arguments as if it were a program: the kernel put interpreter and option first."""
    own = os.path.basename(image.script or b"")  # noqa: PTH119 - bytes
    given = next(
        (at for at, word in enumerate(image.args[:3]) if at and word.rpartition(b"/")[2] == own), 0
    )
    return [own, *image.args[given + 1 :]]
