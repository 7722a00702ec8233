"""A home with the scenario pack on it, on this machine, so that real scripts can be played."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from witnessmark.content import pack, root
from witnessmark.hosts.local import LocalTransport
from witnessmark.model.hosts import Host, Origin

RUN = "20261124t042002z-1f0c9a"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "a home"
    for name in ("Downloads", "Library/Caches"):
        (folder / name).mkdir(parents=True)
    own = folder / ".witnessmark" / RUN
    for name in ("receipts", "evidence"):
        (own / name).mkdir(parents=True)
    for name, data in pack.build().items():
        path = own / "pack" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    monkeypatch.setenv("HOME", str(folder))
    yield folder
    # A timer that a test started would wait for its controller much longer than this.
    sweep = root() / "inventory" / "playbooks" / "sweep.sh"
    env = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    subprocess.run(["sh", str(sweep), RUN], env=env, capture_output=True, check=False, timeout=30)


@pytest.fixture
def mac() -> LocalTransport:
    host = Host(name="me", origin=Origin.MAC, connection="local", lab=True, browser="/bin/sh")
    return LocalTransport(host)
