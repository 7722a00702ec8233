"""A signed notice of a small plan, and the keys for it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from witnessmark.content import pack, scenarios
from witnessmark.model.hosts import Host, Origin
from witnessmark.notice import agree, signing, text
from witnessmark.notice.moments import nanoseconds
from witnessmark.notice.signing import Trust
from witnessmark.plan import build

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from witnessmark.model.notice import Notice
    from witnessmark.model.run import Plan

RUN = "20261124t042002z-1f0c9a"
BEGINS, ENDS = nanoseconds("2026-11-24T14:00:00Z"), nanoseconds("2026-11-24T16:00:00Z")
MAC1 = Host(name="mac1", origin=Origin.MAC, connection="ssh", address="192.0.2.11", lab=True)
MAC2 = Host(name="mac2", origin=Origin.MAC, connection="ssh", address="192.0.2.12", lab=True)


def plan_of(*hosts: Host, wanted: tuple[str, ...] = ("p11", "n14"), profile: str = "") -> Plan:
    catalogue = scenarios.load_all()
    return build(
        run_id=RUN,
        hosts=hosts or (MAC1, MAC2),
        scenarios=scenarios.select(catalogue, wanted),
        catalogue=catalogue,
        window_s=4.0,
        late_arrival_s=5.0,
        profile=profile or None,
    )


def notice_of(plan: Plan) -> Notice:
    return agree.announce(
        plan, pack.build(), begins_ns=BEGINS, ends_ns=ENDS, contact="Jane <j@x.example>"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A purple team's desk: a key, who is allowed to sign, and notices as files."""

    folder: Path
    key: Path
    trust: Trust

    def lay(self, raw: bytes, name: str = "notice.yaml", key: Path | None = None) -> Path:
        """These bytes and their signature as files."""
        path = self.folder / name
        path.write_bytes(raw)
        path.with_name(f"{name}.sig").write_bytes(signing.sign(raw, key or self.key))
        return path

    def signed(self, plan: Plan) -> agree.Signed:
        """The notice of a plan, signed, read again and found good."""
        path = self.lay(text.render(notice_of(plan)).encode())
        return agree.open_notice(path, self.trust)


def keygen(path: Path) -> Path:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)], check=True
    )
    return path


@pytest.fixture
def make_key(tmp_path: Path) -> Callable[[str], Path]:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("needs ssh-keygen")
    return lambda name: keygen(tmp_path / name)


@pytest.fixture
def desk(tmp_path: Path, make_key: Callable[[str], Path]) -> Desk:
    key = make_key("key")
    signers = tmp_path / "allowed_signers"
    line = signing.allowed_signers_line(signing.sign(b"x", key), "jane@x.example")
    signers.write_text(line + "\n")
    return Desk(folder=tmp_path, key=key, trust=Trust(signers=signers))
