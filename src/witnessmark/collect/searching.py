"""Collects a host's records from a log server that is asked again and again.

A server is not a stream: a record turns up late and behind others, so no cursor finds it. Each look
asks for all of a span of time and takes what it has not seen. A look while the run goes on spans
the last minutes; the first and the last one span the whole run, and the last one decides whether
everything was read. When a record came is known only if the look before it spans its time, and then
no closer than to the time between the two looks (``grain_ns``).
"""

from __future__ import annotations

import itertools
import json
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from witnessmark.collect.feeds import GoneOn, SecondLook
from witnessmark.collect.web import LOOK_S
from witnessmark.errors import HostError, ServerError
from witnessmark.model.run import StoreLook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from witnessmark.collect.pages import Hit, Server
    from witnessmark.model.hosts import Search

BACK_S = 300.0
"""How far behind ours a host's clock may be for its records to be found at all."""
AHEAD_S = 300.0
SLACK_S = 30.0
"""How much longer than its deadline a record's arrival is told exactly."""
OLDEST = 20
"""A store is as old as its Nth oldest record, so that a bogus time among them makes it no older."""
_SECOND = 10**9


@dataclass(frozen=True, slots=True)
class _Look:
    """A look that was whole: when it began, and the span of time that it asked for."""

    began_ns: int
    since_ns: int
    until_ns: int

    def spans(self, hit: Hit) -> bool:
        return hit.time_ns is not None and self.since_ns <= hit.time_ns <= self.until_ns


class SearchFeed:
    """One search of one host. Beside the raw file it keeps the hits as they came, and a receipt of
    each page."""

    patience_s = 2 * LOOK_S + 30.0

    def __init__(
        self,
        connect: Callable[[Search], Server],
        search: Search,
        *,
        host: str,
        raw: Path,
        deadline_s: float = 60.0,
    ) -> None:
        self._connect, self._search, self._host = connect, search, host
        stem = raw.name.removesuffix(".ndjson")
        self._hits = raw.with_name(f"{stem}.hits.ndjson")
        self._pages = raw.with_name(f"{stem}.pages.ndjson")
        self._server: Server | None = None
        self._back_ns = int((deadline_s + SLACK_S + search.poll_s) * _SECOND)
        self._first_ns = 0
        self._before: set[str] = set()
        self._kept: dict[str, bytes] = {}
        self._ready: deque[tuple[bytes, int | None]] = deque()
        """Lines to be pulled, and since when they may have been there; None: nobody knows."""
        self._last: _Look | None = None
        self._next = 0.0
        self._second: SecondLook | None = None
        self.timed, self.grain_ns = True, 0

    def begin(self) -> int:
        """Look what is there already: it is left alone, and all that comes later is collected."""
        self._first_ns = time.time_ns() - int(BACK_S * _SECOND)
        self._hits.touch()
        self._look(whole=True, first=True)
        self._note({"first_ns": self._first_ns, "before": sorted(self._before)})
        return 0

    def go_on(self, start: int, raw: Path) -> GoneOn:
        """Nothing is lost: what the server has and nobody kept came at an unknown time."""
        lines, hits = _whole_lines(raw), _whole_lines(self._hits)
        count = min(len(lines), len(hits))
        raw.write_bytes(b"".join(lines[:count]))
        self._hits.write_bytes(b"".join(hits[:count]))
        self._remember(hits[:count])
        self._look(whole=True)
        self._ready = deque((data, None) for data, _ in self._ready)
        had = sum(map(len, lines[:count]))
        return GoneOn(had=had, at=had + sum(len(data) for data, _ in self._ready), lost=False)

    def pull(self, *, last: bool) -> bytes:
        """New records, if it is time to ask and there are any."""
        if not self._ready and (last or time.monotonic() >= self._next):
            if not last:
                self._look_if_it_goes()
            elif self._second is None:
                self._look_a_last_time()
        if not self._ready:
            return b""
        data, since_ns = self._ready.popleft()
        self.timed = since_ns is not None
        if since_ns is not None:
            self.grain_ns = max(self.grain_ns, time.time_ns() - since_ns)
        return data

    def look(self, raw: Path, start: int, end: int, now_ns: int) -> SecondLook | None:
        """What the last look found of all that was collected."""
        if self._second is None:
            raise HostError(f"{self._host}: {self._search.kind} was not asked a last time")
        return self._second

    def end(self) -> None:
        """Let go of the connection."""
        if self._server is not None:
            self._server.close()

    def _look_if_it_goes(self) -> None:
        """A look that fails costs only how exactly is known when records came."""
        try:
            self._look(whole=False)
        except ServerError as problem:
            if problem.lasting:
                raise
            self._note({"asked_ns": time.time_ns(), "problem": str(problem)})
        self._next = time.monotonic() + self._search.poll_s

    def _look_a_last_time(self) -> None:
        found = self._look(whole=True)
        intact = all(found.get(key) == digest for key, digest in self._kept.items())
        end = self._hits_kept()
        taken = self._last.began_ns if self._last else time.time_ns()
        self._second = SecondLook(
            look=StoreLook(taken_ns=taken, start=0, end=end, intact=intact), head=self._oldest()
        )

    def _look(self, *, whole: bool, first: bool = False) -> Mapping[str, bytes]:
        """Ask once for a span of time; take what is new. What is there, and its digests."""
        before, now = self._last, time.time_ns()
        since = self._first_ns if whole else max(self._first_ns, now - self._back_ns)
        this = _Look(now, since, now + int(AHEAD_S * _SECOND))
        found: dict[str, bytes] = {}
        try:
            for page in self._asked().look(this.since_ns, this.until_ns):
                found |= {hit.key: hit.digest for hit in page.hits}
                new = [] if first else [hit for hit in page.hits if self._is_new(hit)]
                self._take(new, before)
                self._note({**page.receipt, "new": len(new)})
        except ServerError as problem:
            raise self._named(problem) from None
        if first:
            self._before = set(found)
        self._last = this
        return found

    def _is_new(self, hit: Hit) -> bool:
        return hit.key not in self._kept and hit.key not in self._before

    def _take(self, hits: Iterable[Hit], before: _Look | None) -> None:
        def since(hit: Hit) -> int | None:
            return before.began_ns if before is not None and before.spans(hit) else None

        with self._hits.open("ab") as out:
            for since_ns, group in itertools.groupby(hits, since):
                items = list(group)
                out.write(b"".join(hit.raw + b"\n" for hit in items))
                self._kept |= {hit.key: hit.digest for hit in items}
                self._ready.append((b"".join(hit.record + b"\n" for hit in items), since_ns))

    def _remember(self, hits: Iterable[bytes]) -> None:
        """What an earlier controller saw and kept."""
        notes = map(json.loads, _whole_lines(self._pages))
        began = next((item for item in notes if "first_ns" in item), None)
        if began is None:
            raise HostError(f"{self._host}: nobody knows what {self._search.kind} held before")
        self._first_ns, self._before = int(began["first_ns"]), set(began["before"])
        try:
            again = [self._asked().hit(line.rstrip(b"\n")) for line in hits]
        except ServerError as problem:
            raise self._named(problem) from None
        self._kept = {hit.key: hit.digest for hit in again}

    def _oldest(self) -> bytes:
        """The line that tells how far the store reaches back; nothing if that cannot be told."""
        try:
            hits = self._asked().oldest(OLDEST)
        except ServerError as problem:
            self._note({"asked_ns": time.time_ns(), "problem": f"oldest records: {problem}"})
            return b""
        return hits[-1].record + b"\n" if hits else b""

    def _asked(self) -> Server:
        if self._server is None:
            self._server = self._connect(self._search)
        return self._server

    def _named(self, problem: ServerError) -> ServerError:
        said = f"{self._host}: {self._search.where}: {problem}"
        return ServerError(said, lasting=problem.lasting)

    def _hits_kept(self) -> int:
        return self._hits.stat().st_size

    def _note(self, receipt: Mapping[str, object]) -> None:
        with self._pages.open("ab") as out:
            out.write(json.dumps(receipt).encode() + b"\n")


def connect(search: Search) -> Server:
    """The server that a search asks, with its secret read now.

    Raises:
        ServerError: the secret or the authority's certificate cannot be used.
    """
    from witnessmark.collect import secrets
    from witnessmark.collect.opensearch import OpenSearch
    from witnessmark.collect.splunk import Splunk
    from witnessmark.collect.web import Client

    client = Client(
        search.url,
        secret=secrets.read(search.credentials) if search.credentials else None,
        ca_file=search.ca_file,
        timeout_s=search.timeout_s,
        most_bytes=search.most_bytes,
    )
    return Splunk(client, search) if search.kind == "splunk" else OpenSearch(client, search)


def _whole_lines(file: Path) -> list[bytes]:
    data = file.read_bytes() if file.exists() else b""
    return data[: data.rfind(b"\n") + 1].splitlines(keepends=True)
