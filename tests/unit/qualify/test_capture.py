"""Who a host is of is known before a probe is made, and what was left is an error."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from witnessmark.errors import HostError, PackError
from witnessmark.hosts.outcome import Outcome, PrepareResult
from witnessmark.hosts.transport import Result
from witnessmark.model.hosts import Host, Origin, Role, Source
from witnessmark.model.run import HostFacts
from witnessmark.qualify import capture as module
from witnessmark.qualify.capture import capture
from witnessmark.qualify.private import Private, What

RUN = "20261124t042002z-0d0c70"
HOST = Host(
    name="fin-mac",
    origin=Origin.MAC,
    connection="ssh",
    address="10.4.5.6",
    user="jane",
    lab=True,
    sources=(Source(name="es", kind="eslogger", role=Role.ORGANISATION, path="/es.ndjson"),),
)
IDENTITY = "user\tjane", "person\tJane Roe", "host\tjmac.corp.acmeworks.com", "end\t"
PROBED = "pid\t900", "did\texec", "failed\tlink: no", "missing\tclone", "end\t"


@dataclass
class Mac:
    """A host that answers; ``says`` is what each script prints."""

    host: Host = HOST
    says: dict[str, tuple[str, ...]] = field(
        default_factory=lambda: {"identity": IDENTITY, "probes": PROBED}
    )
    swept: int = 0
    sweep_status: int = 0
    store: bytes = b""

    def run(self, argv: list[str], **_: object) -> Result:
        status, said = 0, ()
        text = " ".join(argv)
        if argv[0] == "true":
            self.store += b'{"x": "%s"}\n' % argv[1].encode()
        elif "probes.sh" in text:
            said = self.says["probes"]
        elif "IOPlatformUUID" in text:
            said = self.says["identity"]
        elif "end_all" in text:
            self.swept += f"set -- {RUN}" in text
            status = self.sweep_status if f"set -- {RUN}" in text else 0
        out = "".join(f"witnessmark\t{line}\n" for line in said).encode()
        return Result(
            argv=tuple(argv), status=status, stdout=out, stderr=b"", started_ns=1, finished_ns=2
        )

    def size(self, _path: str) -> int:
        return len(self.store)

    def read(self, _path: str, offset: int = 0, limit: int | None = None) -> bytes:
        return self.store[offset:] if limit is None else self.store[offset : offset + limit]

    def scratch(self, path: str) -> Mac:
        assert path == f"/Users/jane/.witnessmark/{RUN}/probes.sh"
        return self

    def put(self, data: bytes) -> None:
        assert b"qualify" in data

    def close(self) -> None:
        return None


class Broken(Mac):
    """One whose connection ends with the probes."""

    def run(self, argv: list[str], **given: object) -> Result:
        if "probes.sh" in " ".join(argv) or f"set -- {RUN}" in " ".join(argv):
            raise HostError("fin-mac: the connection was lost")
        return super().run(argv, **given)


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> Mac:
    found = Mac()
    good = PrepareResult(host="fin-mac", outcome=Outcome.OK, consent_owner="Rob Stark")
    facts = HostFacts(name="fin-mac", origin="mac", os="Darwin", home="/Users/jane", user="jane")
    monkeypatch.setattr(module, "looked", lambda _hosts, _run: [good])
    monkeypatch.setattr(module, "reach", lambda _host: found)
    monkeypatch.setattr(module, "facts_by", lambda *_: facts)
    monkeypatch.setattr(module, "left_behind", lambda *_: ())
    return found


def captured(mac: Mac, **given: Any) -> Any:
    return capture(mac.host, RUN, wait_s=5.0, **given)


def test_a_capture_knows_whose_it_is(mac: Mac) -> None:
    found = captured(mac, words=["Project Blue"])
    assert set(found.privates) >= {
        Private(what=What.USER, value="jane"),
        Private(what=What.PERSON, value="Jane Roe"),
        Private(what=What.PERSON, value="Rob Stark"),
        Private(what=What.WORD, value="Stark"),
        Private(what=What.HOST, value="jmac.corp.acmeworks.com"),
        Private(what=What.HOST, value="jmac"),
        Private(what=What.DOMAIN, value="corp.acmeworks.com"),
        Private(what=What.WORD, value="acmeworks"),
        Private(what=What.HOST, value="fin-mac"),
        Private(what=What.ADDRESS, value="10.4.5.6"),
        Private(what=What.WORD, value="Project Blue"),
    }
    assert found.done == {"exec": "did", "link": "no", "clone": "missing"}
    assert found.pids == (900,)
    assert found.sources[0].raw.endswith(b'-qualify-end"}\n')
    assert mac.swept == 1


@pytest.mark.parametrize(
    ("says", "words"),
    [
        ({"identity": ("user\tjane",)}, "did not tell who it is"),
        ({"probes": ("failed\tfolders: could not be made",)}, "folders: could not be made"),
    ],
)
def test_what_did_not_come_to_an_end_is_an_error_and_is_swept(
    mac: Mac, says: dict[str, tuple[str, ...]], words: str
) -> None:
    mac.says |= says
    with pytest.raises(HostError, match=words):
        captured(mac)
    assert mac.swept == (0 if "identity" in says else 1), "before a probe there is nothing"


def test_what_is_left_is_an_error(mac: Mac, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "left_behind", lambda *_: ("/Users/jane/Downloads/x",))
    with pytest.raises(HostError, match="left behind: /Users/jane/Downloads/x; run `witnessmark t"):
        captured(mac)
    monkeypatch.setattr(module, "left_behind", lambda *_: None)
    with pytest.raises(HostError, match="nobody could look"):
        captured(mac)
    mac.sweep_status = 73
    with pytest.raises(HostError, match="witnessmark teardown --run"):
        captured(mac)


def test_an_interrupted_capture_is_swept(mac: Mac, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_self: object, _wait: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module.Listening, "end", interrupted)
    with pytest.raises(KeyboardInterrupt):
        captured(mac)
    assert mac.swept == 1


def test_after_a_lost_connection_it_is_swept_over_another(
    mac: Mac, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Broken()
    lines = iter([broken, mac])
    monkeypatch.setattr(module, "reach", lambda _host: next(lines))
    with pytest.raises(HostError, match="the connection was lost"):
        capture(HOST, RUN, wait_s=5.0)
    assert mac.swept == 1
    broken = Broken()
    monkeypatch.setattr(module, "reach", lambda _host: broken)
    with pytest.raises(HostError, match="may still be there: run `witnessmark teardown --run"):
        capture(HOST, RUN, wait_s=5.0)


def test_without_consent_nothing_is_asked(mac: Mac, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = PrepareResult(host="fin-mac", outcome=Outcome.REFUSED, reason="fin-mac: no consent file")
    monkeypatch.setattr(module, "looked", lambda _hosts, _run: [bad])
    monkeypatch.setattr(module, "reach", lambda _host: pytest.fail("it was logged in to"))
    with pytest.raises(HostError, match="no consent file"):
        captured(mac)


def test_a_source_that_cannot_be_read_is_an_error(mac: Mac, monkeypatch: Any) -> None:
    def gone(_self: object, path: str) -> int:
        raise HostError(f"fin-mac: could not look at {path}")

    monkeypatch.setattr(Mac, "size", gone)
    with pytest.raises(HostError, match=r"could not look at /es\.ndjson"):
        captured(mac)
    assert mac.swept == 1


def test_a_login_too_short_is_refused_before_anything_is_done(mac: Mac) -> None:
    mac.says["identity"] = ("user\tal", "end\t")
    with pytest.raises(PackError, match="'al' is shorter"):
        captured(mac)
    assert mac.swept == 0
