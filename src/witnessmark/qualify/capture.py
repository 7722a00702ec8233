"""Makes the probes on one host while its sources are collected, and leaves nothing there."""

from __future__ import annotations

import ipaddress
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from witnessmark.content import pack as scenario_pack
from witnessmark.content import root
from witnessmark.doctor.folders import leftovers
from witnessmark.errors import HostError
from witnessmark.hosts.prepare import looked, said_lines, with_arguments
from witnessmark.hosts.reach import reach
from witnessmark.hosts.reasons import why
from witnessmark.model.verdicts import Status
from witnessmark.qualify.listen import Listening
from witnessmark.qualify.pack import Capture
from witnessmark.qualify.private import PUBLIC, RESERVED, Private, What, known
from witnessmark.qualify.probes import MARK
from witnessmark.survey import facts_by, left_behind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from witnessmark.hosts.transport import Transport
    from witnessmark.model.hosts import Host
    from witnessmark.model.run import HostFacts

LIMIT_S: Final = 60.0
GENERIC: Final = frozenset(("corp", "home", "intern", "internal", "office", "intranet", "domain"))
"""Parts of a domain that name no organisation."""
_CODES: Final = {item.value: item for item in What}


def capture(
    host: Host,
    run_id: str,
    *,
    wait_s: float,
    words: Sequence[str] = (),
    told: Callable[[str], None] = lambda _stage: None,
) -> Capture:
    """All that the probes left in the host's sources, and all that tells whose host it is.

    Args:
        host: a lab host with consent and at least one source.
        run_id: whose folders are used; a run that never takes place.
        wait_s: how long a source may take to show what was done, in seconds.
        words: what else must not be in a pack.
        told: hears of each stage.

    Raises:
        HostError: there is no consent, it cannot be reached, a source cannot be read, or something
            of ours could not be removed again.
        PackError: who it is of cannot be taken out of a text.
    """
    told("look at consent and folders")
    consent = next(iter(looked([host], run_id)))
    if not consent.ok:
        raise HostError(consent.reason or f"{host.name}: it cannot be qualified")
    transport = reach(host)
    try:
        _nothing_there(transport)
        scripts = scenario_pack.build()
        facts = facts_by(transport, lambda name: scripts[f"lib/{name}"].decode())
        privates = [*_identity(transport), *_inventory(host, consent.consent_owner)]
        privates += [item for word in words if (item := known(What.WORD, word))]
        try:
            told("make the probes")
            return _probed(transport, facts, run_id, wait_s, tuple(privates))
        finally:
            told("remove what the probes left")
            _removed(transport, facts, run_id)
    finally:
        transport.close()


def _nothing_there(transport: Transport) -> None:
    found = leftovers(transport)
    if found.status is not Status.PASS:
        mend = f"; {found.mend}" if found.mend else ""
        raise HostError(f"{transport.host.name}: {found.message}{mend}")


def _identity(transport: Transport) -> Iterator[Private]:
    """What the host says of itself that nobody else must hear."""
    result = transport.run(
        ["/bin/sh", "-c", with_arguments("identity.sh")], env={}, timeout_s=LIMIT_S
    )
    said = said_lines(result.stdout.decode(errors="replace"))
    if ("end", "") not in said:
        raise HostError(
            f"{transport.host.name}: it did not tell who it is (exit {result.status}), so nothing "
            "could be taken out of its records; nothing was done"
        )
    for code, detail in said:
        if code in _CODES:
            yield from _known(_CODES[code], detail)


def _known(what: What, value: str) -> Iterator[Private]:
    if what is What.VOLUME and value == "Macintosh HD":
        return
    item = known(what, value)
    if item is None:
        return
    yield item
    if what is What.PERSON:
        for part in value.split():
            if len(part) > 3 and part.casefold() not in RESERVED | PUBLIC:
                yield Private(what=What.WORD, value=part)
    if what is What.HOST and "." in value:
        first, _, domain = value.partition(".")
        yield from _known(What.HOST, first)
        yield from _known(What.DOMAIN, domain)
    if what is What.DOMAIN:  # com.acme.agent names the organisation as acme.com does
        for label in value.split(".")[:-1]:
            if len(label) > 3 and label.casefold() not in RESERVED | PUBLIC | GENERIC:
                yield Private(what=What.WORD, value=label)


def _inventory(host: Host, owner: str) -> Iterator[Private]:
    yield from _known(What.HOST, host.name)
    yield from _known(What.PERSON, owner)
    try:
        if not ipaddress.ip_address(host.address).is_loopback:
            yield Private(what=What.ADDRESS, value=host.address)
    except ValueError:
        yield from _known(What.HOST, host.address)
    if host.user is not None:
        yield from _known(What.USER, host.user)
    if host.path_prefix:
        yield Private(what=What.FOLDER, value=host.path_prefix)


def _probed(
    transport: Transport,
    facts: HostFacts,
    run_id: str,
    wait_s: float,
    privates: tuple[Private, ...],
) -> Capture:
    host, mark = transport.host, MARK.format(run=run_id)
    with tempfile.TemporaryDirectory(prefix="wm-qualify-") as folder:  # 0700, and gone afterwards
        listening = Listening(transport, Path(folder), mark)
        try:
            listening.start(wait_s)
            said = _made(transport, facts, run_id)
            sources = listening.end(wait_s)
        finally:
            listening.stop()
    done = {detail.partition(": ")[0]: _how(code, detail) for code, detail in said if code in _HOW}
    return Capture(
        origin=host.origin,
        system={
            "os": facts.os,
            "os_version": facts.os_version,
            "os_build": facts.os_build,
            "machine": facts.machine,
            "chip": facts.chip,
        },
        run_id=run_id,
        privates=privates,
        pids=tuple(int(what) for code, what in said if code == "pid" and what.isdecimal()),
        done=done,
        sources=sources,
    )


_HOW: Final = ("did", "missing", "failed")


def _how(code: str, detail: str) -> str:
    return detail.partition(": ")[2] or code if code == "failed" else code


def _made(transport: Transport, facts: HostFacts, run_id: str) -> list[tuple[str, str]]:
    """The probes, by a script that lies on the host: a sensor would record its whole text else."""
    own = f"{facts.home}/.witnessmark/{run_id}"
    made = transport.run(["mkdir", "-p", "-m", "700", own], env={}, timeout_s=LIMIT_S)
    if made.status != 0:
        raise HostError(f"{transport.host.name}: ~/.witnessmark/{run_id} could not be made")
    script = (root() / "inventory" / "playbooks" / "qualify.sh").read_bytes()
    paper = transport.scratch(f"{own}/probes.sh".removeprefix(transport.host.path_prefix))
    try:
        paper.put(script)
    finally:
        paper.close()
    result = transport.run(["/bin/sh", f"{own}/probes.sh", run_id], env={}, timeout_s=LIMIT_S)
    said = said_lines(result.stdout.decode(errors="replace"))
    if ("end", "") not in said:
        reason = next((what for code, what in said if code == "failed"), "no answer")
        raise HostError(
            f"{transport.host.name}: the probes did not come to an end (exit {result.status}; "
            f"{reason})"
        )
    return said


def _removed(transport: Transport, facts: HostFacts, run_id: str) -> None:
    """Teardown's own script, and a look whether it was enough. Raises HostError if it was not."""
    host, mend = transport.host, f"run `witnessmark teardown --run {run_id}`"
    argv = ["/bin/sh", "-c", with_arguments("sweep.sh", run_id)]
    try:
        try:
            result = transport.run(argv, env={}, timeout_s=LIMIT_S)
        except HostError:  # the connection was lost: once more, over one of its own
            again = reach(host)
            try:
                result = again.run(argv, env={}, timeout_s=LIMIT_S)
            finally:
                again.close()
        left = left_behind(host, facts, run_id) if result.status == 0 else None
    except HostError as problem:
        raise HostError(f"{problem}; what the probes left may still be there: {mend}") from problem
    if result.status != 0:
        said = said_lines(result.stdout.decode(errors="replace"))
        raise HostError(f"{why(host, said, result.stderr.decode(errors='replace'))}; {mend}")
    if left is None or left:
        where = "nobody could look whether all is removed" if left is None else ", ".join(left)
        raise HostError(f"{host.name}: left behind: {where}; {mend}")
