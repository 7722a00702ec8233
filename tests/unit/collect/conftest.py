"""Log servers on loopback: a real OpenSearch-compatible one, and one that answers as it is told."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Told:
    """A server that gives prepared answers in turn, the last one again and again.

    An answer is (status, headers, body); a function gets (method, path, headers, body) and makes
    one. What was asked is kept.
    """

    url: str = ""
    answers: list[Any] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    server: Any = None

    def next(
        self, request: tuple[str, str, dict[str, str], bytes]
    ) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(request)
        found = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        status, headers, body = found(*request) if callable(found) else found
        return status, headers, body if isinstance(body, bytes) else json.dumps(body).encode()


def serve(told: Told) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {key.lower(): value for key, value in self.headers.items()}
            status, said, given = told.next((self.command, self.path, headers, body))
            self.send_response(status)
            for name, value in {"content-length": str(len(given)), **said}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(given)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the names that http.server asks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    return server


@pytest.fixture
def told() -> Iterator[Told]:
    """An HTTP server on loopback that gives prepared answers."""
    found = Told()
    found.server = server = serve(found)
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def opensearch() -> Iterator[str]:
    """The URL of a real OpenSearch-compatible server in memory."""
    osmem = pytest.importorskip("osmem_server", reason="osmem-server has no wheel for this machine")
    with osmem.OsmemServer.start(japanese=False) as server:
        yield server.url
    server.process.stdout.close()
