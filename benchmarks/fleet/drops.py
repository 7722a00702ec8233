"""Branch B: files that are dropped and executed, and what only looks like it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fleet import programs
from fleet.programs import BASH, CURL, ENV, PERL, PYTHON, SH, ZSH

if TYPE_CHECKING:
    from fleet.daily import Desk
    from fleet.host import Host, Story
    from fleet.records import File, Image, Proc

HOME = "/Users/kim"
DOWN = f"{HOME}/Downloads"
CACHES = f"{HOME}/Library/Caches/org.example.tool"
W = 600.0
MOVED = "B1 B2 B3 B5"
PLAIN = "B1 B3 B5"


def _name(host: Host, folder: str = DOWN, end: str = ".sh") -> str:
    return f"{folder}/invoice-{host.rng.getrandbits(48):012x}{end}"


def _download(host: Host, browser: Proc, path: str) -> tuple[File, int]:
    """A browser's download: written under a temporary name, then renamed."""
    file = host.file(f"{path}.crdownload")
    host.create(browser, file)
    host.close(browser, file)
    host.quarantine(browser, file)
    return file, host.rename(browser, file, path)


def _written(host: Host, writer: Proc, path: str) -> tuple[File, int]:
    file = host.file(path)
    host.create(writer, file, new=False)
    return file, host.close(writer, file)


def _run(host: Host, desk: Desk, image: Image, *args: str, **more: Any) -> int:
    proc, number = host.spawn(desk.shell, image, *args, **more)
    host.begin(_ends(host, proc), 0.2)
    return number


def _ends(host: Host, proc: Proc) -> Story:
    host.exit(proc)
    return
    yield 0.0


def _fetched(host: Host, desk: Desk, path: str) -> tuple[File, int]:
    curl, _ = host.spawn(desk.shell, CURL, "curl", "-o", path, "https://example.invalid/x")
    found = _written(host, curl, path)
    host.exit(curl)
    return found


def browser_download(host: Host, desk: Desk) -> Story:
    """Chrome writes a temporary name and renames it; a shell runs it by its path."""
    path = _name(host)
    _, ref = _download(host, desk.chrome, path)
    yield host.rng.uniform(0.5, 500)
    host.expect("operand", "fired", MOVED, _run(host, desk, SH, "sh", path), ref)


def over_a_reservation(host: Host, desk: Desk) -> Story:
    """Firefox reserves the name with an empty file and renames its .part over it."""
    path = _name(host, end=".py")
    reserved = host.file(path, size=0)
    host.create(desk.firefox, reserved, new=False)
    part = host.file(f"{path}.part")
    host.close(desk.firefox, part)
    ref = host.rename(desk.firefox, part, path, over=reserved)
    yield 1.5
    host.expect(
        "option", "fired", MOVED, _run(host, desk, PYTHON, "python3", "-u", "--", path), ref
    )


def direct_script(host: Host, desk: Desk) -> Story:
    """curl writes it, and it is executed itself."""
    file, ref = _fetched(host, desk, _name(host))
    yield 2.0
    number = _run(host, desk, SH, "/bin/sh", file.path, script=file)
    host.expect("script", "fired", PLAIN, number, ref)


def image(host: Host, desk: Desk) -> Story:
    """A compiled program in a cache directory."""
    file, ref = _fetched(host, desk, _name(host, CACHES, ""))
    yield host.rng.uniform(1, 590)
    number = _run(host, desk, programs.ad_hoc(file.path), file.path, file=file)
    host.expect("image", "fired", PLAIN, number, ref)


def updater(host: Host, desk: Desk) -> Story:
    """A signed updater that runs from a cache: fired, of severity info."""
    file, ref = _written(host, desk.editor, _name(host, CACHES, "-Updater"))
    yield 3.0
    signed = replace(programs.VENDOR, path=file.path)
    host.expect("updater", "fired", PLAIN, _run(host, desk, signed, file=file), ref)


def wrapped(host: Host, desk: Desk) -> Story:
    """env runs a script: the exec that env makes counts."""
    path = _name(host)
    _, ref = _download(host, desk.chrome, path)
    yield 1.0
    proc, _ = host.spawn(desk.shell, ENV, "env", "-i", "sh", path)
    number = host.exec(proc, SH, "sh", path)
    host.exit(proc)
    host.expect("wrapper", "fired", MOVED, number, ref)


def relative(host: Host, desk: Desk) -> Story:
    """A script is named from the directory it lies in."""
    path = _name(host, end=".pl")
    _, ref = _fetched(host, desk, path)
    yield 1.0
    number = _run(host, desk, PERL, "perl", "./" + path.rpartition("/")[2], cwd=DOWN)
    host.expect("relative", "fired", PLAIN, number, ref)


def spelled(host: Host, desk: Desk) -> Story:
    """Another spelling of the same file: the firmlink, and other case."""
    path = _name(host)
    _, ref = _fetched(host, desk, path)
    yield 1.0
    other = "/System/Volumes/Data" + path.replace("Downloads", "DOWNLOADS")
    host.expect("spelling", "fired", PLAIN, _run(host, desk, ZSH, "zsh", other), ref)


def unpacked(host: Host, desk: Desk) -> Story:
    """An archive's folder is renamed into Downloads as a whole, and a member of it is run."""
    folder = host.file(f"/private/var/folders/zz/x/T/{host.rng.getrandbits(40):x}")
    ref = host.rename(desk.finder, folder, _name(host, end=""))
    yield 4.0
    number = _run(host, desk, BASH, "bash", f"{folder.path}/setup.sh")
    host.expect("folder", "fired", MOVED, number, ref)


def moved_out(host: Host, desk: Desk) -> Story:
    """A drop that is moved out of the directory keeps its time (B2)."""
    file, ref = _fetched(host, desk, _name(host))
    yield 30.0
    host.rename(desk.finder, file, file.path.replace("Downloads", "Documents"))
    yield 30.0
    number = _run(host, desk, SH, "/bin/sh", file.path, script=file)
    host.expect("moved", "fired", PLAIN, number, ref)


def too_late(host: Host, desk: Desk) -> Story:
    """One second after the window."""
    path = _name(host)
    _download(host, desk.chrome, path)
    yield W + 1.0
    host.expect("late", "silent", "B5", _run(host, desk, SH, "sh", path), None)


def before(host: Host, desk: Desk) -> Story:
    """Executed first, written then."""
    path = _name(host)
    number = _run(host, desk, SH, "sh", path)
    yield 1.0
    _written(host, desk.editor, path)
    host.expect("before", "silent", "B1", number, None)


def elsewhere(host: Host, desk: Desk) -> Story:
    """Not in a monitored directory."""
    file, _ = _fetched(host, desk, _name(host, f"{HOME}/Documents"))
    yield 1.0
    host.expect("elsewhere", "silent", "B1", _run(host, desk, SH, "sh", file.path), None)


def only_read(host: Host, desk: Desk) -> Story:
    """An old file that was opened and closed, and then run."""
    file = host.file(_name(host))
    host.close(desk.finder, file, modified=False)
    yield 1.0
    host.expect("read", "silent", "B1", _run(host, desk, SH, "sh", file.path), None)


def only_data(host: Host, desk: Desk) -> Story:
    """A drop that is data to a program, or only parsed."""
    path = _name(host)
    _download(host, desk.chrome, path)
    yield 1.0
    host.expect("data", "silent", "B3", _run(host, desk, programs.CAT, "cat", path), None)
    host.expect("parsed", "silent", "B3", _run(host, desk, BASH, "bash", "-n", path), None)


def empty(host: Host, desk: Desk) -> Story:
    """Zero bytes are no drop."""
    file = host.file(_name(host))
    file.size = 0
    host.close(desk.editor, file)
    yield 1.0
    host.expect("empty", "silent", "B1", _run(host, desk, SH, "sh", file.path), None)


STORIES = (
    browser_download, over_a_reservation, direct_script, image, updater, wrapped, relative,
    spelled, unpacked, moved_out, too_late, before, elsewhere, only_read, only_data, empty,
)  # fmt: skip
