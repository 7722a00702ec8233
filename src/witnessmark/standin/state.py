"""Boots, lists and shuts down stand-in hosts; all they are lies in one state directory.

    STATE/                      0700
      client_key, client_key.pub, known_hosts, inventory.yaml
      <host>/                   0700
        host.json               that this folder is a stand-in host, and how it was booted
        host_key, authorized_keys, port, init.pid, recorder.pid, recorder.log, sshd.log,
        faults.json, shipper.pid, shipper.json, shipper.log
        delivered/              what the organisation's pipeline delivered, outside of the host
        root/                   the host's files; the event store is root/private/var/log/

A host is up while its recorder lives: the recorder is the ancestor of everything that runs on the
host and the kernel ends all of it with the recorder. It belongs to no terminal and outlives the
caller unless ``tied``.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from typing import TYPE_CHECKING, Any

from witnessmark.errors import HostError, Unsupported
from witnessmark.standin import statedir
from witnessmark.standin.booted import BootedHost, HostStatus
from witnessmark.standin.further import check as check_sensors
from witnessmark.standin.keys import ensure_key, replace
from witnessmark.standin.launch import (
    await_hosts,
    faults_text,
    launch,
    refusal,
    start_warden,
    stop,
    told,
)
from witnessmark.standin.mode import Chosen, Mode, choose
from witnessmark.standin.paperwork import write_inventory, write_known_hosts
from witnessmark.standin.pidfile import Process, read_pid
from witnessmark.standin.tree import remove

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_DOWN = ": shut it down first (witnessmark standin down)"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def boot(
    state: Path,
    names: Sequence[str],
    faults: Mapping[str, list[dict[str, Any]]] | None = None,
    *,
    tied: bool = False,
    mode: Mode | None = Mode.PREFIX,
    alerts: float | None = None,
    oslog: bool = False,
    also: Sequence[str] = (),
    timeout_s: float = 30.0,
) -> list[BootedHost]:
    """Boots the named hosts together and returns once each answers; those already up are kept.

    ``alerts``: rules of the organisation's own raise alerts, with a drop-exec window of so many
    seconds. ``oslog``: events are put into the hosts' unified log, too. ``also``: kinds of sensors
    beside eslogger's (further.py). ``mode`` None: the better
    one that can be had here (mode.py).

    With ``tied`` the hosts that this call boots, and their files, go when the calling process ends,
    however it ends.
    Raises Unsupported where no process may be traced (macOS, some containers) and HostError,
    with what the recorder said, if a host does not come up; hosts booted by this call are then
    shut down again.
    """
    _check_names(names, faults or {})
    also = check_sensors(also, faults or {})
    sentence = refusal()
    if sentence is not None:
        raise Unsupported(sentence)
    chosen = choose(mode)
    how = {"mode": chosen.mode, "why": chosen.why, "alerts": alerts, "oslog": oslog, "also": also}
    with statedir.locked(state, create=True) as state:
        client = ensure_key(state / "client_key")
        new = [
            name for name in names if not _keep(state, name, (faults or {}).get(name), mode, also)
        ]
        try:
            for name in new:
                folder = _folder(state, name, how)
                owner = Process.of(os.getpid()) if tied else None
                if owner is not None:
                    start_warden(folder, owner)
                launch(
                    folder,
                    client,
                    (faults or {}).get(name, []),
                    owner,
                    namespace=chosen.mode is Mode.NAMESPACE,
                )
            await_hosts([state / name for name in new], time.monotonic() + timeout_s)
        except BaseException:
            for name in new:
                stop(state / name)
            raise
        up = _write_papers(state)
    lost = [name for name in names if name not in up]
    if lost:
        raise HostError(f"{', '.join(lost)} booted but ended again at once")
    return [up[name] for name in names]


def shutdown(state: Path, names: Sequence[str] | None = None, *, remove: bool = False) -> list[str]:
    """Shuts hosts down (all of them without ``names``) and returns which of them were up.

    With ``remove`` their files go too, and the state directory once no host is left in it.
    """
    with contextlib.ExitStack() as stack:
        try:
            state = stack.enter_context(statedir.locked(state, create=False))
        except FileNotFoundError:  # nothing was ever up, or it is gone already
            return []
        return _shutdown(state, names, remove=remove)


def status(state: Path) -> list[HostStatus]:
    """Every host that has a folder here, by name; looks, but changes nothing."""
    return [
        HostStatus(name=folder.name, booted=_booted(folder), faults=len(_faults(folder)))
        for folder in _folders(state.resolve())
    ]


def _shutdown(state: Path, names: Sequence[str] | None, *, remove: bool) -> list[str]:
    chosen = [folder for folder in _folders(state) if names is None or folder.name in names]
    were_up = [folder.name for folder in chosen if stop(folder)]
    if remove:
        for folder in chosen:
            _remove(folder)
    if remove and not _folders(state):
        statedir.dissolve(state)
    else:
        _write_papers(state)
    return were_up


def _check_names(names: Sequence[str], faults: Mapping[str, object]) -> None:
    for name in names:
        if not _NAME.fullmatch(name) or name in statedir.FILES:
            raise HostError(f"{name!r} cannot name a stand-in: use a-z, 0-9, '.', '_' and '-'")
    if len(set(names)) != len(names):
        raise HostError("two stand-ins cannot have the same name")
    for name in faults:
        if name not in names:
            raise HostError(f"faults are given for {name!r}, which is not being booted")


def _keep(
    state: Path,
    name: str,
    faults: list[dict[str, Any]] | None,
    mode: Mode | None,
    also: tuple[str, ...],
) -> bool:
    """Whether the host runs already; what is left of one that crashed is cleared away."""
    folder = state / name
    booted = _booted(folder)
    if booted is None:
        stop(folder)
        return False
    if mode not in (None, booted.chosen.mode):
        raise HostError(f"{name} is already up in the other mode{_DOWN}")
    if also and also != booted.also:
        raise HostError(f"{name} is already up with other sensors{_DOWN}")
    if faults is not None and faults_text(faults) != (folder / "faults.json").read_text():
        raise HostError(f"{name} is already up with other faults{_DOWN}")
    return True


def _folder(state: Path, name: str, how: Mapping[str, Any]) -> Path:
    folder = state / name
    folder.mkdir(mode=0o700, exist_ok=True)
    replace(folder / "host.json", json.dumps({"standin": name, "recorder": "ptrace", **how}) + "\n")
    return folder


def _folders(state: Path) -> list[Path]:
    return sorted(path.parent for path in state.glob("*/host.json"))


def _booted(folder: Path) -> BootedHost | None:
    recorder = read_pid(folder / "recorder.pid")
    if recorder is None or read_pid(folder / "init.pid") is None:
        return None
    try:
        port = int((folder / "port").read_text(encoding="ascii"))
        host_key = (folder / "host_key.pub").read_text(encoding="ascii").strip()
        how = told(folder)
        chosen = Chosen(mode=Mode(how["mode"]), why=how.get("why", ""))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return BootedHost(
        name=folder.name,
        port=port,
        pid=recorder.pid,
        folder=folder,
        key_file=folder.parent / "client_key",
        known_hosts=folder.parent / "known_hosts",
        host_key=host_key,
        faults=_faults(folder),
        chosen=chosen,
        also=tuple(how.get("also", ())),
        alerts=how.get("alerts") is not None,
    )


def _faults(folder: Path) -> tuple[dict[str, Any], ...]:
    try:
        return tuple(json.loads((folder / "faults.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return ()


def _write_papers(state: Path) -> dict[str, BootedHost]:
    up = {host.name: host for folder in _folders(state) if (host := _booted(folder))}
    write_known_hosts(state / "known_hosts", list(up.values()))
    write_inventory(state / "inventory.yaml", list(up.values()))
    return up


def _remove(folder: Path) -> None:
    try:
        remove(folder)
    except OSError as problem:
        raise HostError(f"{folder} could not be removed: {problem}") from problem
