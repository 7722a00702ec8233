"""prepare and teardown on stand-ins, by the real ansible-runner and the real OpenSSH client."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from witnessmark import ansible, inventory
from witnessmark.content import pack, root
from witnessmark.errors import HostKeyError
from witnessmark.hosts.outcome import Outcome
from witnessmark.hosts.prepare import prepare, teardown
from witnessmark.hosts.ssh import SshTransport
from witnessmark.standin import probe, state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.model.hosts import Host

pytestmark = pytest.mark.e2e

RUN = "20261124t042002z-1f0c9a"
CONSENT = "Library/Application Support/witnessmark/consent"
HOME = "Users/purple"
NAMES = ("good", "unwilling", "expired", "homeless", "impostor")


@pytest.fixture(scope="module")
def standins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    if reason := probe.refusal():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("prepare") / "a state"
    state.boot(folder, NAMES, tied=True)
    yield folder
    state.shutdown(folder, remove=True)


@pytest.fixture(scope="module")
def booted(standins: Path) -> dict[str, Host]:
    files = [root() / "inventory" / "standin.yaml", standins / "inventory.yaml"]
    return {host.name: host for host in inventory.load(files).hosts}


@pytest.fixture
def fleet(booted: dict[str, Host]) -> Iterator[dict[str, Host]]:
    yield booted
    shutil.rmtree(home(booted["good"]) / ".witnessmark", ignore_errors=True)


@pytest.fixture
def folders(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every private folder that a test makes ansible-runner use."""
    used: list[Path] = []
    real = ansible.private_folder

    @contextmanager
    def noting() -> Iterator[Path]:
        with real() as folder:
            used.append(folder)
            yield folder

    monkeypatch.setattr(ansible, "private_folder", noting)
    return used


def machine(host: Host) -> Path:
    """Where a stand-in's files lie on this machine, whatever its mode."""
    assert host.destination_root is not None
    return Path(host.destination_root).parent / "root"


def home(host: Host) -> Path:
    return machine(host) / HOME


def tree(host: Host) -> list[Path]:
    return sorted(home(host).rglob("*"))


def test_every_host_is_answered_for_by_itself(fleet: dict[str, Host], standins: Path) -> None:
    hosts = [fleet[name] for name in NAMES]
    prefix = {host.name: machine(host) for host in hosts}
    (prefix["unwilling"] / CONSENT).unlink()
    yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(1)
    (prefix["expired"] / CONSENT).write_text(f"owner: Ada\nexpires: {yesterday}\n")
    (home(fleet["homeless"]) / "Library" / "Caches").rmdir()
    hosts[4] = with_another_s_key(fleet["impostor"], fleet["good"], standins)
    before = {host.name: tree(host) for host in hosts}

    results = prepare(hosts, RUN, pack.build())

    assert list(results) == [host.name for host in hosts]
    told = {name: (result.outcome.value, str(result.reason)) for name, result in results.items()}
    assert told["good"] == ("ok", "None")
    assert told["unwilling"][0] == "refused"
    assert told["unwilling"][1].startswith(f"unwilling: no consent file /{CONSENT} on the host; ")
    assert told["expired"][0] == "refused"
    assert f"expired on {yesterday} (UTC)" in told["expired"][1]
    assert told["homeless"][0] == "failed"
    assert "~/Library/Caches does not exist" in told["homeless"][1]
    assert told["impostor"][0] == "unreachable"
    assert "its host key is not the one in" in told["impostor"][1]
    for host in hosts[1:]:
        assert tree(host) == before[host.name], host.name
    with pytest.raises(HostKeyError):  # and paramiko agrees
        SshTransport(hosts[4])
    assert prepare([fleet["impostor"]], RUN, pack.build())["impostor"].ok


def with_another_s_key(host: Host, other: Host, folder: Path) -> Host:
    """The host with a known_hosts in which another host's key stands at its address."""
    assert host.known_hosts is not None
    lines = dict(line.split(" ", 1) for line in host.known_hosts.read_text().splitlines())
    swapped = folder.parent / "swapped known hosts"
    key = lines[f"[{other.address}]:{other.port}"]
    swapped.write_text(f"[{host.address}]:{host.port} {key}\n")
    return replace(host, known_hosts=swapped)


def test_prepared_twice_and_removed_twice(fleet: dict[str, Host], folders: list[Path]) -> None:
    host, before = fleet["good"], tree(fleet["good"])
    content = {**pack.build(), "lib/hostile.sh": b"EOF\n$(id)\n`id` '\"\\\r\n@./x\nX\n"}

    first = prepare([host], RUN, content)["good"]
    assert (first.outcome, first.reason, first.changed) == (Outcome.OK, None, True)
    assert first.consent_owner == "stand-in"
    base = home(host) / ".witnessmark" / RUN
    assert {name: (base / "pack" / name).read_bytes() for name in content} == content
    assert (base / "run").read_text() == f"{RUN}\n"
    assert list((base / "tmp").iterdir()) == []
    new = {path.relative_to(home(host)).parts[0] for path in set(tree(host)) - set(before)}
    assert new == {".witnessmark"}

    second = prepare([host], RUN, content)["good"]
    assert (second.ok, second.changed) == (True, False)

    for own in ("Downloads/witnessmark", "Library/Caches/org.witnessmark"):
        (home(host) / own / RUN).mkdir(parents=True)
        (home(host) / own / RUN / "payload.sh").write_text("x")
        with (base / "made").open("a") as made:
            made.write(f"{home(host)}/{own}\n")
    gone = teardown([host], RUN)["good"]
    assert (gone.ok, gone.changed) == (True, True)
    assert tree(host) == before
    again = teardown([host], RUN)["good"]
    assert (again.ok, again.changed) == (True, False)
    assert [folder.exists() for folder in folders] == [False] * 4


def test_from_the_command_line(fleet: dict[str, Host], standins: Path) -> None:
    assert "good" in fleet
    files = ("-i", str(root() / "inventory" / "standin.yaml"), "-i", f"{standins}/inventory.yaml")

    def witnessmark(*arguments: str) -> tuple[int, list[str]]:
        done = subprocess.run(
            [sys.executable, "-m", "witnessmark", *arguments, *files, "--limit", "good"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        return done.returncode, done.stdout.splitlines()

    status, (run, line) = witnessmark("prepare")
    assert (status, line) == (0, "ok          good: prepared")
    assert run.startswith("run 2")
    assert witnessmark("teardown", "--all") == (0, ["ok          good: removed"])
