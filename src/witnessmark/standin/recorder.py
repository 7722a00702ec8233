"""Records what the processes of a stand-in host really do, as eslogger would tell it.

    python -m witnessmark.standin.recorder --root ROOT --store STORE.ndjson [...] -- ARGV...

starts ARGV (the host's init) in a session of its own, follows it and all its descendants, and
appends one line per event to STORE until the last of them has gone. Nothing is ever scripted: an
event exists only if the kernel stopped a process for it. Where that is impossible it refuses (69).

Limits: ignores set-uid bits, a process inside can trace no other, only opens for writing are seen.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

from witnessmark.errors import ContentError, Unsupported

from . import bpf, faults, pidfile, ptrace
from .beginning import announce, write_snapshot
from .child import InitError
from .config import RecorderConfig, parser
from .config import config as configured
from .cpu import one_cpu
from .emit import Emitter, Store
from .eyes import Eyes, HostEyes
from .faults.journal import journal
from .faults.outside import OutsideFaults
from .faults.sensor import SensorFaults
from .faults.store import StoreFaults
from .files import read_link
from .further import sensors
from .inotify import Inotify
from .lives import Lives
from .look import Look
from .oslog import OS_LOG
from .oslogged import Oslogged
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


_EX_CANTCREAT = 73

__all__ = ["RecorderConfig", "main", "record", "refusal"]


def record(argv: Sequence[str | bytes], config: RecorderConfig) -> int:
    """Run `argv` as the host's init and record it; returns its exit code (128 + n: signal n).

    Takes over the calling process: it reaps every child, blocks signals and adopts orphans. Raises
    ContentError for a wrong faults file, OSError if `argv` or the store cannot be opened.
    """
    arch = architecture()
    if arch is None:
        raise Unsupported(str(wrong_machine()))
    injected = () if config.faults is None else faults.load(config.faults)
    note, seen = journal(config.faults), _eyes(config)
    shape = Shape(
        seen.translator,
        host=config.host,
        tokens=config.tokens,
        view=seen.view,
        numbers=seen.numbers,
    )
    outside = OutsideFaults(injected, config.faults, note)
    if outside.fills and not arch.foreign_bit:
        raise ContentError([f"{config.faults}: host full: only on x86_64"])
    store = Store(config.store)
    also = sensors(config.also, config.root, config.host, injected, note)
    emitter = Emitter(
        store,
        shape,
        tokens=config.tokens,
        faults=SensorFaults(injected, note),
        store_faults=StoreFaults(injected, store, note),
        outside=outside,
        oslogged=Oslogged(config.root / OS_LOG) if config.oslog else None,
        also=also,
        hidden_groups=frozenset() if config.namespace else config.hidden_groups,
    )
    inotify = Inotify()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, WAKING)
    inotify.announce_by(signal.SIGIO)
    ptrace.adopt_orphans()
    gc.freeze()
    try:
        with contextlib.nullcontext() if config.spread else one_cpu():
            return _trace(argv, config, arch, seen, shape, emitter, inotify, outside)
    finally:
        inotify.close()
        store.close()
        for sensor in also:
            sensor.close()
        while signal.sigtimedwait({signal.SIGIO}, 0) is not None:
            pass  # it would kill this process once unblocked
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _trace(
    argv: Sequence[str | bytes],
    config: RecorderConfig,
    arch: Architecture,
    seen: Eyes,
    shape: Shape,
    emitter: Emitter,
    inotify: Inotify,
    outside: OutsideFaults,
) -> int:
    reader, processes = ptrace.Reader(), Processes(seen.numbers)
    writers = Writers(inotify, emitter, shape)
    look = Look(
        reader=reader,
        translator=seen.translator,
        view=seen.view,
        numbers=seen.numbers,
        shape=shape,
        emitter=emitter,
        writers=writers,
        opens=config.opens,
    )
    quiet = threading.Lock()
    child = seen.start(argv, bpf.program(arch, room=outside.fills))
    seen.view.of(child.pid)
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
        started=lambda: _started(config, init.pid),
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


def _eyes(config: RecorderConfig) -> Eyes:
    if config.namespace:
        return HostEyes(root=config.root, host=config.host, state=config.state)
    return Eyes(translator=Translator(config.root))


def _started(config: RecorderConfig, init: int) -> None:
    if config.namespace and config.state is not None:
        pidfile.write_pid(config.state / "init.pid", init)  # it does not know this number
    announce(config.ready_file, init)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Exits with init's code (128 + n: signal n).

    Else 2: wrong option or faults file, 69: impossible here, 73: a file cannot be created,
    126 or 127: init cannot be run, or not be found.
    """
    options = (words := parser(__doc__)).parse_args(arguments)
    argv = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not argv:
        words.error("the command to run as init is missing after --")
    reason = wrong_machine() or try_tracing()
    if reason is not None:
        print(reason, file=sys.stderr)
        return EX_UNAVAILABLE
    config = configured(options)
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


if __name__ == "__main__":
    raise SystemExit(main())
