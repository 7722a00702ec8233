"""Asks a host about itself: facts, the inventory of files and processes, what a run left behind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from witnessmark import receipts
from witnessmark.errors import HostError
from witnessmark.hostclock import measure
from witnessmark.hosts.reach import reach
from witnessmark.model.run import STARTED, FileFact, HostFacts, Listing, Witness
from witnessmark.model.scenario import Phase
from witnessmark.phases import Folders, browser_env

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from witnessmark.hosts.transport import Transport
    from witnessmark.model.hosts import Host
    from witnessmark.model.run import PhaseResult, Step

QUICK_S = 20.0
"""Limit in seconds for the suite's own small commands on a host."""

MOST_EXTENSIONS = 50
"""How many system extensions are kept; a Mac has a handful."""

MOST_SAID = 1024
"""Characters of one answer of a host that are kept: more than any path or version has."""

LEFTOVERS = (
    'run=$1 tmp=$2; shift 2; [ ! -d "$tmp" ] || '
    'find "$tmp" -maxdepth 1 -name "org.witnessmark.$run*" -print0 || exit 1; '
    'for dir do [ -e "$dir" ] || continue; '
    'find "$dir" -maxdepth 3 -name "*$run*" -print0 || exit 1; done'
)


def ask_facts(transport: Transport, run_id: str) -> HostFacts:
    """What the host says of itself, and how far its clock is from the controller's."""
    return facts_by(transport, lambda name: _home_script(run_id, name))


def facts_by(transport: Transport, script_of: Callable[[str], str]) -> HostFacts:
    """The same where ``script_of`` gives the text of a script by its name, for ``sh -c``."""
    host = transport.host
    script = script_of("facts.sh")
    env = browser_env(host)
    result = transport.run(["/bin/sh", "-c", script], env=env, timeout_s=QUICK_S)
    if result.status != 0:
        raise HostError(
            f"{host.name}: the suite's pack is not on the host or cannot run there "
            f"(exit {result.status}); run `witnessmark prepare` again"
        )
    pairs = _pairs(result.stdout)
    said = {key: value for key, value in pairs if key != "have"}
    told = _controls(transport, script_of("controls.sh"))
    controls = dict(told)
    clock = measure(transport)
    return HostFacts(
        name=host.name,
        origin=host.origin.value,
        standin="" if host.standin is None else f"{host.standin.mode}: {host.standin.why}",
        os=said.get("os", ""),
        os_version=said.get("os_version", ""),
        os_build=said.get("os_build", ""),
        machine=said.get("machine", ""),
        user=said.get("user", ""),
        home=said.get("home", ""),
        names=tuple(dict.fromkeys(value for key, value in told if key == "name" and value)),
        clock_offset_s=clock.ahead_s if clock else None,
        clock_uncertainty_s=clock.uncertainty_s if clock else None,
        have=tuple(value for key, value in pairs if key == "have"),
        chip=controls.get("chip", ""),
        gatekeeper=controls.get("gatekeeper", ""),
        sip=controls.get("sip", ""),
        safari_safe_downloads=controls.get("safari_safe_downloads", ""),
        log_config=controls.get("log_config", ""),
        xprotect=controls.get("xprotect", ""),
        extensions=tuple(value for key, value in told if key == "extension")[:MOST_EXTENSIONS],
    )


def _pairs(said: bytes) -> list[tuple[str, str]]:
    parts = [line.partition("=") for line in said.decode(errors="replace").splitlines()]
    return [(key, value[:MOST_SAID]) for key, _, value in parts]


def _controls(transport: Transport, script: str) -> list[tuple[str, str]]:
    """How the host protects itself; empty where it does not tell, which stops no run."""
    try:
        result = transport.run(["/bin/sh", "-c", script], env={}, timeout_s=QUICK_S)
    except HostError:
        return []
    return _pairs(result.stdout) if result.status == 0 else []


def with_end(facts: HostFacts, transport: Transport) -> HostFacts:
    """The facts with the clock as it is after the last case; unknown if the host does not say."""
    clock = measure(transport)
    if clock is None:
        return replace(facts, clock_offset_end_s=None)
    widest = max(clock.uncertainty_s, facts.clock_uncertainty_s or 0.0)
    return replace(facts, clock_offset_end_s=clock.ahead_s, clock_uncertainty_s=widest)


def list_host(transport: Transport, run_id: str, pids: Iterable[int] = ()) -> Listing:
    """The inventory of a host: files in reach of the suite, and which of ``pids`` still run.

    A process counts as running on also if another one of the group that it led does.
    """
    script = _home_script(run_id, "list.sh")
    argv = ["/bin/sh", "-c", script, "list", *map(str, sorted(pids))]
    result = transport.run(argv, env={"WM_PREFIX": transport.host.path_prefix}, timeout_s=QUICK_S)
    if result.status != 0 or result.cut:
        return Listing(
            taken_ns=result.finished_ns,
            problem=f"{transport.host.name}: the inventory could not be taken "
            f"(exit {result.status}, {result.cut} bytes cut)",
        )
    return receipts.listing(result.stdout, result.finished_ns, transport.host.path_prefix)


def started_pids(phases: Iterable[PhaseResult]) -> set[int]:
    """Every process that the receipts name: the scripts themselves and what they started."""
    steps = [step for phase in phases for step in phase.steps]
    return {pid for step in steps for pid in _own(step) if pid and pid > 1}


def _own(step: Step) -> tuple[int | None, ...]:
    # A payload's parent is the script or the browser; the parent of the script is not ours.
    return (step.pid, step.ppid) if step.step in STARTED else (step.pid,)


def _home_script(run_id: str, name: str) -> str:
    # The run id is checked against its pattern before it gets here, the name is a literal of ours.
    # Sourced, not started: one process image less for the host to run and for its sensor to see.
    return f'. "$HOME/.witnessmark/{run_id}/pack/lib/{name}"'


def left_behind(host: Host, facts: HostFacts, run_id: str) -> tuple[str, ...] | None:
    """What of a run is still on a host; None where the host could not be searched."""
    folders = Folders(home=facts.home, run_id=run_id)
    places = (
        f"{folders.home}/.witnessmark",
        f"{folders.home}/Downloads",
        f"{folders.home}/Library/Caches",
    )
    transport = reach(host)
    try:
        temporary = f"{host.path_prefix}/private/tmp"
        argv = ["/bin/sh", "-c", LEFTOVERS, "leftovers", run_id, temporary, *places]
        result = transport.run(argv, env={}, timeout_s=30.0)
    finally:
        transport.close()
    if result.status != 0:
        return None
    found = [item.decode(errors="backslashreplace") for item in result.stdout.split(b"\0") if item]
    return tuple(item.removeprefix(host.path_prefix) for item in found)


def witnesses(
    transport: Transport, phases: Sequence[PhaseResult], folders: Folders
) -> tuple[Witness, ...]:
    """What the payloads of an attack wrote of themselves; none where they wrote nothing."""
    attack = next((item for item in phases if item.phase is Phase.ATTACK), None)
    if attack is None:
        return ()
    prefix = transport.host.path_prefix
    path = f"{folders.own}/evidence/{attack.mark}".removeprefix(prefix)
    try:
        return receipts.witnesses(transport.read(path))
    except HostError:
        return ()


def dropped(
    transport: Transport, facts: HostFacts, phases: Sequence[PhaseResult]
) -> tuple[FileFact, ...]:
    """The files that the receipts say were dropped, as the host itself has them."""
    prefix = transport.host.path_prefix
    paths = sorted(
        {step.path for item in phases for step in item.steps if step.step == "drop" and step.path}
    )
    if not paths:
        return ()
    form = ["-f", "%i|%z|%B|%c"] if facts.os == "Darwin" else ["-c", "%i|%s|%W|%Z"]
    argv = ["stat", *form, "--", *(prefix + path for path in paths)]
    if facts.os == "Darwin":
        argv.remove("--")
    result = transport.run(argv, env={}, timeout_s=QUICK_S)
    lines = result.stdout.decode(errors="replace").splitlines()
    if result.status != 0 or len(lines) != len(paths):
        return tuple(FileFact(path=path) for path in paths)
    return tuple(
        receipts.file_fact(path, line, _content(transport, path))
        for path, line in zip(paths, lines, strict=True)
    )


def _content(transport: Transport, path: str) -> bytes | None:
    try:
        return transport.read(path, 0, 1 << 20)
    except HostError:
        return None
