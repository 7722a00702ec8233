"""Who spawned whom: spawn-time parents by process key (K1), and which processes a browser began.

A task (tasks.py) whose spawn-time parent is a browser begins a candidate c (A1); every task below
it belongs to the same candidate, one deeper. A parent that nobody ever saw begins a candidate too,
an unknown one: so the age and depth rules decide whether the unknown can matter at all (A7).
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from witnessmark.analytic.sameness import is_init, key, repeats, same, same_task
from witnessmark.analytic.tasks import Candidate, Image, Task
from witnessmark.model.events import Process, SnapshotRow, Token
from witnessmark.telemetry.sequence import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable

    from witnessmark.analytic.identity import Identity
    from witnessmark.analytic.trace import Trace
    from witnessmark.model.events import Event

XPCPROXY = "/usr/libexec/xpcproxy"
PARENT_UNKNOWN = "parent unknown"
RESPONSIBLE_UNKNOWN = "responsible process unknown"
ANCESTORS = 8
MOST_IMAGES = 150_000


class Lineage:
    """The process table of one host, kept as long as any rule can ask about it."""

    def __init__(
        self, identity: Identity, snapshot: Iterable[SnapshotRow], keep_ns: int, trace: Trace
    ) -> None:
        self._trace = trace
        self.unresolved = 0
        self._identity = identity
        self._keep_ns = keep_ns
        self._rows = {row.pid: row for row in snapshot}
        self.images: dict[tuple[int, int | None], Image] = {}
        self._current: dict[int, Image] = {}
        self._browsers: set[int] = set()
        self._ended: list[tuple[int, int, Task]] = []
        self._ends = 0
        self._began_ns: int | None = None

    def fork(self, event: Event) -> None:
        """A new process; its spawn-time parent is the image that forked."""
        parent = self.learn(event.process, event.time_ns)
        child = event.child
        if child is None:
            return
        if child.token.pidversion is not None and key(child.token) in self.images:
            return
        self._rows.pop(child.token.pid, None)
        self._begin(child, event.time_ns, parent, event.time_ns)

    def exec(self, event: Event) -> Image | None:
        """The image after an exec; None if this exec was taken in before."""
        target = event.target
        if target is None:
            return None
        if repeats(self.images.get(key(target.token)), target):
            self._trace.say("K1", False, "an exec to this same process key was taken in before")
            return None
        if event.parent is not None:
            self.learn(event.parent, event.time_ns)
        before = self.learn(event.process, event.time_ns, execs=target)
        before.task.row = False
        return self._add(target, before.task)

    def exit(self, event: Event) -> None:
        """The end of a process; children that it had keep their lineage (A6)."""
        image = self.learn(event.process, event.time_ns)
        self._end(image.task, event.time_ns)

    def learn(self, seen: Process, now_ns: int, execs: Process | None = None) -> Image:
        """The image that acted in any event; one that was never seen is taken in now.

        ``execs`` is the image that it is just turning into. A task that is first seen so is taken
        for a new one, unless its start says that it has long been running.
        """
        if self._began_ns is None:
            self._began_ns = now_ns
        known = self.images.get(key(seen.token))
        if known is not None and same(known.process, seen):
            other = seen.path not in ("", known.process.path) and seen.token.pidversion is None
            nameless = seen.path and not known.process.path
            return self._add(seen, known.task) if other or nameless else known
        current = self._current.get(seen.token.pid) or self._row(seen.token.pid)
        if current is not None and known is None and same_task(current, seen):
            current.task.spawn_ns = seen.start_ns or current.task.spawn_ns
            self._date(current.task, seen.start_ns)
            if seen.token.pidversion is None and seen.path in ("", current.process.path):
                return current  # it tells of this image, and less than is known
            return self._add(seen, current.task)
        parent, unknown = self._spawner(seen if seen.parent else execs or seen)
        start = seen.start_ns
        if execs is not None and start is None:
            start = execs.start_ns or now_ns
        image = self._begin(seen, start, parent, now_ns, unknown)
        fresh = execs is not None and start is not None and now_ns - start < SECOND
        image.task.execs = 0 if fresh else 1
        return image

    def resolve(self, token: Token) -> Image | None:
        """The image that an audit token names (K1)."""
        if token.pidversion is None:
            return self._current.get(token.pid) or self._row(token.pid)
        found = self.images.get(key(token))
        if found is None:
            found = self._current.get(token.pid) or self._row(token.pid)
            bare = found is not None and found.process.token.pidversion is None
            if found is not None and not found.task.row and not bare:
                return None
        return found

    def browser_lives(self, *, besides: int) -> bool:
        """Whether a listed browser with another pid is running, as far as the records tell."""
        return any(pid != besides for pid in self._browsers)

    def prune(self, now_ns: int) -> None:
        """Forget tasks that ended too long ago for any rule."""
        while self._ended and self._ended[0][0] < now_ns - self._keep_ns:
            self._forget(heappop(self._ended)[-1])
        while len(self.images) > MOST_IMAGES:
            oldest = next(iter(self.images.values())).task
            self._forget(heappop(self._ended)[-1] if self._ended else oldest)

    def is_browser(self, image: Image) -> bool | None:
        """A1 for an image; WebKit's services only with a browser responsible for them (A2)."""
        if not image.process.path:
            return None  # a source that named only its pid
        listed = self._identity.browser(image.process)
        if listed is None or not listed.needs_responsible_browser:
            return listed is not None
        answers = image.process.responsible
        if answers is None or answers.pid == image.process.token.pid:
            return None if "responsible" in image.process.simulated else False
        responsible = self.resolve(answers)
        if responsible is None:
            return None
        found = self._identity.browser(responsible.process)
        return found is not None and not found.needs_responsible_browser

    def _spawner(self, seen: Process) -> tuple[Image | None, bool]:
        """The parent at spawn time, as far as a record of the child's own can tell."""
        first = seen.original_ppid
        if first is not None and seen.parent is not None and first != seen.parent.pid:
            found = None if first <= 1 else self.resolve(Token(pid=first))
            return found, found is None and first > 1
        pid = seen.parent.pid if seen.parent is not None else seen.ppid
        if pid is not None and pid <= 1:
            return None, False
        if seen.parent is not None and seen.parent.pid != seen.token.pid:
            found = self.resolve(seen.parent)
        else:
            found = None if pid is None else self.resolve(Token(pid=pid))
        return found, found is None

    def _begin(
        self,
        first: Process,
        spawn_ns: int | None,
        parent: Image | None,
        now_ns: int,
        unknown: bool = False,
    ) -> Image:
        old = self._current.get(first.token.pid)
        if old is not None:
            self._end(old.task, now_ns)
        exact = spawn_ns is not None
        task = Task(pid=first.token.pid, spawn_ns=spawn_ns)
        if spawn_ns is None:
            spawn_ns = self._began_ns
        if unknown and not is_init(first):
            self.unresolved += 1
            task.candidate = Candidate(None, "parent", spawn_ns, exact, PARENT_UNKNOWN)
        elif parent is None:
            task.from_init = True
        else:
            self._descend(task, parent, spawn_ns, exact)
        return self._add(first, task)

    def _descend(self, task: Task, parent: Image, spawn_ns: int | None, exact: bool) -> None:
        task.ancestry = (parent.process, *parent.task.ancestry[: ANCESTORS - 1])
        task.from_init = is_init(parent.process)
        browser = self.is_browser(parent)
        if browser:
            task.candidate = Candidate(parent.process, "parent", spawn_ns, exact)
        elif browser is None:
            seen = parent.process
            why = RESPONSIBLE_UNKNOWN if seen.path else PARENT_UNKNOWN
            task.candidate = Candidate(seen, "parent", spawn_ns, exact, why)
        elif parent.task.candidate is not None:
            task.candidate, task.depth = parent.task.candidate, parent.task.depth + 1

    def _row(self, pid: int) -> Image | None:
        """A snapshot row as an image, its ancestors first."""
        chain: list[SnapshotRow] = []
        while pid > 0 and pid in self._rows and pid not in self._current:
            chain.append(self._rows.pop(pid))
            pid = chain[-1].ppid
        image = self._current.get(pid)
        for row in reversed(chain):
            token = Token(pid=row.pid)
            process = Process(token=token, path=row.path, ppid=row.ppid, start_ns=row.start_ns)
            lost = image is None and row.ppid > 1
            image = self._begin(process, row.start_ns, image, self._began_ns or 0, lost)
            image.task.row = True
            image.task.execs = 1
        return image if chain else None

    def _add(self, seen: Process, task: Task) -> Image:
        image = Image(seen, task)
        self.images.pop(key(seen.token), None)
        self.images[key(seen.token)] = image
        self._current[seen.token.pid] = image
        listed = self._identity.browser(seen)
        lives = listed is not None and not listed.needs_responsible_browser
        (self._browsers.add if lives else self._browsers.discard)(seen.token.pid)
        task.keys.append(key(seen.token))
        return image

    def _date(self, task: Task, start_ns: int | None) -> None:
        """A snapshot gave no start; the process's own record does."""
        found = task.candidate
        if found is not None and not found.exact and task.depth == 0 and start_ns is not None:
            found.spawn_ns, found.exact = start_ns, True

    def _end(self, task: Task, now_ns: int) -> None:
        self._leave(task)
        self._ends += 1
        heappush(self._ended, (now_ns, self._ends, task))

    def _leave(self, task: Task) -> None:
        current = self._current.get(task.pid)
        if current is not None and current.task is task:
            del self._current[task.pid]
            self._browsers.discard(task.pid)

    def _forget(self, task: Task) -> None:
        for name in task.keys:
            image = self.images.get(name)
            if image is not None and image.task is task:
                del self.images[name]
        self._leave(task)
