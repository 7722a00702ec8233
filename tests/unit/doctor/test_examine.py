"""Which host is tried at all, and what becomes of one that fails in the middle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from witnessmark.doctor import examine
from witnessmark.errors import HostError
from witnessmark.hosts.outcome import Outcome, PrepareResult
from witnessmark.model.hosts import Host, Origin
from witnessmark.model.verdicts import Status

if TYPE_CHECKING:
    from collections.abc import Callable

MAC = Host(name="mac1", origin=Origin.MAC, connection="ssh", lab=True)
GOOD = PrepareResult(
    host="mac1", outcome=Outcome.OK, consent_owner="jane", consent_expires="2030-01-01"
)
TERMS = examine.terms((), 1.0, 5.0)


@dataclass(frozen=True)
class Silent:
    """A host that must not be asked anything."""

    host: Host = MAC

    def run(self, *_: object, **__: object) -> None:
        raise AssertionError("nothing may be run here")

    def close(self) -> None:
        return None


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Status]]:
    """Examines hosts whose first look gave these results; statuses by host and name."""

    def ask(*results: PrepareResult, reach: object = Silent) -> dict[str, Status]:
        monkeypatch.setattr(examine, "looked", lambda *_: iter(results))
        monkeypatch.setattr(examine, "reach", lambda _: reach() if callable(reach) else None)
        hosts = [replace(MAC, name=item.host) for item in results]
        found = examine.examine(hosts, TERMS)
        return {f"{item.host} {item.name}": item.status for item in found}

    return ask


@pytest.mark.parametrize(
    ("result", "ansible", "consent"),
    [
        (replace(GOOD, outcome=Outcome.UNREACHABLE, consent_owner=""), "fail", "error"),
        (replace(GOOD, outcome=Outcome.FAILED, consent_owner=""), "fail", "error"),
        (replace(GOOD, outcome=Outcome.REFUSED, consent_owner=""), "pass", "fail"),
        (replace(GOOD, consent_owner=""), "fail", "error"),
        (replace(GOOD, consent_expires=""), "fail", "error"),
    ],
)
def test_without_consent_that_was_seen_nothing_is_run(
    asked: Callable[..., dict[str, Status]], result: PrepareResult, ansible: str, consent: str
) -> None:
    assert asked(result) == {
        "mac1 login": Status.PASS,
        "mac1 ansible": Status(ansible),
        "mac1 consent": Status(consent),
    }


def test_a_host_that_fails_in_the_middle_keeps_what_was_said_and_stops_nobody(
    asked: Callable[..., dict[str, Status]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def tried(host: Host, *_: object) -> object:
        if host.name == "lost":
            raise HostError("lost: the SSH connection was lost")
        if host.name == "odd":
            raise RuntimeError("a fault of ours")
        return iter(())

    monkeypatch.setattr(examine, "_tried", tried)
    found = asked(*(replace(GOOD, host=name) for name in ("lost", "odd", "well")))
    assert found["lost connection"] is Status.FAIL
    assert found["odd doctor"] is Status.ERROR
    assert {name for name in found if name.startswith("well")} == {
        "well login",
        "well ansible",
        "well consent",
    }
    assert found["lost consent"] is found["odd consent"] is Status.PASS


@pytest.mark.parametrize("folder_said_it", [True, False])
def test_what_prepare_would_stumble_over_is_said_once(*, folder_said_it: bool) -> None:
    status = Status.FAIL if folder_said_it else Status.PASS
    line = examine.Line(host="mac1", name="downloads", status=status, message="x")
    other = replace(line, name="caches", status=Status.PASS)
    found = list(examine._as_a_whole(MAC, "~/Downloads is a link", [line, other]))
    assert [item.status for item in found] == ([] if folder_said_it else [Status.FAIL])
    assert list(examine._as_a_whole(MAC, "", [line])) == []
