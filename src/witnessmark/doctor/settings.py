"""How a Mac is set up for the lab (docs/lab-mac.md): looked at, never changed.

A setting that cannot be read is not known, unless what it is for was tried and works.
"""

from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING, Any, Final
from xml.parsers.expat import ExpatError

from witnessmark.doctor.lines import Line
from witnessmark.doctor.osquery_settings import FLAGS, osquery
from witnessmark.doctor.santa_settings import santa
from witnessmark.errors import HostError
from witnessmark.hosts.prepare import said_lines, with_arguments
from witnessmark.model.hosts import Origin
from witnessmark.model.verdicts import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from witnessmark.hosts.transport import Transport
    from witnessmark.model.hosts import Source

LIMIT_S: Final = 30.0
MOST: Final = 4 << 20
"""Bytes of a setting's file that are read."""
FILES: Final = {
    "logging": "/Library/Managed Preferences/com.apple.system.logging.plist",
    "logging-local": "/Library/Preferences/Logging/com.apple.system.logging.plist",
    "santa": "/Library/Managed Preferences/com.northpolesec.santa.plist",
    "osquery": "/private/var/osquery/osquery.conf",
    "osquery-lab": "/private/var/osquery/osquery.conf.d/witnessmark.conf",
    "osquery-flags": "/private/var/osquery/osquery.flags",
}
"""Where each lies on the host. Assumed: Santa's and osquery's own packages put them there."""
READABLE: Final = "readable"
_QUIETLY: Final = ("-n", "--non-interactive")
_STYLE: Final = ("--style", "ndjson", "--predicate", "process == logger")
"""What follows `show` and `stream`; the sudoers lines of the playbook end with * there."""
FULL_DISK: Final = (
    "System Settings > General > Sharing > Remote Login > (i) > Allow full disk access for remote "
    "users (or, for a Mac that tests itself, Full Disk Access for the terminal)"
)


def settings(transport: Transport, home: str, seen: Iterable[Line]) -> Iterator[Line]:
    """The lines about a Mac's settings.

    Args:
        transport: the host.
        home: its user's home, as the host sees it.
        seen: what was tried already; a source whose writes were recorded needs no setting read.
    """
    host = transport.host
    text = with_arguments("settings.sh", host.path_prefix)
    result = transport.run(["/bin/sh", "-c", text], env={}, timeout_s=LIMIT_S)
    told = dict(said_lines(result.stdout.decode(errors="replace")))
    yield _full_disk(transport, told)
    yield _private_data(transport, told)
    works = {item.name for item in seen if item.status is Status.PASS}
    for source in host.sources:
        if _by_sudo(source):
            yield _sudo(transport, source)
        if source.kind in ("santa", "santa-json", "osquery") and source.path is not None:
            line = _of_sensor(transport, source, told, home)
            recorded = f"files {source.name}" in works
            yield _excused(line) if recorded and line.status is Status.ERROR else line


def _excused(line: Line) -> Line:
    message = f"{line.message}; but the writes that it is for were recorded"
    return Line(host=line.host, name=line.name, status=Status.SKIP, message=message)


def _full_disk(transport: Transport, told: Mapping[str, str]) -> Line:
    host, name = transport.host, "full-disk-access"
    found = told.get(name)
    if found == READABLE:
        message = "what only Full Disk Access may read can be read"
        return _line(transport, name, Status.PASS, message)
    if found == "denied":
        message = "this session has no Full Disk Access: sensors that it starts see nothing"
        return _line(transport, name, Status.FAIL, message, FULL_DISK)
    if host.origin is Origin.STAND_IN:
        return _line(transport, name, Status.SKIP, "a stand-in has no TCC")
    message = "nobody knows whether this session has Full Disk Access: there was nothing to try"
    return _line(transport, name, Status.ERROR, message)


def _private_data(transport: Transport, told: Mapping[str, str]) -> Line:
    name = "private-data"
    for code in ("logging", "logging-local"):
        if told.get(code) != READABLE:
            continue
        found = _plist(transport, FILES[code])
        system = found.get("System", found) if found is not None else None
        if not isinstance(system, dict):
            message = f"{FILES[code]} cannot be read as a property list"
            return _line(transport, name, Status.ERROR, message)
        if system.get("Enable-Private-Data") is True:
            message = f"the unified log tells private data ({FILES[code]})"
            return _line(transport, name, Status.PASS, message)
    if transport.host.origin is Origin.STAND_IN:
        return _line(transport, name, Status.SKIP, "a stand-in's log hides nothing")
    if any(told.get(code) not in ("absent", READABLE) for code in ("logging", "logging-local")):
        message = "nobody knows whether the unified log tells private data"
        return _line(transport, name, Status.ERROR, message)
    message = "no profile lets the unified log tell private data; it says <private> instead"
    return _line(transport, name, Status.SKIP, message)


def _by_sudo(source: Source) -> list[tuple[str, list[str]]]:
    """What a source has run by sudo: how sudo is called, and the words."""
    if source.command and source.command[0].rpartition("/")[2] == "sudo":
        words = source.command[1:]
        return [(source.command[0], [item for item in words if item not in _QUIETLY])]
    if source.unified_log is not None and source.unified_log.sudo:
        read = source.unified_log.read
        ways = [["show", *_STYLE], ["config", "--status"]] + [["stream", *_STYLE]] * (
            read != "show"
        )
        return [("sudo", ["/usr/bin/log", *way]) for way in ways]
    return []


def _sudo(transport: Transport, source: Source) -> Line:
    """Whether sudo would run the very words of a source's commands; it is only asked."""
    name = f"sudoers {source.name}"
    for sudo, words in _by_sudo(source):
        if not words or words[0].startswith("-"):
            message = "its command gives sudo other options than -n, so it could not be asked"
            return _line(transport, name, Status.ERROR, message)
        argv = [sudo, "-n", "-l", "--", *words]
        result = transport.run(argv, env={}, timeout_s=LIMIT_S)
        said = result.stderr.decode(errors="replace").strip().partition("\n")[0][:160]
        if result.status == 1:
            user = transport.host.user or "the user"
            mend = f"{user} ALL=(root) NOPASSWD: {' '.join(words)}  (in sudoers, with visudo; or "
            mend += "inventory/playbooks/lab-mac.yaml)"
            message = f"sudo does not let it run without a password ({said or 'no reason given'})"
            return _line(transport, name, Status.FAIL, message, mend)
        if result.status != 0:
            return _line(transport, name, Status.ERROR, f"sudo could not be asked ({said})")
    message = "sudo's rules let this user run these words (`sensor` tries whether they do)"
    return _line(transport, name, Status.PASS, message)


def _of_sensor(transport: Transport, source: Source, told: Mapping[str, str], home: str) -> Line:
    name = f"settings {source.name}"
    try:
        if source.kind == "osquery":
            found = osquery(_osquery_texts(transport, told), home)
        else:
            known = _plist(transport, FILES["santa"]) if told.get("santa") == READABLE else None
            found = santa(
                known, source.kind, home, lambda regex, path: _fits(transport, regex, path)
            )
    except HostError as problem:
        return _line(transport, name, Status.ERROR, str(problem))
    return _line(transport, name, found.status, found.message, found.mend)


def _osquery_texts(transport: Transport, told: Mapping[str, str]) -> dict[str, str]:
    found = {
        code: transport.read(FILES[code], 0, MOST).decode(errors="replace")
        for code in ("osquery", "osquery-lab", "osquery-flags")
        if told.get(code) == READABLE
    }
    if told.get("osquery-flags") == "absent":
        found[FLAGS] = ""
    return found


def _plist(transport: Transport, path: str) -> dict[str, Any] | None:
    try:
        found = plistlib.loads(transport.read(path, 0, MOST))
    except (HostError, ValueError, ExpatError, OverflowError, AttributeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _fits(transport: Transport, regex: str, path: str) -> bool | None:
    """Whether a path fits, as the host's perl has it: much as ICU, and a bad one costs the host."""
    program = "exit($ARGV[1] =~ /$ARGV[0]/ ? 0 : 1)"
    argv = ["perl", "-e", program, "--", regex, path]
    result = transport.run(argv, env={}, timeout_s=LIMIT_S)
    return {0: True, 1: False}.get(-1 if result.status is None else result.status)


def _line(transport: Transport, name: str, status: Status, message: str, mend: str = "") -> Line:
    text = message.removeprefix(f"{transport.host.name}: ")
    return Line(host=transport.host.name, name=name, status=status, message=text, mend=mend)
