"""What the judge adds to the analytic, and only for what a lab put there itself."""

from dataclasses import replace

from witnessmark.analytic import load
from witnessmark.analytic.identity import CS_ADHOC, CS_SIGNED, Identity
from witnessmark.analytic.keys import Paths
from witnessmark.judge.evidence import _with_stub
from witnessmark.model.events import Process, Token
from witnessmark.model.hosts import Host, Origin

STUB = "/Applications/Lab Browser.app/Contents/MacOS/Lab Browser"
MAC = Host(name="mac1", origin=Origin.MAC, connection="ssh", lab=True, browser=STUB)
ADHOC = Process(
    token=Token(pid=9), path=STUB, signing_id="dash-5555", cs_flags=CS_ADHOC | CS_SIGNED
)


def is_browser(host: Host, image: Process) -> bool:
    params = _with_stub(load().parameters, host)
    return Identity(params, Paths()).browser(image) is not None


def test_a_real_macs_stub_is_a_browser_by_its_path_alone() -> None:
    assert is_browser(MAC, ADHOC)
    assert not is_browser(MAC, replace(ADHOC, path="/tmp/Lab Browser"))
    assert not is_browser(MAC, replace(ADHOC, team_id="TEAM123456", cs_flags=CS_SIGNED))


def test_nothing_is_added_without_a_stub_or_on_a_stand_in() -> None:
    assert not is_browser(replace(MAC, browser=None), ADHOC)
    assert not is_browser(replace(MAC, origin=Origin.STAND_IN), ADHOC)
