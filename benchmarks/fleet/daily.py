"""What a Mac does all day: services, commands, reads, and a browser's churn in its cache.

The mix follows what was measured on real hosts: of 100 records some 61 are close, 8 each fork,
exec and exit, 7 each create and rename.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet import programs

if TYPE_CHECKING:
    from fleet.host import Host, Story
    from fleet.records import Image, Proc

RATE = 10.0
"""Records a second, about."""
FILES = 5_000
"""So many are read again and again."""
HOME = "/Users/kim"
CACHE = f"{HOME}/Library/Caches/Google/Chrome/Default/Cache/Cache_Data"


@dataclass
class Desk:
    """The programs that run as long as somebody is logged in."""

    terminal: Proc
    shell: Proc
    finder: Proc
    chrome: Proc
    firefox: Proc
    safari: Proc
    editor: Proc


def launched(host: Host, image: Image) -> Proc:
    """What launchd starts: through xpcproxy, in the same pid (A3)."""
    proc, _ = host.spawn(host.init, programs.XPCPROXY, "xpcproxy", image.signing_id)
    proc.uid = 501
    host.exec(proc, image)
    return proc


def login(host: Host) -> Desk:
    """Everything starts before the first story, and the records have it."""
    names = (programs.TERMINAL, programs.FINDER, programs.CHROME, programs.FIREFOX, programs.SAFARI)
    terminal, finder, chrome, firefox, safari = (launched(host, image) for image in names)
    editor = launched(host, programs.EDITOR)
    above, _ = host.spawn(terminal, programs.LOGIN, "login", "-pf", "kim")
    shell, _ = host.spawn(above, programs.ZSH, "-zsh")
    return Desk(terminal, shell, finder, chrome, firefox, safari, editor)


def day(host: Host, desk: Desk) -> Story:
    """All that is no story."""
    rng = host.rng
    actors = (desk.finder, desk.chrome, desk.firefox, desk.safari, desk.editor, desk.shell)
    while True:
        what = rng.random()
        if what < 0.77:
            _read(host, rng.choice(actors))
            yield rng.expovariate(RATE)
            continue
        if what < 0.88:
            host.begin(_command(host, desk))
        else:
            _churn(host, desk.chrome)
        yield rng.expovariate(RATE) * 3


def _read(host: Host, proc: Proc) -> None:
    """Some files are read again and again, most seldom; they stay the same files."""
    place = int(host.rng.paretovariate(0.5)) % FILES
    if place not in host.read:
        path = programs.READ[place % len(programs.READ)]
        host.read[place] = host.file(path if place < len(programs.READ) else f"{path}.{place}")
    file = host.read[place]
    wrote = host.rng.random() < 0.02 and "Caches" not in file.path
    host.close(proc, file, modified=wrote)


def _churn(host: Host, proc: Proc) -> None:
    name = f"{host.rng.getrandbits(64):016x}_0"
    file = host.file(f"{CACHE}/.org.chromium.Chromium.{name[:6]}")
    host.create(proc, file, new=host.rng.random() < 0.5)
    host.close(proc, file)
    host.rename(proc, file, f"{CACHE}/{name}")


def _command(host: Host, desk: Desk) -> Story:
    rng = host.rng
    what = rng.random()
    if what < 0.35:
        proc, _ = host.spawn(desk.shell, rng.choice(programs.COMMANDS), "x", "--all", "-v")
    elif what < 0.45:
        proc, _ = host.spawn(desk.shell, programs.PYTHON, "python3", f"{HOME}/src/project/t.py")
    elif what < 0.55:
        proc, _ = host.spawn(desk.editor, programs.NODE, "node", "server.js", cwd=f"{HOME}/src")
    elif what < 0.75:
        proc = launched(host, rng.choice(programs.SERVICES))
    else:
        proc, _ = host.spawn(desk.chrome, programs.CHROME_HELPER, "Helper", "--type=renderer")
    yield rng.expovariate(0.5)
    host.exit(proc)
