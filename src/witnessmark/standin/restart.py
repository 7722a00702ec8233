"""Boots a stand-in again that lost its power on purpose (layer host, action reboot).

It waits outside of the host, as whoever presses a Mac's button does. The host comes back at its old
address, with its old key, files and event store; all its processes are gone, and its recorder is
another one, which counts from 0. Broken are then only the other faults of the host.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from witnessmark.standin import statedir
from witnessmark.standin.faults.outside import LEFT
from witnessmark.standin.keys import ensure_key
from witnessmark.standin.launch import await_hosts, launch
from witnessmark.standin.mode import Mode
from witnessmark.standin.pidfile import Process, read_pid

if TYPE_CHECKING:
    from collections.abc import Sequence

_PATIENCE_S = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Waits for the recorder's end; boots the host if that was a reboot and no shutdown."""
    parser = argparse.ArgumentParser(prog="python -m witnessmark.standin.restart")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--recorder", required=True, help="PID:STARTED")
    parser.add_argument("--owner", help="PID:STARTED, with whose end the host ends")
    options = parser.parse_args(arguments)
    _process(options.recorder).wait()
    owner = _process(options.owner) if options.owner else None
    try:
        with statedir.locked(options.folder.parent, create=False):
            _boot(options.folder, owner)
    except FileNotFoundError:
        pass  # it was shut down and removed meanwhile
    return 0


def _boot(folder: Path, owner: Process | None) -> None:
    left = folder / LEFT
    if not left.exists():
        return
    left.unlink()
    shipper = read_pid(folder / "shipper.pid")
    if shipper is not None:
        shipper.wait()  # it delivers what it holds and ends with the host
    faults = json.loads((folder / "faults.json").read_text(encoding="utf-8"))
    rest = [item for item in faults if item.get("action") != "reboot"]
    told = json.loads((folder / "host.json").read_text(encoding="utf-8"))
    launch(
        folder,
        ensure_key(folder.parent / "client_key"),
        rest,
        owner,
        again=True,
        namespace=told["mode"] == Mode.NAMESPACE,
    )
    await_hosts([folder], time.monotonic() + _PATIENCE_S)


def _process(text: str) -> Process:
    pid, started = text.split(":")
    return Process(int(pid), int(started))


if __name__ == "__main__":
    raise SystemExit(main())
