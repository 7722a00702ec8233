"""Broken hosts, each broken in one way, examined at once: the doctor names just that."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from witnessmark import inventory
from witnessmark.content import faults, root, scenarios
from witnessmark.doctor import examine
from witnessmark.doctor.lines import exit_code
from witnessmark.model.hosts import Role
from witnessmark.model.verdicts import Status
from witnessmark.standin import state as standin
from witnessmark.standin.launch import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.doctor.lines import Line
    from witnessmark.model.hosts import Host

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(bool(refusal()), reason=str(refusal())),
    pytest.mark.timeout(600),
]

SHIPPED = (
    "clock-behind",
    "drop-closes",
    "login-refused",
    "no-rights",
    "read-only-downloads",
    "sensor-dead",
    "unknown-doctor",
    "wrong-host-key",
)
OWN = {
    "unknown-doctor": [{"layer": "sensor", "action": "reshape", "event": "exec"}],
    "stalled": [{"layer": "shipper", "action": "stall"}],
}
PLAIN = ("well", "no-consent", "expired", "leftovers", "no-browser", "no-lab", "reference-only")
CONSENT = "root/Library/Application Support/witnessmark/consent"
DEAD_RUN = "20260101t000000z-abcdef"
WAIT_S = 20.0


class Examined:
    """What the doctor said of each host, and what lay there afterwards."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "st"
        names = [*PLAIN, *SHIPPED, "stalled"]
        given = {
            name: OWN[name] if name in OWN else [dict(item) for item in faults.load(name).faults]
            for name in (*SHIPPED, "stalled")
        }
        standin.boot(self.state, names, given, tied=True, timeout_s=90.0)
        (self.state / "no-consent" / CONSENT).unlink()
        consent = self.state / "expired" / CONSENT
        consent.write_text("owner: jane\nexpires: 2020-01-01\n")
        (self._home("leftovers") / ".witnessmark" / DEAD_RUN).mkdir(parents=True)
        files = [root() / "inventory/standin.yaml", self.state / "inventory.yaml"]
        self.hosts = [_changed(host) for host in inventory.load(files).hosts]
        well = next(host for host in self.hosts if host.name == "well")
        self.hosts.append(replace(well, name="dead", port=1))
        self.before = {name: self.lies(name) for name in names}
        self.given = examine.terms(scenarios.load_all(), WAIT_S, 5.0)
        self.said = examine.examine(self.hosts, self.given)

    def _home(self, host: str) -> Path:
        return self.state / host / "root/Users/purple"

    def lies(self, host: str) -> set[str]:
        """Every path of the host's user."""
        home = self._home(host)
        return {str(item.relative_to(home)) for item in home.rglob("*")}

    def of(self, host: str) -> dict[str, Line]:
        """The lines about a host, by name."""
        return {item.name: item for item in self.said if item.host == host}

    def wrong(self, host: str) -> set[tuple[str, Status]]:
        """What is neither good nor beside the point."""
        found = self.of(host).values()
        quiet = (Status.PASS, Status.SKIP)
        return {(item.name, item.status) for item in found if item.status not in quiet}


def _changed(host: Host) -> Host:
    if host.name == "no-browser":
        return replace(host, browser="/Applications/None.app/Contents/MacOS/None")
    if host.name == "no-lab":
        return replace(host, lab=False)
    if host.name == "reference-only":
        sources = tuple(replace(item, role=Role.REFERENCE) for item in host.sources)
        return replace(host, sources=sources)
    return host


@pytest.fixture(scope="module")
def examined() -> Iterator[Examined]:
    with tempfile.TemporaryDirectory(prefix="wm-") as name:
        try:
            yield Examined(Path(name))
        finally:
            standin.shutdown(Path(name) / "st", remove=True)


SOURCE = "eslogger"
EXACTLY = {
    "well": set(),
    "clock-behind": {(f"times {SOURCE}", Status.FAIL)},
    "drop-closes": {(f"files {SOURCE}", Status.FAIL)},
    "login-refused": {("login", Status.FAIL)},
    "wrong-host-key": {("login", Status.FAIL)},
    "dead": {("login", Status.FAIL)},
    "no-rights": {(f"sensor {SOURCE}", Status.FAIL)},
    "sensor-dead": {(f"sensor {SOURCE}", Status.FAIL), (f"delivery {SOURCE}", Status.ERROR)},
    "unknown-doctor": {(f"sensor {SOURCE}", Status.FAIL)},
    "stalled": {(f"delivery {SOURCE}", Status.FAIL)},
    "read-only-downloads": {("downloads", Status.FAIL), (f"files {SOURCE}", Status.ERROR)},
    "no-consent": {("consent", Status.FAIL)},
    "expired": {("consent", Status.FAIL)},
    "leftovers": {("leftovers", Status.FAIL)},
    "no-browser": {("browser", Status.FAIL)},
    "no-lab": {("lab", Status.FAIL)},
    "reference-only": {("sources", Status.ERROR)},
}
WORDS = {
    "clock-behind": "lies 300 s before the moment",
    "drop-closes": "the write of a file in ~/Downloads was not recorded, only create",
    "login-refused": "login as purple was refused",
    "wrong-host-key": "its host key is not the one in ",
    "dead": "not reachable by SSH",
    "no-rights": "Not permitted to create an ES Client",
    "sensor-dead": "a command that was run on the host is not in it",
    "unknown-doctor": "in no record that can be read",
    "stalled": "it did not arrive in ",
    "read-only-downloads": "~/Downloads cannot be written in (",
    "no-consent": "no consent file /Library/Application Support/witnessmark/consent",
    "expired": "consent expired on 2020-01-01",
    "leftovers": f"a dead run left ~/.witnessmark/{DEAD_RUN}",
    "no-browser": "/Applications/None.app/Contents/MacOS/None is no executable",
    "no-lab": "does not call it a lab machine",
    "reference-only": "only sources with role: reference",
}


@pytest.mark.parametrize("host", EXACTLY)
def test_just_what_is_broken_is_named(examined: Examined, host: str) -> None:
    assert examined.wrong(host) == EXACTLY[host]
    if host in WORDS:
        bad = [
            item.message for item in examined.of(host).values() if item.status is not Status.PASS
        ]
        assert any(WORDS[host] in text for text in bad), bad


def test_a_host_that_lets_nobody_in_is_one_line(examined: Examined) -> None:
    for host in ("dead", "login-refused", "wrong-host-key", "no-lab"):
        assert len(examined.of(host)) == 1


def test_without_consent_nothing_is_tried(examined: Examined) -> None:
    for host in ("no-consent", "expired"):
        assert set(examined.of(host)) == {"login", "ansible", "consent"}
        store = examined.state / host / "root/private/var/log/eslogger.ndjson"
        assert examined.given.mark not in store.read_text()


def test_nothing_is_left_on_any_host(examined: Examined) -> None:
    for host, before in examined.before.items():
        assert examined.lies(host) == before, host


def test_all_else_of_a_well_host_was_really_looked_at(examined: Examined) -> None:
    good = {name for name, item in examined.of("well").items() if item.status is Status.PASS}
    assert good == {
        "login",
        "ansible",
        "consent",
        "leftovers",
        "home",
        "downloads",
        "caches",
        "disk",
        f"delivery {SOURCE}",
        f"sensor {SOURCE}",
        f"times {SOURCE}",
        f"files {SOURCE}",
        "browser",
        "clock",
    }


def test_the_exit_status_says_the_worst(examined: Examined) -> None:
    def status(*hosts: str) -> int:
        return exit_code([item for item in examined.said if item.host in hosts], hosts)

    assert status("well") == 0
    assert status("well", "dead") == 1
    assert status("well", "reference-only") == 4
    assert status("dead", "wrong-host-key", "no-consent") == 3
