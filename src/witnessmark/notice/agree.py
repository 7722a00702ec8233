"""Makes a notice of a plan, and holds a plan against the notice that announced it."""

from __future__ import annotations

import hashlib
import socket
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from witnessmark.errors import NoticeError
from witnessmark.model.notice import Announced, Notice, Window
from witnessmark.notice.moments import nanoseconds, written
from witnessmark.notice.signing import Signer, Trust, check, read
from witnessmark.notice.text import MOST_BYTES, parse, problems, render
from witnessmark.outline import reached

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from witnessmark.model.hosts import Host
    from witnessmark.model.run import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A notice whose signature was checked, with the bytes that were signed."""

    path: Path
    notice: Notice
    signer: Signer
    files: Mapping[str, bytes]
    """``notice.yaml`` and ``notice.yaml.sig``, as they are kept in the bag."""

    @property
    def announced(self) -> Announced:
        """What the plan of the run carries of it."""
        return Announced(
            sha256=hashlib.sha256(self.files["notice.yaml"]).hexdigest(),
            signer=self.signer.name,
            key=self.signer.key,
            begins_ns=nanoseconds(self.notice.window.begins),
            ends_ns=nanoseconds(self.notice.window.ends),
        )


def announce(
    plan: Plan,
    pack: Mapping[str, bytes],
    *,
    begins_ns: int,
    ends_ns: int,
    contact: str,
    purpose: str = "",
) -> Notice:
    """The notice of exactly this plan.

    Raises:
        NoticeError: what it would say cannot be announced (a window that ends before it begins).
    """
    notice = Notice(
        format=1,
        run=plan.run_id,
        marks=f"wm-{plan.run_id}-*",
        cases=len(plan.cases),
        window=Window(begins=written(begins_ns), ends=written(ends_ns)),
        contact=contact,
        purpose=purpose,
        profile=plan.profile,
        content=content_digest(pack),
        hosts={host.name: where(host) for host in plan.hosts},
        scenarios={case.scenario.id: case.scenario.title for case in plan.cases},
    )
    for problem in problems(notice):
        raise NoticeError(f"this cannot be announced: {problem}")
    raw = render(notice).encode()
    if len(raw) > MOST_BYTES:
        raise NoticeError(
            f"this cannot be announced: the notice would be larger than {MOST_BYTES >> 10} KiB; "
            "announce fewer hosts at once (--limit)"
        )
    parse(raw, "the notice")  # what is signed can be read again
    return notice


def open_notice(
    path: Path, trust: Trust, at_ns: int | None = None, signature: Path | None = None
) -> Signed:
    """The notice in a file, if its signature (``FILE.sig``, unless another is named) is good.

    Raises:
        NoticeError: it is not signed by anybody whom ``trust`` names, was altered, or is none.
        UsageError: a file cannot be read.
    """
    data = read(path)
    signature = signature or path.with_name(path.name + ".sig")
    signer = check(data, signature, trust, at_ns)
    files = {"notice.yaml": data, "notice.yaml.sig": read(signature)}
    return Signed(path=path, notice=parse(data, str(path)), signer=signer, files=files)


def agreed(plan: Plan, signed: Signed, pack: Mapping[str, bytes]) -> Plan:
    """The plan, carrying its notice, if the notice announces every part of it.

    Raises:
        NoticeError: with everything in which the plan differs.
    """
    found = list(_differences(plan, signed.notice, pack))
    if found:
        raise NoticeError(*(f"{signed.path}: {item}" for item in found))
    return replace(plan, notice=signed.announced)


def _differences(plan: Plan, notice: Notice, pack: Mapping[str, bytes]) -> Iterator[str]:
    if plan.run_id != notice.run:
        yield f"announces run {notice.run}, and this is run {plan.run_id}"
    for host in plan.hosts:
        told = notice.hosts.get(host.name)
        if told is None:
            yield f"does not announce the host {host.name}; leave it out with --limit"
        elif told != where(host):
            yield (
                f"announces {host.name} as {told!r}, and in this inventory it is {where(host)!r}; "
                "name the inventory that was announced, or make a new notice"
            )
    for name in dict.fromkeys(case.scenario.id for case in plan.cases):
        if name not in notice.scenarios:
            yield f"does not announce the scenario {name}; choose others with -s"
    if plan.profile != notice.profile:
        yield (
            f"announces {_profile(notice.profile)}, and this run has {_profile(plan.profile)}; "
            "run it as announced, or make a new notice"
        )
    if len(plan.cases) > notice.cases:
        yield f"announces {notice.cases} cases, and this run has {len(plan.cases)}"
    if content_digest(pack) != notice.content:
        yield "the scenarios' files have changed since it was made; make a new notice"


def _profile(name: str | None) -> str:
    return "the deployed parameters" if name is None else f"profile {name}"


def where(host: Host) -> str:
    """How a host is reached, as a SOC can look it up; a host that tests itself by its own name."""
    found = reached(host)
    return f"{found}: {socket.gethostname()}" if host.connection == "local" else found


def content_digest(pack: Mapping[str, bytes]) -> str:
    """One SHA-256 over all the files that are laid on the hosts, with their names."""
    lines = (f"{hashlib.sha256(pack[name]).hexdigest()}  {name}\n" for name in sorted(pack))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
