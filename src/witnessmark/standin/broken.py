"""What is broken on a stand-in before it boots, and what its inventory says because of it."""

from __future__ import annotations

import ctypes
import json
import os
from typing import TYPE_CHECKING, Any

from witnessmark.standin.faults.sensor import NO_RIGHTS
from witnessmark.standin.keys import ensure_key
from witnessmark.standin.tree import BROWSER, BROWSERS, HOME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE = 1
_EVENTS = ("exec", "fork", "exit", "create", "rename", "close", "setextattr", "setmode", "unlink")


def break_files(root: Path, faults: Sequence[Mapping[str, Any]]) -> None:
    """Changes the host's files as its faults ask for."""
    if has(faults, "sensor", "no-rights"):
        program = root / "usr/bin/eslogger"
        program.unlink(missing_ok=True)
        program.write_text(f"#!/bin/sh\necho '{NO_RIGHTS}' >&2\nexit 1\n", encoding="ascii")
        program.chmod(0o755)
    for item in of_host(faults, "read-only"):
        (root / HOME / item["folder"]).chmod(0o555)
    if of_host(faults, "no-browser"):
        for browser in BROWSERS:
            (root / browser[1:]).unlink()


def modes_bind(folder: Path) -> None:
    """Makes file modes bind what this process starts, even as root, if the host's faults need it.

    A Mac's user is not root; who starts a stand-in may be (capabilities(7), CAP_DAC_OVERRIDE).
    """
    faults = given(folder)
    if os.geteuid() == 0 and has(faults, "host", "read-only"):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "PR_CAPBSET_DROP")


def late_s(folder: Path) -> float:
    """How many seconds late a host's answers are to come."""
    return sum(float(item["seconds"]) for item in of_host(given(folder), "slow"))


def browser(faults: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, object]]:
    """The inventory variable that names the host's browser, unless it has none and says so."""
    if all(item.get("inventory") == "promises" for item in of_host(faults, "no-browser")):
        yield "witnessmark_browser", BROWSER


def variables(faults: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, object]]:
    """Inventory variables that a host has because it is broken."""
    if has(faults, "sensor", "no-rights"):
        yield (
            "witnessmark_sources",
            [
                {
                    "name": "eslogger",
                    "kind": "eslogger",
                    "role": "organisation",
                    "analytic": "embedded",
                    "command": ["eslogger", *_EVENTS],
                }
            ],
        )
    if faults:  # what is broken on purpose belongs into every report of this host
        yield "witnessmark_faults", faults


def authorized(client_key: str, folder: Path, faults: Sequence[Mapping[str, Any]]) -> str:
    """The public key that may log in: another than the controller's, if that is to be refused."""
    refused = has(faults, "transport", "refuse")
    return ensure_key(folder / "other_key") if refused else client_key


def known_key(host_key: str, folder: Path, faults: Sequence[Mapping[str, Any]]) -> str:
    """The host key that known_hosts gets: another than the host's, if that is to be wrong."""
    wrong = has(faults, "transport", "wrong-key")
    return ensure_key(folder / "other_key") if wrong else host_key


def of_host(faults: Sequence[Mapping[str, Any]], action: str) -> list[Mapping[str, Any]]:
    """The faults of the host itself of one kind."""
    return [item for item in faults if (item.get("layer"), item.get("action")) == ("host", action)]


def given(folder: Path) -> list[dict[str, Any]]:
    """The faults of the host of that folder."""
    path = folder / "faults.json"
    return list(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []


def has(faults: Sequence[Mapping[str, Any]], layer: str, action: str) -> bool:
    """Whether such a fault is among them."""
    return any((item.get("layer"), item.get("action")) == (layer, action) for item in faults)
