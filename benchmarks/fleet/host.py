"""One Mac: its processes, its files, its clock and the records that it writes."""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING, Any

from fleet import programs
from fleet.records import (
    EXEC,
    ORDERS,
    File,
    Image,
    Proc,
    destination,
    file_text,
    hash_of,
    process_text,
    quoted,
    record,
    token,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Story = Iterator[float]

SECOND = 1_000_000_000
BEGIN_NS = 1_791_108_000 * SECOND
UNSEEN = 99_999
"""The pid of a parent that nobody recorded."""


class Host:
    """Plays stories on a clock of its own and hands out each line as it is written.

    A story is a generator that yields the seconds to wait before it goes on. ``expect`` notes what
    the analytic must answer to a record that was just written.
    """

    def __init__(
        self, name: str, *, seed: int, arrays: bool, write: Callable[[bytes], object], late: float
    ) -> None:
        self.name = name
        self.rng = Random(f"{seed}/{name}")
        self.now = BEGIN_NS + self.rng.randrange(SECOND)
        self.truth: list[dict[str, Any]] = []
        self.kinds: dict[str, int] = {}
        self.read: dict[int, File] = {}
        self.written = self.lines = 0
        self._arrays, self._write, self._late = arrays, write, late
        self._held: list[tuple[int, bytes]] = []
        self._waiting: list[tuple[int, int, Story]] = []
        self._pid, self._version, self._ino, self._begun = 400, 1_000, 5_000_000, 0
        self._living: set[int] = {1}
        self._envs = [self._env(number) for number in range(8)]
        self.init = self._made(1, programs.LAUNCHD, None, 0)

    # -- time -----------------------------------------------------------------------------------

    def begin(self, story: Story, after_s: float = 0.0) -> None:
        """Let a story run."""
        self._begun += 1
        heappush(self._waiting, (self.now + int(after_s * SECOND), self._begun, story))

    def play(self, size: int) -> None:
        """Go on until so many bytes are written; what is under way then is left unfinished."""
        while self.written < size:
            time_ns, _, story = heappop(self._waiting)
            self.now = max(self.now, time_ns)
            wait = next(story, None)
            if wait is not None:
                self.begin(story, wait)
        for _, line in self._held:
            self._write(line)
        self._held.clear()

    # -- processes ------------------------------------------------------------------------------

    def fork(self, parent: Proc, *, pid: int | None = None) -> Proc:
        """A child with its parent's image."""
        child = self._made(self._free() if pid is None else pid, parent.image, parent, parent.uid)
        child.responsible = parent.responsible or ("" if parent.pid == 1 else parent.token)
        child.file = parent.file
        self.emit("fork", parent, f'{{"child":{self._text(child)}}}')
        return child

    def exec(
        self,
        proc: Proc,
        image: Image,
        *args: str,
        cwd: str = "/Users/kim",
        script: File | None = None,
        file: File | None = None,
        responsible: Proc | None = None,
    ) -> int:
        """Turn a process into another image; its record's number."""
        before = self._text(proc)
        self._version += 1
        proc.version, proc.image, proc.file = self._version, image, file
        proc.token = token(proc.pid, proc.version, proc.uid, arrays=self._arrays)
        if responsible is not None:
            proc.responsible = responsible.token
        proc.texts.clear()
        folder = File(cwd, hash_of(cwd) % 1_000_000, BEGIN_NS)
        words = ",".join(map(quoted, args or (image.path,)))
        body = EXEC[proc.version % ORDERS] % {
            "target": self._text(proc), "args": f"[{words}]", "env": self._envs[proc.version % 8],
            "script": "null" if script is None else file_text(script, proc.uid, 33261),
            "cwd": file_text(folder, proc.uid, 16877), "dyld": quoted(image.path),
        }  # fmt: skip
        return self._emit("exec", before, body)

    def spawn(self, parent: Proc, image: Image, *args: str, **more: Any) -> tuple[Proc, int]:
        """Fork and exec; the child, and the exec's number."""
        child = self.fork(parent)
        self.tick()
        return child, self.exec(child, image, *args, **more)

    def exit(self, proc: Proc) -> None:
        """The end of a process."""
        self.emit("exit", proc, '{"stat":0}')
        self._living.discard(proc.pid)

    def unseen(self, image: Image) -> Proc:
        """A process whose parent, and whose beginning, nobody recorded."""
        proc = self._made(self._free(), image, None, 501)
        proc.parent_token = token(UNSEEN, 7, 501, arrays=self._arrays)
        return proc

    # -- files ----------------------------------------------------------------------------------

    def file(self, path: str, size: int = 0) -> File:
        """A file that is new."""
        self._ino += 1
        return File(path, self._ino, self.now, size or self.rng.randrange(100, 200_000))

    def create(self, proc: Proc, file: File, *, new: bool = True) -> int:
        """``create``; the destination in either of its shapes."""
        return self.emit("create", proc, destination(file, new, ',"mode":420', '"acl":null,'))

    def close(self, proc: Proc, file: File, modified: bool = True, mapped: bool = False) -> int:
        """``close``."""
        said, wrote = ("true" if item else "false" for item in (modified, mapped))
        target = file_text(file, proc.uid)
        parts = (f'"modified":{said}', f'"target":{target}', f'"was_mapped_writable":{wrote}')
        turn = file.ino % 3
        body = ",".join(parts[turn:] + parts[:turn])
        return self.emit("close", proc, f"{{{body}}}")

    def rename(self, proc: Proc, file: File, path: str, *, over: File | None = None) -> int:
        """``rename``; the file then lies there."""
        source = file_text(file, proc.uid)
        file.path = path
        to = destination(over or file, over is None, "", f'"source":{source},')
        return self.emit("rename", proc, to)

    def unlink(self, proc: Proc, file: File) -> int:
        """``unlink``."""
        folder = File(file.path.rpartition("/")[0], 9, BEGIN_NS)
        texts = file_text(file, proc.uid), file_text(folder, proc.uid, 16877)
        return self.emit("unlink", proc, f'{{"target":{texts[0]},"parent_dir":{texts[1]}}}')

    def quarantine(self, proc: Proc, file: File) -> int:
        """``setextattr`` of the quarantine attribute."""
        target = file_text(file, proc.uid)
        return self.emit(
            "setextattr", proc, f'{{"extattr":"com.apple.quarantine","target":{target}}}'
        )

    # -- records --------------------------------------------------------------------------------

    def tick(self) -> None:
        """A moment passes within a story's step."""
        self.now += 20_000 + self.rng.randrange(600_000)

    def emit(self, kind: str, proc: Proc, body: str) -> int:
        """Write a record; its global sequence number."""
        return self._emit(kind, self._text(proc), body)

    def expect(self, kind: str, answer: str, rules: str, number: int, ref: int | None) -> None:
        """What must be answered of the exec with this number.

        ``rules`` of a silence is the one rule that holds it back. ``ref`` is the number of the
        drop's record (branch B), or the browser's pid (branch A).
        """
        named = rules.split()
        self.truth.append(
            {
                "host": self.name, "kind": kind, "answer": answer, "branch": named[0][0],
                "rules": named, "exec": number, "ref": ref,
            }
        )  # fmt: skip

    def _emit(self, kind: str, process: str, body: str) -> int:
        self.tick()
        number, seq = self.lines, self.kinds.get(kind, 0)
        self.lines += 1
        self.kinds[kind] = seq + 1
        line = record(
            kind, version=10 if self._arrays else 9, time_ns=self.now, seq=seq, number=number,
            process=process, body=body,
        )  # fmt: skip
        self.written += len(line)
        if self._late and self.rng.random() < self._late:
            self._held.append((number + self.rng.randrange(1, 40), line))
            return number
        self._write(line)
        while self._held and self._held[0][0] <= number:
            self._write(self._held.pop(0)[1])
        return number

    def _made(self, pid: int, image: Image, parent: Proc | None, uid: int) -> Proc:
        self._version += 1
        above = parent.token if parent else token(0, 0, 0, arrays=self._arrays)
        proc = Proc(pid, self._version, image, parent, above, self.now, uid)
        proc.token = token(pid, proc.version, uid, arrays=self._arrays)
        self._living.add(pid)
        return proc

    def _text(self, proc: Proc) -> str:
        """A process as JSON, in any of many orders of its keys."""
        order = self.rng.randrange(ORDERS * ORDERS)
        if order not in proc.texts:
            path = proc.image.path
            lies = proc.file or File(path, hash_of(path) % 1_000_000 + 1_000, BEGIN_NS - 10**16)
            above = proc.parent.pid if proc.parent else 0 if proc.pid == 1 else UNSEEN
            proc.texts[order] = process_text(proc, lies, above, order)
        return proc.texts[order]

    def _free(self) -> int:
        while True:
            self._pid = self._pid + 1 if self._pid < 99_990 else 400
            if self._pid not in self._living:
                return self._pid

    def _env(self, number: int) -> str:
        words = [
            *programs.ENVIRONMENT,
            f"SECURITYSESSIONID=186a{number}",
            *(f"A{i}={'x' * 24}" for i in range(number)),
        ]
        self.rng.shuffle(words)
        return "[" + ",".join(map(quoted, words)) + "]"
