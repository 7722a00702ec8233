"""What is known of a stand-in that is up, or was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from witnessmark.standin.mode import Chosen, Mode
from witnessmark.standin.tree import STORE, USER

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class BootedHost:
    """A stand-in that is up, with everything needed to reach it."""

    name: str
    port: int
    pid: int
    """The recorder's: ending it ends the host."""
    folder: Path
    key_file: Path
    known_hosts: Path
    host_key: str
    """The host's public key as one line of known_hosts, without the address."""
    address: str = ADDRESS
    user: str = USER
    faults: tuple[dict[str, Any], ...] = ()
    """What its recorder was told to break."""
    chosen: Chosen
    """Its mode, and why it is that one."""
    also: tuple[str, ...] = ()
    """The kinds of its sensors beside eslogger's."""
    alerts: bool = False
    """Whether rules of the organisation's own raise alerts over what it delivers."""

    @property
    def root(self) -> Path:
        """Where the host's ``/`` lies on this machine."""
        return self.folder / "root"

    @property
    def prefix(self) -> str:
        """What stands before the host's paths as its own processes see them."""
        return "" if self.chosen.mode is Mode.NAMESPACE else str(self.root)

    @property
    def store(self) -> Path:
        """The event store that the recorder writes."""
        return self.root / STORE

    def ssh(self) -> list[str]:
        """The argv of an OpenSSH client that logs in and accepts no other host key."""
        return [
            "ssh", "-F", "none", "-i", str(self.key_file), "-p", str(self.port),
            "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=yes",
            "-o", f'UserKnownHostsFile="{self.known_hosts}"',
            "-o", "GlobalKnownHostsFile=/dev/null",
            f"{self.user}@{self.address}",
        ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStatus:
    """What is known of a host that was booted here once; ``booted`` is None if it is down."""

    name: str
    booted: BootedHost | None
    faults: int
    """How many faults its recorder was started with."""
