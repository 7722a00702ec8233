"""Branch A: what browsers spawn, and what only looks like it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet import programs
from fleet.programs import BASH, CURL, OSASCRIPT, PYTHON, SH, VENDOR, XPCPROXY, ZSH

if TYPE_CHECKING:
    from fleet.daily import Desk
    from fleet.host import Host, Story

SPAWNED = "A1 A4"


def shell(host: Host, desk: Desk) -> Story:
    """A browser runs a shell."""
    proc, number = host.spawn(desk.chrome, SH, "sh", "-c", "id")
    host.expect("shell", "fired", SPAWNED, number, desk.chrome.pid)
    yield 0.3
    host.exit(proc)


def chain(host: Host, desk: Desk) -> Story:
    """Shell, python, osascript: three processes, one alert."""
    first, number = host.spawn(desk.firefox, ZSH, "zsh", "-c", "python3 x.py")
    host.expect("chain", "fired", SPAWNED, number, desk.firefox.pid)
    yield 2.0
    second, _ = host.spawn(first, PYTHON, "python3", "x.py")
    yield 2.0
    third, _ = host.spawn(second, OSASCRIPT, "osascript", "-e", "beep")
    yield 1.0
    for proc in (third, second, first):
        host.exit(proc)


def below(host: Host, desk: Desk) -> Story:
    """What the browser spawned runs nothing itself; its child two levels down does."""
    first, _ = host.spawn(desk.chrome, CURL, "curl", "https://example.invalid")
    second, _ = host.spawn(first, VENDOR)
    yield 5.0
    third, number = host.spawn(second, BASH, "bash", "-c", "id")
    host.expect("below", "fired", SPAWNED, number, desk.chrome.pid)
    yield 1.0
    for proc in (third, second, first):
        host.exit(proc)


def native_host(host: Host, desk: Desk) -> Story:
    """A native messaging host: its browser disclaims responsibility for it."""
    proc = host.fork(desk.chrome)
    proc.responsible = ""
    number = host.exec(proc, PYTHON, "python3", "/Library/Native/host.py")
    host.expect("native host", "fired", SPAWNED, number, desk.chrome.pid)
    yield 20.0
    host.exit(proc)


def responsible(host: Host, desk: Desk) -> Story:
    """launchd starts it, and Safari is responsible."""
    proc, _ = host.spawn(host.init, XPCPROXY, "xpcproxy", "service", responsible=desk.safari)
    number = host.exec(proc, BASH, "bash", "-c", "id", responsible=desk.safari)
    host.expect("responsible", "fired", "A1 A2 A4", number, desk.safari.pid)
    yield 1.0
    host.exit(proc)


def writable(host: Host, desk: Desk) -> Story:
    """A program in somebody's home."""
    signed = replace(VENDOR, path=f"/Users/kim/Tools/{host.rng.getrandbits(32):x}/tool")
    proc, number = host.spawn(desk.firefox, signed)
    host.expect("writable", "fired", SPAWNED, number, desk.firefox.pid)
    yield 1.0
    host.exit(proc)


def unsigned(host: Host, desk: Desk) -> Story:
    """An unsigned program, wherever it lies."""
    proc, number = host.spawn(desk.chrome, programs.unsigned("/opt/tools/bin/helper"))
    host.expect("unsigned", "fired", SPAWNED, number, desk.chrome.pid)
    yield 1.0
    host.exit(proc)


def stranger(host: Host, desk: Desk) -> Story:
    """Nobody saw the parent: undetermined (A7)."""
    proc = host.unseen(VENDOR)
    number = host.exec(proc, SH, "sh", "-c", "id")
    host.expect("unknown parent", "undetermined", "A1 A4 A7", number, None)
    yield 0.5
    host.exit(proc)


def helper(host: Host, desk: Desk) -> Story:
    """The browser's own helper, and its crash reporter."""
    for image in (programs.CHROME_HELPER, programs.CRASHPAD):
        proc, number = host.spawn(desk.chrome, image)
        host.expect("helper", "silent", "A5", number, None)
        yield 1.0
        host.exit(proc)


def too_deep(host: Host, desk: Desk) -> Story:
    """Four levels below what the browser spawned."""
    chain = [host.spawn(desk.chrome, VENDOR)[0]]
    for _ in range(3):
        chain.append(host.spawn(chain[-1], VENDOR)[0])
    proc, number = host.spawn(chain[-1], SH, "sh", "-c", "id")
    host.expect("depth", "silent", "A4", number, None)
    yield 1.0
    for item in (proc, *reversed(chain)):
        host.exit(item)


def too_slow(host: Host, desk: Desk) -> Story:
    """What the browser spawned runs a shell only when its window is over."""
    first, _ = host.spawn(desk.chrome, VENDOR)
    yield 31.0
    second, number = host.spawn(first, SH, "sh", "-c", "id")
    host.expect("slow", "silent", "A4", number, None)
    host.exit(second)
    host.exit(first)


def reused(host: Host, desk: Desk) -> Story:
    """A pid that was a browser's child, and is launchd's now."""
    proc, _ = host.spawn(desk.chrome, VENDOR)
    host.exit(proc)
    yield 0.5
    other = host.fork(host.init, pid=proc.pid)
    number = host.exec(other, SH, "sh", "-c", "id")
    host.expect("reused pid", "silent", "A1", number, None)
    yield 0.5
    host.exit(other)


def spoof(host: Host, desk: Desk) -> Story:
    """A program that only calls itself Safari."""
    proc, _ = host.spawn(desk.shell, programs.unsigned("/private/tmp/Safari"), "Safari")
    child, number = host.spawn(proc, SH, "sh", "-c", "id")
    host.expect("spoof", "silent", "A1", number, None)
    yield 0.5
    host.exit(child)
    host.exit(proc)


def dropped_and_spawned(host: Host, desk: Desk) -> Story:
    """A browser runs what it has just downloaded: both branches."""
    path = f"/Users/kim/Downloads/both-{host.rng.getrandbits(48):012x}.sh"
    file = host.file(f"{path}.crdownload")
    host.close(desk.chrome, file)
    ref = host.rename(desk.chrome, file, path)
    yield 1.0
    proc, number = host.spawn(desk.chrome, SH, "sh", path)
    host.expect("both", "fired", SPAWNED, number, desk.chrome.pid)
    host.expect("both", "fired", "B1 B2 B3 B5", number, ref)
    yield 0.5
    host.exit(proc)


STORIES = (
    shell, chain, below, native_host, responsible, writable, unsigned, stranger, helper, too_deep,
    too_slow, reused, spoof, dropped_and_spawned,
)  # fmt: skip
