"""Reads a host's records from OpenSearch or Elasticsearch: search_after over a point in time.

A page that begins behind the last sort value skips every other record of the same value, so a
second sort key that no two documents share is always asked for, and what was read is counted
against what the server says there is. Fewer, or more, is no answer.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from witnessmark.collect.pages import Hit, Page, one_line, record
from witnessmark.collect.web import LOOK_S
from witnessmark.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.collect.web import Answer, Client
    from witnessmark.model.hosts import Search

SIZE = 1_000
"""Hits asked for at once; servers refuse more than 10,000 (index.max_result_window)."""
KEPT = "2m"
"""How long the server keeps a point in time alive between two pages."""
_NS = 10**17
"""Sort values above it are nanoseconds (date_nanos), below it milliseconds (date)."""


class _Total(msgspec.Struct):
    value: int
    relation: str


class _Hits(msgspec.Struct):
    hits: list[msgspec.Raw]
    total: _Total | None = None


class _Shards(msgspec.Struct):
    total: int
    failed: int


class _Found(msgspec.Struct):
    timed_out: bool
    hits: _Hits
    shards: _Shards = msgspec.field(name="_shards")
    pit_id: str | None = None


class _Opened(msgspec.Struct):
    shards: _Shards | None = msgspec.field(name="_shards", default=None)
    id: str | None = None
    pit_id: str | None = None


class _Hit(msgspec.Struct):
    index: str = msgspec.field(name="_index")
    id: str = msgspec.field(name="_id")
    sort: list[Any] | None = None
    source: msgspec.Raw = msgspec.field(name="_source", default=msgspec.Raw())


class OpenSearch:
    """One search of one host. Used by one thread."""

    def __init__(self, client: Client, search: Search) -> None:
        self._client, self._search = client, search
        index = quote(search.index, safe="*,-+:")
        if search.kind == "elasticsearch":
            self._open, self._close, self._name = f"/{index}/_pit", "/_pit", "id"
        else:
            self._open = f"/{index}/_search/point_in_time"
            self._close, self._name = "/_search/point_in_time", "pit_id"

    def look(self, since_ns: int, until_ns: int) -> Iterator[Page]:
        """All records between two moments, oldest first, from one unchanging view of the index."""
        span = {"gte": since_ns // 10**6, "lte": until_ns // 10**6 + 1, "format": "epoch_millis"}
        query = [{"range": {self._search.time_field: span}}, *self._host()]
        self._client.until = time.monotonic() + LOOK_S
        pit = self._opened()
        try:
            yield from self._pages(query, pit)
        finally:
            self._closed(pit)

    def oldest(self, count: int) -> tuple[Hit, ...]:
        """The host's oldest records by their time."""
        self._client.until = time.monotonic() + LOOK_S
        exists = {"exists": {"field": self._search.time_field}}
        pit = self._opened()
        try:
            page, _ = self._page([exists, *self._host()], pit, None, min(count, SIZE))
            return page.hits
        finally:
            self._closed(pit)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _host(self) -> list[dict[str, Any]]:
        name = self._search.host_field
        return [{"term": {name: {"value": self._search.host_value}}}] if name else []

    def _pages(self, query: list[dict[str, Any]], pit: list[str]) -> Iterator[Page]:
        seen: set[str] = set()
        read, after, counted = 0, None, None
        while True:
            page, found = self._page(query, pit, after, SIZE)
            total = self._counted(found)
            if counted is not None and total != counted:
                raise ServerError(f"it counted {counted} records, and then {total} in one view")
            counted = total
            if total > self._search.most_records:
                raise ServerError(
                    f"it has {total} records in this time, more than most_records "
                    f"({self._search.most_records})"
                )
            keys = {hit.key for hit in page.hits}
            if len(keys) != len(page.hits) or keys & seen:
                raise ServerError("it gave the same record twice while its pages were turned")
            seen |= keys
            read += sum(len(hit.raw) for hit in page.hits)
            if read > self._search.most_bytes:
                raise ServerError(
                    f"its records have more than most_bytes ({self._search.most_bytes}); "
                    f"{len(seen)} of {total} were read"
                )
            if page.hits:
                yield page
            if not page.hits or len(seen) >= total:
                break
            after = _sort(page.hits[-1].raw)
        if len(seen) != counted:
            raise ServerError(
                f"it counted {counted} records and gave {len(seen)}; is tie_field "
                f"({self._tie()}) different in each document?"
            )

    def _page(
        self, query: list[dict[str, Any]], pit: list[str], after: list[Any] | None, size: int
    ) -> tuple[Page, _Found]:
        order = [{self._search.time_field: {"order": "asc"}}, {self._tie(): {"order": "asc"}}]
        body: dict[str, Any] = {
            "size": size,
            "query": {"bool": {"filter": query}},
            "sort": order,
            "pit": {"id": pit[0], "keep_alive": KEPT},
            "track_total_hits": True,
        }
        if after is not None:
            body["search_after"] = after
        path = "/_search?allow_partial_search_results=false"
        answer = self._client.ask("POST", path, json=body)
        found: _Found = answer.read(_Found)
        if found.timed_out:
            raise ServerError("it gave up searching in the middle (timed_out)")
        _whole(found.shards)
        pit[0] = found.pit_id or pit[0]
        hits = tuple(self.hit(bytes(raw)) for raw in found.hits.hits)
        return Page(hits=hits, receipt=_receipt(answer, body, hits, found)), found

    def hit(self, raw: bytes) -> Hit:
        """One hit as the server gives it."""
        try:
            hit = msgspec.json.decode(raw, type=_Hit)
        except msgspec.DecodeError as problem:
            raise ServerError(f"it gave a hit that cannot be read ({problem})") from None
        if not hit.sort:
            raise ServerError("it gave a hit without sort values, so no next page can be asked for")
        if bytes(hit.source) in (b"", b"null"):
            raise ServerError("it gave a hit without _source: the index does not keep documents")
        line = one_line(raw)
        return Hit(
            key=f"{hit.index}/{hit.id}",
            time_ns=_time(hit.sort[0]),
            raw=line,
            record=record(line, bytes(hit.source), self._search.record),
            digest=hashlib.sha256(hit.source).digest(),
        )

    def _counted(self, found: _Found) -> int:
        if found.hits.total is None or found.hits.total.relation != "eq":
            raise ServerError("it does not say how many records there are")
        return found.hits.total.value

    def _tie(self) -> str:
        return self._search.tie_field or "_shard_doc"

    def _opened(self) -> list[str]:
        """The id of a new point in time, in a list, because each answer may change it."""
        opened: _Opened = self._client.ask("POST", f"{self._open}?keep_alive={KEPT}").read(_Opened)
        found = opened.id if self._name == "id" else opened.pit_id
        if not found:
            raise ServerError(f"it opened no point in time; is it really {self._search.kind}?")
        if opened.shards is not None:
            _whole(opened.shards)
        return [found]

    def _closed(self, pit: list[str]) -> None:
        given = pit[0] if self._name == "id" else [pit[0]]
        with contextlib.suppress(ServerError):  # it is forgotten there by itself
            self._client.ask("DELETE", self._close, json={self._name: given})


def _whole(shards: _Shards) -> None:
    if shards.failed:
        raise ServerError(f"{shards.failed} of {shards.total} shards failed")
    if not shards.total:
        raise ServerError("no index of that name holds anything", lasting=True)


def _sort(raw: bytes) -> list[Any]:
    return msgspec.json.decode(raw, type=_Hit).sort or []


def _time(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value > _NS else int(value * 10**6)


def _receipt(
    answer: Answer, body: dict[str, Any], hits: tuple[Hit, ...], found: _Found
) -> dict[str, object]:
    asked = {name: value for name, value in body.items() if name != "pit"}
    return {
        "asked_ns": answer.asked_ns,
        "attempts": answer.attempts,
        "status": answer.status,
        "request": asked,
        "sha256": hashlib.sha256(answer.body).hexdigest(),
        "hits": len(hits),
        "total": found.hits.total.value if found.hits.total else None,
        "shards": [found.shards.total, found.shards.failed],
    }
