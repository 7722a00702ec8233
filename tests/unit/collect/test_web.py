"""Asking a server: patient where it says so, and every answer that is none is one sentence."""

from __future__ import annotations

import datetime as dt
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from witnessmark.collect import web
from witnessmark.collect.secrets import Secret
from witnessmark.collect.web import Client
from witnessmark.errors import ServerError

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "pl4nted-s3cret-value"


def client(url: str, **changes: Any) -> Client:
    given = {"secret": Secret("apikey", SECRET), "ca_file": None, "timeout_s": 5.0}
    return Client(url, **{**given, "most_bytes": 1 << 20, **changes})


def problem(asked: Client) -> ServerError:
    with pytest.raises(ServerError) as caught:
        asked.ask("GET", "/x")
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


def test_the_secret_is_shown_to_the_server_and_nobody_else(told: Any) -> None:
    told.answers = [(200, {}, {"a": 1})]
    assert client(told.url).ask("GET", "/x").read(dict) == {"a": 1}
    assert told.asked[0][2]["authorization"] == f"ApiKey {SECRET}"
    assert SECRET not in repr(Secret("apikey", SECRET))


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that a client makes, none waited for; other threads sleep on as they do."""
    pauses: list[float] = []
    monkeypatch.setattr(web, "time", SimpleNamespace(**{**vars(time), "sleep": pauses.append}))
    return pauses


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again_after_the_pause_that_it_asks_for(
    told: Any, slept: list[float], status: int
) -> None:
    told.answers = [(status, {"retry-after": "7"}, b""), (status, {}, b""), (200, {}, {})]
    assert client(told.url).ask("GET", "/x").attempts == 3
    assert slept == [7.0, 1.0]


@pytest.mark.usefixtures("slept")
def test_a_server_that_stays_busy_is_given_up(told: Any) -> None:
    told.answers = [(503, {}, {"error": {"reason": "too many"}})]
    found = problem(client(told.url))
    assert str(found) == "it answered 503 (too many), 4 times"
    assert not found.lasting
    assert len(told.asked) == web.ATTEMPTS


def test_a_pause_beyond_reason_is_not_waited_for(told: Any) -> None:
    told.answers = [(429, {"retry-after": "86400"}, b"")]
    assert "86400 s more" in str(problem(client(told.url)))
    assert len(told.asked) == 1


def test_a_pause_may_be_a_date() -> None:
    at = dt.datetime(2026, 11, 24, 12, 0, 30, tzinfo=dt.UTC)
    said = {"retry-after": "Tue, 24 Nov 2026 12:00:30 GMT"}
    assert web._pause(said, at.timestamp() - 20) == 20.0
    assert web._pause(said, at.timestamp() + 20) == 0.0
    assert web._pause({"retry-after": "soon"}, 0.0) is None
    assert web._pause({}, 0.0) is None


@pytest.mark.parametrize(
    ("status", "mend"),
    [
        (401, "are its credentials right?"),
        (403, "may these credentials search there?"),
        (404, "does the index exist"),
        (400, "it answered 400"),
    ],
)
def test_what_asking_again_cannot_mend_is_not_asked_again(
    told: Any, status: int, mend: str
) -> None:
    told.answers = [(status, {}, {"error": {"reason": f"no {SECRET}\nhere"}})]
    found = problem(client(told.url))
    assert found.lasting
    assert mend in str(found)
    assert "no [hidden] here" in str(found)
    assert len(told.asked) == 1


def test_redirects_are_not_followed_with_a_secret_in_hand(told: Any) -> None:
    told.answers = [(302, {"location": f"{told.url}/elsewhere"}, b"")]
    assert "redirects are not followed" in str(problem(client(told.url)))
    assert len(told.asked) == 1


@pytest.mark.usefixtures("slept")
def test_an_answer_that_is_cut_or_no_json_is_none(told: Any) -> None:
    told.answers = [(200, {"content-length": "100"}, b'{"a": 1')]
    assert client(told.url, timeout_s=1.0) is not None
    said = str(problem(client(told.url, timeout_s=0.3)))
    assert "could not be reached" in said or "cut" in said
    for body in (b'{"a": 1', b"<html>", b"null", b"\xff", b"[" * 5000):
        told.answers = [(200, {}, body)]
        with pytest.raises(ServerError, match="its answer cannot be read"):
            client(told.url).ask("GET", "/x").read(dict)


def test_an_answer_without_end_or_compressed_is_refused(told: Any) -> None:
    told.answers = [(200, {}, b"x" * 5000)]
    assert "more than most_bytes (4096)" in str(problem(client(told.url, most_bytes=4096)))
    told.answers = [(200, {"content-encoding": "gzip"}, b"x")]
    assert "coded as 'gzip'" in str(problem(client(told.url)))


class Drip(BaseHTTPRequestHandler):
    """Sends a byte now and then, for ever."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "1000000")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x")
                time.sleep(0.02)
        except OSError:
            return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return None


def test_a_server_that_drips_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "ATTEMPTS", 1)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Drip)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        assert "was not whole in 0.5 s" in str(problem(client(url, timeout_s=0.5)))
    finally:
        server.shutdown()
        server.server_close()


def test_a_server_that_is_not_there_could_not_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "ATTEMPTS", 1)
    found = problem(client("http://127.0.0.1:9"))
    assert "could not be reached" in str(found)
    assert not found.lasting


def signed(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for that name that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, private


def test_only_a_certificate_that_verifies_is_believed(told: Any, tmp_path: Path) -> None:
    certificate, private = signed(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    told.server.socket = context.wrap_socket(told.server.socket, server_side=True)
    told.answers = [(200, {}, {})]
    port = told.server.server_address[1]
    assert client(f"https://localhost:{port}", ca_file=certificate).ask("GET", "/x").status == 200
    for url, ca_file in (
        (f"https://localhost:{port}", None),
        (f"https://127.0.0.1:{port}", certificate),
        (f"https://localhost:{port}", signed(tmp_path, "other")[0]),
    ):
        found = problem(client(url, ca_file=ca_file))
        assert "TLS is not to be trusted" in str(found), url
        assert found.lasting
    assert len(told.asked) == 1, "nothing was sent to a server that is not to be trusted"
    with pytest.raises(ServerError, match=r"ca_file .* cannot be used"):
        client("https://localhost", ca_file=tmp_path / "none")
