"""Folders that a run reads and writes, free space, and what dead runs left: by really trying."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.doctor.lines import Line
from witnessmark.hosts.prepare import said_lines, with_arguments
from witnessmark.hosts.reasons import why
from witnessmark.model.verdicts import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from witnessmark.hosts.transport import Transport

LIMIT_S = 30.0
PLACES = {"home": "~/.", "downloads": "~/Downloads", "caches": "~/Library/Caches"}
ENOUGH_KIB = 100 << 10
"""A run's pack, payloads and evidence are a few MiB on a host; less than this is no working Mac."""
_DENIED = {
    "Operation not permitted": "macOS keeps it from remote users: System Settings > General > "
    "Sharing > Remote Login > (i) > Allow full disk access for remote users (or, for a Mac that "
    "tests itself, Full Disk Access for the terminal)",
    "Permission denied": "correct its owner and mode on the host",
    "Read-only file system": "the volume is mounted read-only; make it writable",
    "No such file or directory": "log in to the Mac once as this user, or create it",
    "No space left on device": "free some space on the host",
}


def folders(transport: Transport, run_id: str, probe: str) -> tuple[list[Line], bool]:
    """The lines, and whether the probe file was really written in each folder that is watched."""
    text = with_arguments("doctor.sh", run_id, probe)
    result = transport.run(["/bin/sh", "-c", text], env={}, timeout_s=LIMIT_S)
    said = said_lines(result.stdout.decode(errors="replace"))
    host = transport.host.name
    if ("end", "") not in said:
        message = f"trying the folders did not come to an end (exit {result.status})"
        return [Line(host=host, name="folders", status=Status.ERROR, message=message)], False
    lines = [_folder(host, name, place, said) for name, place in PLACES.items()]
    lines += [_space(host, said)]
    lines += [
        Line(
            host=host,
            name="probe",
            status=Status.FAIL,
            message=f"the doctor's own {what} could not be removed",
            mend="remove it by hand, or run `witnessmark cleanup`",
        )
        for code, what in said
        if code == "left"
    ]
    return lines, {("written", "~/Downloads"), ("written", "~/Library/Caches")} <= set(said)


def _folder(host: str, name: str, place: str, said: Sequence[tuple[str, str]]) -> Line:
    """One folder: listed, and a file written, read again and removed."""
    bad = [
        ("cannot be listed" if code == "unlisted" else "cannot be written in", detail)
        for code, detail in said
        if code in ("unlisted", "unwritten") and detail.startswith((f"{place}:", f"{place}/"))
    ]
    shown = place.removesuffix("/.")
    if not bad:
        good = {("listed", place), ("written", place)} <= set(said)
        status = Status.PASS if good else Status.ERROR
        message = "listed; a file was written, read and removed" if good else "nobody could look"
        return Line(host=host, name=name, status=status, message=f"{shown}: {message}")
    path, _, reason = bad[0][1].partition(": ")
    told = " and ".join(dict.fromkeys(what for what, _ in bad))
    return Line(
        host=host,
        name=name,
        status=Status.FAIL,
        message=f"{path.replace('~/./', '~/').removesuffix('/.')} {told} ({reason})",
        mend=_DENIED.get(reason, "look at it on the host"),
    )


def _space(host: str, said: Sequence[tuple[str, str]]) -> Line:
    told = [detail for code, detail in said if code == "free"]
    if not told or not all(item.isdecimal() and len(item) < 16 for item in told):
        message = "the host did not tell how much is free"
        return Line(host=host, name="disk", status=Status.ERROR, message=message)
    least = min(int(item) for item in told)
    message = f"{least >> 10} MiB free"
    if least >= ENOUGH_KIB:
        return Line(host=host, name="disk", status=Status.PASS, message=message)
    mend = f"free at least {ENOUGH_KIB >> 10} MiB"
    return Line(host=host, name="disk", status=Status.FAIL, message=message, mend=mend)


def leftovers(transport: Transport) -> Line:
    """What of dead or living runs is on the host: found by teardown's own script, untouched."""
    host = transport.host
    text = with_arguments("sweep.sh", "", "look")
    result = transport.run(["/bin/sh", "-c", text], env={}, timeout_s=2 * LIMIT_S)
    said = said_lines(result.stdout.decode(errors="replace"))
    alive = [what for code, what in said if code == "spared"]
    dead = [what for code, what in said if code in ("found", "running")]
    if alive:
        message = f"run {alive[0]} is going on; two runs on one host spoil each other"
        mend = "wait for it, or stop it"
        return Line(
            host=host.name, name="leftovers", status=Status.FAIL, message=message, mend=mend
        )
    if dead:
        return Line(
            host=host.name,
            name="leftovers",
            status=Status.FAIL,
            message=f"a dead run left {', '.join(_shortened(dead))}",
            mend="run `witnessmark cleanup`",
        )
    if result.status != 0:
        reason = why(host, said, result.stderr.decode(errors="replace"))
        return Line(host=host.name, name="leftovers", status=Status.ERROR, message=reason)
    return Line(
        host=host.name, name="leftovers", status=Status.PASS, message="no run left anything"
    )


def _shortened(found: Sequence[str]) -> Iterator[str]:
    yield from found[:3]
    if len(found) > 3:
        yield f"and {len(found) - 3} more"
