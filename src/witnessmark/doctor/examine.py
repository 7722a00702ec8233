"""Examines every host at once; a dead one is one line, and none waits for another."""

from __future__ import annotations

import datetime as dt
import tempfile
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from witnessmark.content import pack
from witnessmark.doctor.folders import folders, leftovers
from witnessmark.doctor.lines import Line
from witnessmark.doctor.sensors import Watched, relied_on
from witnessmark.doctor.settings import settings
from witnessmark.doctor.standing import standing, tools
from witnessmark.errors import HostError
from witnessmark.fleet import MOST_HOSTS_AT_ONCE
from witnessmark.hosts.outcome import Outcome
from witnessmark.hosts.prepare import looked
from witnessmark.hosts.reach import reach
from witnessmark.model.verdicts import Status
from witnessmark.outline import reached
from witnessmark.plan import new_run_id
from witnessmark.survey import facts_by, with_end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from witnessmark.hosts.outcome import PrepareResult
    from witnessmark.hosts.transport import Transport
    from witnessmark.model.hosts import Host
    from witnessmark.model.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the doctor goes by."""

    run_id: str
    """A run that never takes place: its folders are where the doctor writes, and its marks."""
    wait_s: float
    """How long a source may take to show a command that was run, in seconds."""
    tolerance_s: float
    """How far a clock may be off, in seconds (the analytic's)."""
    catalogue: Sequence[Scenario]

    @property
    def mark(self) -> str:
        """What the doctor's own command and file are called."""
        return f"wm-{self.run_id}-doctor"


def terms(catalogue: Sequence[Scenario], wait_s: float, tolerance_s: float) -> Terms:
    """Terms with a run id of their own."""
    run_id = new_run_id(dt.datetime.now(dt.UTC))
    return Terms(run_id=run_id, wait_s=wait_s, tolerance_s=tolerance_s, catalogue=catalogue)


def examine(
    hosts: Sequence[Host], given: Terms, told: Callable[[str], None] = lambda _host: None
) -> list[Line]:
    """Every line about every host, in the inventory's order; ``told`` hears of each that is done.

    Raises:
        HostError: ansible could not begin at all, or there is no OpenSSH client.
    """
    by_name = {host.name: host for host in hosts}
    with ThreadPoolExecutor(min(len(hosts), MOST_HOSTS_AT_ONCE)) as pool:
        futures = {
            result.host: pool.submit(_one, by_name[result.host], result, given, told)
            for result in looked(hosts, given.run_id)
        }
        return [line for host in hosts for line in futures[host.name].result()]


def _one(
    host: Host, looked_at: PrepareResult, given: Terms, told: Callable[[str], None]
) -> list[Line]:
    lines: list[Line] = []
    try:
        for line in _host(host, looked_at, given):
            lines.append(line)
    except HostError as problem:
        lines.append(_line(host, "connection", Status.FAIL, str(problem), "look at the host"))
    except Exception as problem:  # noqa: BLE001 - the per-host loop: one host never stops the rest
        trace = "".join(traceback.format_exception(problem))
        lines.append(_line(host, "doctor", Status.ERROR, f"unexpected failure\n{trace}"))
    told(host.name)
    return lines


def _host(host: Host, looked_at: PrepareResult, given: Terms) -> Iterator[Line]:
    if not host.lab:
        reason = "the inventory does not call it a lab machine, so nothing was asked of it"
        yield _line(host, "lab", Status.FAIL, reason, "set witnessmark_lab: true if it is one")
        return
    try:
        transport = reach(host)
    except HostError as problem:
        yield _line(host, "login", Status.FAIL, str(problem))
        return
    try:
        yield _line(host, "login", Status.PASS, f"{reached(host)}{_known(host)}")
        yield from _reached(host, looked_at, transport, given)
    finally:
        transport.close()


def _reached(
    host: Host, looked_at: PrepareResult, transport: Transport, given: Terms
) -> Iterator[Line]:
    reason = (looked_at.reason or "").removeprefix(f"{host.name}: ")
    agreed = bool(looked_at.consent_owner and looked_at.consent_expires)
    if not agreed and looked_at.outcome is not Outcome.REFUSED:
        yield _line(host, "ansible", Status.FAIL, f"ansible cannot prepare it: {reason}")
        why = "consent could not be looked at, and nothing is tried without it"
        yield _line(host, "consent", Status.ERROR, why)
        return
    yield _line(host, "ansible", Status.PASS, "ansible reaches it as well")
    if not agreed:  # then not even a harmless command is run
        yield _line(host, "consent", Status.FAIL, reason)
        return
    told = f"by {looked_at.consent_owner}, until {looked_at.consent_expires}"
    yield _line(host, "consent", Status.PASS, told)
    yield from _tried(host, transport, given, reason)


def _tried(host: Host, transport: Transport, given: Terms, reason: str) -> Iterator[Line]:
    """All that is found out only by trying."""
    scripts = pack.build()
    facts = facts_by(transport, lambda name: scripts[f"lib/{name}"].decode())
    yield leftovers(transport)
    with tempfile.TemporaryDirectory(prefix="wm-doctor-") as folder:
        watched = Watched(transport, Path(folder), given.mark)
        try:
            watched.start(given.wait_s)
            found, written = folders(transport, given.run_id, given.mark)
            yield from found
            yield from _as_a_whole(host, reason, found)
            seen = list(watched.lines(given.wait_s, facts.clock_offset_s, given.tolerance_s))
            yield from (item if written else _unwritten(item) for item in seen)
        finally:
            watched.stop()
    yield from settings(transport, facts.home.removeprefix(host.path_prefix), seen)
    yield from relied_on(host.name, host.sources)
    yield from tools(facts, host, given.catalogue)
    yield from standing(with_end(facts, transport), given.tolerance_s)


def _as_a_whole(host: Host, reason: str, found: Iterable[Line]) -> Iterator[Line]:
    """What `prepare` would stumble over, unless a folder's own line says it already."""
    if reason and not any(item.status is Status.FAIL for item in found):
        yield _line(host, "folders", Status.FAIL, reason)


def _unwritten(item: Line) -> Line:
    """Nobody can say whether a file's write is recorded where no file could be written."""
    if not item.name.startswith("files ") or item.status is not Status.FAIL:
        return item
    why = "no file could be written in ~/Downloads or ~/Library/Caches, so its record could not be "
    why += "looked for"
    return Line(host=item.host, name=item.name, status=Status.ERROR, message=why)


def _known(host: Host) -> str:
    return "" if host.connection == "local" else ", its host key is the known one"


def _line(host: Host, name: str, status: Status, message: str, mend: str = "") -> Line:
    text = message.removeprefix(f"{host.name}: ")
    return Line(host=host.name, name=name, status=status, message=text, mend=mend)
