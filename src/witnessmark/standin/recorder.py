"""Records what the processes of a stand-in host really do, as eslogger would tell it.

    python -m witnessmark.standin.recorder --root ROOT --store STORE.ndjson [...] -- ARGV...

starts ARGV (the host's init) in a session of its own, follows it and all its descendants, and
appends one line per event to STORE until the last of them has gone. Nothing is ever scripted: an
event exists only if the kernel stopped a process for it. Where that is impossible it refuses (69).

Limits: ignores set-uid bits, a process inside can trace no other, only opens for writing are seen.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import gc
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from witnessmark.errors import ContentError, Unsupported

from . import bpf, faults, pidfile, ptrace
from .beginning import announce, write_snapshot
from .child import Child, InitError
from .cpu import one_cpu
from .emit import Emitter, Store
from .faults.journal import journal
from .faults.outside import OutsideFaults
from .faults.sensor import SensorFaults
from .faults.store import StoreFaults
from .files import read_link
from .inotify import Inotify
from .lives import Lives
from .look import Look
from .owner import end_with
from .paths import Translator
from .probe import EX_UNAVAILABLE, refusal, try_tracing, wrong_machine
from .processes import Processes
from .room import Room
from .shape import Shape
from .signals import WAKING, SignalTaker
from .syscalls import Architecture, architecture
from .tracer import Tracer
from .writers import Writers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .records import TokenForm

_EX_CANTCREAT = 73

__all__ = ["RecorderConfig", "main", "record", "refusal"]


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
    opens: bool = False
    """Emit `open` events too, for opens that may write."""
    spread: bool = False
    """Let the host use every CPU; by default it shares one with its recorder, which is faster."""
    hidden_groups: frozenset[int] = field(default_factory=lambda: frozenset({os.getpgrp()}))
    """Process groups whose events are suppressed, as eslogger(1) does with its own."""


def record(argv: Sequence[str | bytes], config: RecorderConfig) -> int:
    """Run `argv` as the host's init and record it; returns its exit code (128 + n: signal n).

    Takes over the calling process: it reaps every child, blocks signals and adopts orphans. Raises
    ContentError for a wrong faults file, OSError if `argv` or the store cannot be opened.
    """
    arch = architecture()
    if arch is None:
        raise Unsupported(wrong_machine())
    injected = () if config.faults is None else faults.load(config.faults)
    note, translator = journal(config.faults), Translator(config.root)
    shape = Shape(translator, host=config.host, tokens=config.tokens)
    outside = OutsideFaults(injected, config.faults, note)
    if outside.fills and not arch.foreign_bit:
        raise ContentError([f"{config.faults}: host full: only on x86_64"])
    store = Store(config.store)
    emitter = Emitter(
        store,
        shape,
        tokens=config.tokens,
        faults=SensorFaults(injected, note),
        store_faults=StoreFaults(injected, store, note),
        outside=outside,
        hidden_groups=config.hidden_groups,
    )
    inotify = Inotify()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, WAKING)
    inotify.announce_by(signal.SIGIO)
    ptrace.adopt_orphans()
    gc.freeze()
    try:
        with contextlib.nullcontext() if config.spread else one_cpu():
            return _trace(argv, config, arch, translator, shape, emitter, inotify, outside)
    finally:
        inotify.close()
        store.close()
        while signal.sigtimedwait({signal.SIGIO}, 0) is not None:
            pass  # it would kill this process once unblocked
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _trace(
    argv: Sequence[str | bytes],
    config: RecorderConfig,
    arch: Architecture,
    translator: Translator,
    shape: Shape,
    emitter: Emitter,
    inotify: Inotify,
    outside: OutsideFaults,
) -> int:
    reader, processes = ptrace.Reader(), Processes()
    writers = Writers(inotify, emitter, shape)
    look = Look(
        reader=reader,
        translator=translator,
        shape=shape,
        emitter=emitter,
        writers=writers,
        opens=config.opens,
    )
    quiet = threading.Lock()
    child = Child(argv, bpf.program(arch, room=outside.fills))
    init = processes.first(child.pid, time.time_ns())
    init.path, init.executable, init.rules = shape.program(read_link(b"/proc/self/exe"), None)
    write_snapshot(config.store, init, shape)
    lives = Lives(
        arch=arch,
        reader=reader,
        processes=processes,
        shape=shape,
        emitter=emitter,
        writers=writers,
        started=lambda: announce(config.ready_file, init.pid),
    )
    tracer = Tracer(
        lives=lives,
        look=look,
        reader=reader,
        writers=writers,
        quiet=quiet,
        room=Room(outside, look) if outside.fills else None,
    )
    with SignalTaker(quiet, changed=writers.drain, ordered=lives.kill_all):
        child.go()
        if config.owner is not None:
            end_with(config.owner)
        status = tracer.run(init)
    child.raise_failure()
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Exits with init's code (128 + n: signal n).

    Else 2: wrong option or faults file, 69: impossible here, 73: a file cannot be created,
    126 or 127: init cannot be run, or not be found.
    """
    options = _parser().parse_args(arguments)
    argv = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not argv:
        _parser().error("the command to run as init is missing after --")
    reason = wrong_machine() or try_tracing()
    if reason is not None:
        print(reason, file=sys.stderr)
        return EX_UNAVAILABLE
    config = _config(options)
    try:
        return record(argv, config)
    except ContentError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except InitError as error:
        print(f"recorder: {error.filename}: {error.strerror}", file=sys.stderr)
        return 127 if error.errno == errno.ENOENT else 126
    except OSError as error:
        print(f"recorder: {error.filename or config.root}: {error.strerror}", file=sys.stderr)
        return _EX_CANTCREAT


def _config(options: argparse.Namespace) -> RecorderConfig:
    return RecorderConfig(
        root=options.root,
        store=options.store,
        host=options.host,
        faults=options.faults,
        ready_file=options.ready_file,
        owner=options.owner,
        tokens=options.token_form,
        opens=options.opens,
        spread=options.spread,
    )


def _process(text: str) -> pidfile.Process:
    pid, started = text.split(":")
    return pidfile.Process(int(pid), int(started))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="witnessmark.standin.recorder", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the host's root folder")
    parser.add_argument("--store", type=Path, required=True, help="NDJSON file to append to")
    parser.add_argument("--faults", type=Path, help="JSON list of faults to inject")
    parser.add_argument("--host", default="standin", help="the host's name")
    parser.add_argument("--ready-file", type=Path, help="created once init is being recorded")
    parser.add_argument("--owner", type=_process, help="PID:STARTED, with whose end all ends")
    parser.add_argument("--token-form", choices=("object", "array"), default="object")
    parser.add_argument("--opens", action="store_true", help="also emit opens for writing")
    parser.add_argument("--spread", action="store_true", help="let the host use every CPU")
    parser.add_argument("argv", nargs=argparse.REMAINDER, help="-- then init and its arguments")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
