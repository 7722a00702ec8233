"""How to record one host, and the recorder's command line that says so."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from . import pidfile

if TYPE_CHECKING:
    from .records import TokenForm


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderConfig:
    """How to record one host."""

    root: Path
    """The folder that is the host's `/`."""
    store: Path
    """Events are appended here, one JSON object per line."""
    host: str = "standin"
    faults: Path | None = None
    owner: pidfile.Process | None = None
    """The host ends when this process has ended; None: it lives until it is told to end."""
    ready_file: Path | None = None
    """Created once init runs under the recorder: `{"recorder": pid, "init": pid}`."""
    tokens: TokenForm = "object"
    """Audit tokens as objects (message version 9, macOS 15) or arrays (10, macOS 26 beta)."""
    namespace: bool = False
    """Give the host a root, processes and users of its own (namespace.py)."""
    state: Path | None = None
    """With ``namespace``: the folder from which init is given what station.py lists."""
    also: tuple[str, ...] = ()
    """Further sensors of the host, beside eslogger's (further.py)."""
    opens: bool = False
    """Emit `open` events too, for opens that may write."""
    oslog: bool = False
    """Put every event into the host's unified log, too, as `eslogger --oslog` does."""
    spread: bool = False
    """Let the host use every CPU; by default it shares one with its recorder, which is faster."""
    hidden_groups: frozenset[int] = field(default_factory=lambda: frozenset({os.getpgrp()}))
    """Process groups whose events are suppressed, as eslogger(1) does with its own."""


def config(options: argparse.Namespace) -> RecorderConfig:
    return RecorderConfig(
        root=options.root,
        store=options.store,
        host=options.host,
        faults=options.faults,
        ready_file=options.ready_file,
        owner=options.owner,
        tokens=options.token_form,
        namespace=options.namespace,
        state=options.state,
        also=tuple(options.also),
        opens=options.opens,
        oslog=options.oslog,
        spread=options.spread,
    )


def _process(text: str) -> pidfile.Process:
    pid, started = text.split(":")
    return pidfile.Process(int(pid), int(started))


def parser(text: str | None) -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(prog="witnessmark.standin.recorder", description=text)
    words.add_argument("--root", type=Path, required=True, help="the host's root folder")
    words.add_argument("--store", type=Path, required=True, help="NDJSON file to append to")
    words.add_argument("--faults", type=Path, help="JSON list of faults to inject")
    words.add_argument("--host", default="standin", help="the host's name")
    words.add_argument("--ready-file", type=Path, help="created once init is being recorded")
    words.add_argument("--owner", type=_process, help="PID:STARTED, with whose end all ends")
    words.add_argument("--token-form", choices=("object", "array"), default="object")
    words.add_argument("--namespace", action="store_true", help="a root and pids of its own")
    words.add_argument("--state", type=Path, help="with --namespace: init's keys, port and log")
    words.add_argument("--also", action="append", default=[], help="a further sensor's kind")
    words.add_argument("--opens", action="store_true", help="also emit opens for writing")
    words.add_argument("--oslog", action="store_true", help="events into the unified log, too")
    words.add_argument("--spread", action="store_true", help="let the host use every CPU")
    words.add_argument("argv", nargs=argparse.REMAINDER, help="-- then init and its arguments")
    return words
