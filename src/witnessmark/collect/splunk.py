"""Reads a host's events from Splunk: one search job per look, its results page by page.

Of the documented shape of Splunk's REST API (search/v2/jobs); no Splunk was at hand while this was
written. A job that was finalized early, failed, or complained (a search peer that is down) has half
of the events, which is no answer.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from witnessmark.collect.pages import Hit, Page, one_line
from witnessmark.collect.web import LOOK_S
from witnessmark.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.collect.web import Answer, Client
    from witnessmark.model.hosts import Search

JOBS = "/services/search/v2/jobs"
SIZE = 1_000
"""Results asked for at once; Splunk gives at most 50,000 (maxresultrows)."""
PAUSE_S = 0.2
FIELDS = "_raw _time _bkt _cd _indextime index host source sourcetype"
_BAD = ("WARN", "ERROR", "FATAL")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class _Said(msgspec.Struct):
    type: str
    text: str = ""


class _Job(msgspec.Struct):
    done: bool = msgspec.field(name="isDone")
    failed: bool = msgspec.field(name="isFailed")
    finalized: bool = msgspec.field(name="isFinalized")
    results: int = msgspec.field(name="resultCount")
    messages: list[_Said] | dict[str, list[str]] | None = None


class _Entry(msgspec.Struct):
    content: _Job


class _State(msgspec.Struct):
    entry: list[_Entry]


class _Sid(msgspec.Struct):
    sid: str


class _Results(msgspec.Struct):
    results: list[msgspec.Raw]
    preview: bool
    offset: int = msgspec.field(name="init_offset")
    messages: list[_Said] | None = None


class _Event(msgspec.Struct):
    raw: str = msgspec.field(name="_raw")
    time: str = msgspec.field(name="_time")
    bucket: str = msgspec.field(name="_bkt")
    place: str = msgspec.field(name="_cd")


class Splunk:
    """One search of one host. Used by one thread."""

    def __init__(self, client: Client, search: Search) -> None:
        self._client, self._search = client, search

    def look(self, since_ns: int, until_ns: int) -> Iterator[Page]:
        """All events between two moments, oldest first."""
        span = {"earliest_time": _seconds(since_ns), "latest_time": _seconds(until_ns + 10**6)}
        yield from self._run(f"{self._asked()} | fields {FIELDS} | sort 0 _time", span)

    def oldest(self, count: int) -> tuple[Hit, ...]:
        """The host's oldest events; Splunk goes through all of them for that."""
        asked = f"{self._asked()} | fields {FIELDS} | tail {count}"
        pages = self._run(asked, {"earliest_time": "0", "latest_time": _seconds(time.time_ns())})
        found = [hit for page in pages for hit in page.hits]
        return tuple(sorted(found, key=lambda hit: hit.time_ns or 0))

    def hit(self, raw: bytes) -> Hit:
        """One event as Splunk gives it."""
        try:
            event = msgspec.json.decode(raw, type=_Event)
        except msgspec.DecodeError as problem:
            raise ServerError(f"it gave an event that cannot be read ({problem})") from None
        text = event.raw.encode()
        line = one_line(raw)
        return Hit(
            key=f"{event.bucket}/{event.place}",
            time_ns=_time(event.time),
            raw=line,
            record=b" ".join(text.splitlines()) or line,
            digest=hashlib.sha256(text).digest(),
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _asked(self) -> str:
        found = self._search
        terms = [("index", found.index), (found.host_field, found.host_value)]
        terms.append(("sourcetype" if found.sourcetype else None, found.sourcetype or ""))
        said = [f"{name}={quoted(value)}" for name, value in terms if name]
        return f"search {' '.join(said)}"

    def _run(self, asked: str, span: dict[str, str]) -> Iterator[Page]:
        self._client.until = time.monotonic() + LOOK_S
        form = {
            "search": asked,
            **span,
            "exec_mode": "normal",
            "output_mode": "json",
            "max_count": str(self._search.most_records + 1),
            "auto_cancel": str(int(2 * LOOK_S)),
        }
        sid: _Sid = self._client.ask("POST", JOBS, form=form).read(_Sid)
        job = f"{JOBS}/{quote(sid.sid, safe='')}"
        try:
            yield from self._pages(job, self._done(job), form)
        finally:
            with contextlib.suppress(ServerError):  # it expires there by itself
                self._client.ask("DELETE", job)

    def _done(self, job: str) -> int:
        """How many results the job has, once it is done and whole."""
        while True:
            state: _State = self._client.ask("GET", f"{job}?output_mode=json").read(_State)
            if len(state.entry) != 1:
                raise ServerError(f"it tells of {len(state.entry)} jobs instead of one")
            found = state.entry[0].content
            if found.failed:
                raise ServerError(f"its search job failed{_complaint(found.messages) or ''}")
            if found.done:
                break
            time.sleep(PAUSE_S)
        if found.finalized:
            raise ServerError("its search job was finalized before it had searched everything")
        if (complaint := _complaint(found.messages)) is not None:
            raise ServerError(f"its search job may have missed events{complaint}")
        if found.results > self._search.most_records:
            raise ServerError(
                f"it has more than most_records ({self._search.most_records}) in this time"
            )
        return found.results

    def _pages(self, job: str, count: int, form: dict[str, str]) -> Iterator[Page]:
        seen: set[str] = set()
        read = 0
        while len(seen) < count:
            path = f"{job}/results?output_mode=json&count={SIZE}&offset={len(seen)}"
            answer = self._client.ask("GET", path)
            found: _Results = answer.read(_Results)
            if found.preview or found.offset != len(seen):
                raise ServerError("it gave a preview, or another page than was asked for")
            if (complaint := _complaint(found.messages)) is not None:
                raise ServerError(f"its results may be incomplete{complaint}")
            hits = tuple(self.hit(bytes(raw)) for raw in found.results)
            keys = {hit.key for hit in hits}
            if len(keys) != len(hits) or keys & seen:
                raise ServerError("it gave the same event twice while its pages were turned")
            seen |= keys
            read += sum(len(hit.raw) for hit in hits)
            if read > self._search.most_bytes:
                raise ServerError(
                    f"its events have more than most_bytes ({self._search.most_bytes}); "
                    f"{len(seen)} of {count} were read"
                )
            if not hits:
                break
            yield Page(hits=hits, receipt=_receipt(answer, form, len(hits), count))
        if len(seen) != count:
            raise ServerError(f"it counted {count} events and gave {len(seen)}")


def quoted(value: str) -> str:
    """A value as one term of Splunk's search language, whatever is in it.

    Raises:
        ServerError: it holds what no quoting makes plain there: ``*`` stays a wildcard, a backtick
            may begin a macro, and control characters have no written form.
    """
    if not value.isprintable() or set("*`") & set(value):
        raise ServerError(
            "a value that is asked for holds *, a backtick or a control character", lasting=True
        )
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _complaint(messages: list[_Said] | dict[str, list[str]] | None) -> str | None:
    """The first warning or error among what a job says, or None."""
    if isinstance(messages, dict):
        found = [_Said(type=name, text=" ".join(texts)) for name, texts in messages.items()]
    else:
        found = messages or []
    bad = next((item for item in found if item.type.upper() in _BAD), None)
    if bad is None:
        return None
    return f" ({bad.type.upper()}{': ' + ' '.join(bad.text.split())[:200] if bad.text else ''})"


def _seconds(moment_ns: int) -> str:
    return f"{moment_ns // 10**9}.{moment_ns % 10**9 // 10**6:03d}"


def _time(said: str) -> int | None:
    """A ``_time``: ISO 8601 with a zone, or seconds since 1970; None for anything else."""
    whole, _, part = said.partition(".")
    if whole.isdecimal() and whole.isascii() and (not part or part.isdecimal()):
        return int(whole[:11]) * 10**9 + int(part[:9].ljust(9, "0"))
    try:
        found = dt.datetime.fromisoformat(said)
    except ValueError:
        return None
    if found.tzinfo is None:
        return None
    return (found - _EPOCH) // dt.timedelta(microseconds=1) * 1000


def _receipt(answer: Answer, form: dict[str, Any], hits: int, total: int) -> dict[str, object]:
    return {
        "asked_ns": answer.asked_ns,
        "attempts": answer.attempts,
        "status": answer.status,
        "request": form,
        "sha256": hashlib.sha256(answer.body).hexdigest(),
        "hits": hits,
        "total": total,
    }
