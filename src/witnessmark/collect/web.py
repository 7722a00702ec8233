"""Asks a log server over HTTP: TLS verified, bounded in time and size, patient where told to be.

Redirects are not followed and proxies of the environment not used: a secret goes to the one server
that the inventory names. Requests only ask, so each may be sent again.
"""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from witnessmark.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from witnessmark.collect.secrets import Secret

ATTEMPTS = 4
BUSY = frozenset({429, 500, 502, 503, 504})
"""Statuses after which it is worth asking again (RFC 9110, section 15; RFC 6585, section 4)."""
FIRST_PAUSE_S = 0.5
LOOK_S = 120.0
"""Seconds that all requests of one look may take, pauses included."""
LONGEST_PAUSE_S = 60.0
"""A server that wants to be left alone for longer than that is not waited for."""
_PIECE = 1 << 16
_MEND = {
    401: "are its credentials right?",
    403: "may these credentials search there?",
    404: "does the index exist, and is the URL right?",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server said, whole."""

    body: bytes
    asked_ns: int
    attempts: int
    status: int

    def read(self, shape: type[Any]) -> Any:
        """The body as JSON of that shape.

        Raises:
            ServerError: it is cut, no JSON, or of another shape.
        """
        try:
            return msgspec.json.decode(self.body, type=shape)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
            raise ServerError(f"its answer cannot be read ({problem})") from None


class Client:
    """One server, asked by one thread. Nothing that it raises holds the secret."""

    def __init__(
        self,
        url: str,
        *,
        secret: Secret | None,
        ca_file: Path | None,
        timeout_s: float,
        most_bytes: int,
    ) -> None:
        import urllib3

        self._url, self._secret = url, secret
        self._timeout_s, self._most = timeout_s, most_bytes
        self.until = float("inf")
        """The moment of the monotonic clock at which the caller gives up."""
        self._pool: Any = urllib3.PoolManager(
            num_pools=1,
            maxsize=1,
            retries=False,
            timeout=urllib3.Timeout(total=None, connect=timeout_s, read=timeout_s),
            ssl_context=_trust(ca_file) if url.startswith("https:") else None,
        )

    def ask(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, sent again after pauses while the server is busy or cannot be reached.

        Raises:
            ServerError: no usable answer came; one sentence, without the secret.
        """
        if time.monotonic() > self.until:
            raise ServerError(f"it was not done in {LOOK_S:g} s")
        pause = FIRST_PAUSE_S
        for attempt in range(1, ATTEMPTS + 1):
            asked = time.time_ns()
            try:
                return self._once(method, path, json, form, asked, attempt)
            except _Busy as busy:
                pause_s = pause if busy.pause_s is None else busy.pause_s
                if attempt == ATTEMPTS:
                    raise ServerError(f"{busy}, {ATTEMPTS} times") from None
                if pause_s > LONGEST_PAUSE_S or time.monotonic() + pause_s > self.until:
                    raise ServerError(f"{busy}; it would take {pause_s:g} s more") from None
                time.sleep(pause_s)
                pause *= 2
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Let go of the connection."""
        self._pool.clear()

    def _once(
        self,
        method: str,
        path: str,
        json: object,
        form: Mapping[str, str] | None,
        asked: int,
        attempt: int,
    ) -> Answer:
        import urllib3.exceptions as wrong

        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        headers |= self._secret.header if self._secret else {}
        try:
            response = self._pool.request(
                method,
                self._url + path,
                headers=headers,
                preload_content=False,
                redirect=False,
                **({"json": json} if json is not None else {}),
                **({"fields": form, "encode_multipart": False} if form is not None else {}),
            )
            try:
                body = self._body(response)
            finally:
                response.close()
        except wrong.SSLError as problem:
            said = self._clean(str(problem))
            mend = "name the authority that signed it with ca_file"
            raise ServerError(f"TLS is not to be trusted ({said}); {mend}", lasting=True) from None
        except (wrong.HTTPError, OSError) as problem:
            raise _Busy(f"it could not be reached ({self._clean(str(problem))})") from None
        return self._judged(response, body, asked, attempt)

    def _body(self, response: Any) -> bytes:
        """All of it, or an error: a server that sends for ever, or slowly, is not waited for."""
        end = min(self.until, time.monotonic() + self._timeout_s)
        body = bytearray()
        while piece := response.read1(_PIECE, decode_content=False):
            body += piece
            if len(body) > self._most:
                raise ServerError(f"its answer has more than most_bytes ({self._most})")
            if time.monotonic() > end:
                raise _Busy(f"its answer was not whole in {self._timeout_s:g} s")
        expected = response.headers.get("content-length", "")
        if expected.isdecimal() and expected.lstrip("0") != str(len(body) or ""):
            raise _Busy(f"its answer was cut: {len(body)} of {expected[:20]} bytes")
        return bytes(body)

    def _judged(self, response: Any, body: bytes, asked: int, attempt: int) -> Answer:
        status = int(response.status)
        if status in BUSY:
            raise _Busy(
                f"it answered {status}{self._reason(body)}", _pause(response.headers, time.time())
            )
        if 300 <= status < 400:
            raise ServerError(
                f"it answered {status}, and redirects are not followed; correct the url",
                lasting=True,
            )
        if not 200 <= status < 300:
            mend = f"; {_MEND[status]}" if status in _MEND else ""
            raise ServerError(f"it answered {status}{self._reason(body)}{mend}", lasting=True)
        if (coding := response.headers.get("content-encoding", "identity")) != "identity":
            raise ServerError(f"its answer is coded as {coding[:20]!r}, which was not asked for")
        return Answer(body=body, asked_ns=asked, attempts=attempt, status=status)

    def _reason(self, body: bytes) -> str:
        """What the server gives as the reason, on one line and without the secret."""
        try:
            said = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return ""
        error = said.get("error") if isinstance(said, dict) else None
        reason = error.get("reason") if isinstance(error, dict) else error
        messages = said.get("messages") if isinstance(said, dict) else None
        if isinstance(messages, list) and messages and isinstance(messages[0], dict):
            reason = messages[0].get("text")
        return f" ({self._clean(reason)})" if isinstance(reason, str) and reason else ""

    def _clean(self, text: str) -> str:
        shown = self._secret.hide(text) if self._secret else text
        line = " ".join(shown.split())
        return "".join(item if item.isprintable() else "?" for item in line)[:200]


class _Busy(Exception):  # noqa: N818 - never leaves this module
    """It may answer if it is asked again, after ``pause_s`` seconds if it said so."""

    def __init__(self, what: str, pause_s: float | None = None) -> None:
        super().__init__(what)
        self.pause_s = pause_s


def _pause(headers: Mapping[str, str], now_s: float) -> float | None:
    """Seconds of a Retry-After (RFC 9110, section 10.2.3): a number, or a date."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdecimal():
        return float(said[:9])
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - now_s)
    except (ValueError, OverflowError, IndexError):
        return None


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except (OSError, ssl.SSLError) as problem:
        raise ServerError(
            f"its ca_file {ca_file} cannot be used ({problem.strerror or problem})", lasting=True
        ) from None
