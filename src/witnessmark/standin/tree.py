"""Lays out a stand-in host's files: folders and commands where a Mac has them.

Nothing here answers a question about telemetry: the commands are real programs, and the browsers
are copies of this machine's small shell, so that the kernel itself reports them as the parents of
what they run.
"""

from __future__ import annotations

import datetime as dt
import os
import plistlib
import shutil
import stat
import sys
from pathlib import Path

from witnessmark.errors import Unsupported
from witnessmark.standin.shim import install_shims
from witnessmark.standin.tools import COMMANDS, MACHINE_PATH

USER = "purple"
HOME = f"Users/{USER}"
TEMPORARY = "private/var/folders/wm/standin/T"
STORE = "private/var/log/eslogger.ndjson"
DELIVERED = "delivered"
"""The folder beside a host's root into which the organisation's pipeline delivers."""
BROWSER = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
"""As the host sees it, without the prefix."""

BROWSERS = (
    BROWSER,
    "/Applications/Firefox.app/Contents/MacOS/firefox",
    "/Applications/Safari.app/Contents/MacOS/Safari",
)
_FOLDERS = (
    *(f"{HOME}/{name}" for name in ("Downloads", "Documents", "Desktop", "Library/Caches")),
    f"{HOME}/Library/Application Support",
    "Library/Application Support/witnessmark",
    "System/Library/CoreServices",
    "bin",
    "private/etc",
    "private/tmp",
    "private/var/db",
    "private/var/log",
    TEMPORARY,
    "sbin",
    "usr/bin",
    "usr/sbin",
)
_LINKS = {"tmp": "private/tmp", "var": "private/var", "etc": "private/etc"}
_SHELLS = ("/bin/sh", "/bin/dash", "/bin/bash", "/usr/bin/zsh")
_CONSENT_DAYS = 7
_PASSWD = f"{USER}:*:501:20:{USER}:/{HOME}:/bin/sh\n"
_VERSION = {
    "ProductName": "witnessmark stand-in",
    "ProductVersion": "1.0",
    "ProductBuildVersion": "standin",
}


def build(root: Path, *, own_root: bool = False) -> None:
    """Creates what is missing under ``root``; what is there already stays as it is.

    With ``own_root`` the host will see ``root`` as its `/`.
    """
    for folder in _FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for link, target in _LINKS.items():
        if not (root / link).is_symlink():
            (root / link).symlink_to(target)
    shell = _small_shell()
    for browser in BROWSERS:
        _install(shell, root / browser[1:])
    version = root / "System/Library/CoreServices/SystemVersion.plist"
    version.write_bytes(plistlib.dumps(_VERSION))
    _install_commands(root)
    install_shims(root, own_root=own_root)
    if own_root:
        _name_the_user(root)


def write_consent(root: Path, today: dt.date) -> None:
    """Who boots a stand-in owns it and thereby consents: for a week, from ``today`` (UTC)."""
    expires = today + dt.timedelta(days=_CONSENT_DAYS)
    consent = root / "Library/Application Support/witnessmark/consent"
    consent.write_text(f"owner: stand-in\nexpires: {expires.isoformat()}\n", encoding="ascii")


def search_path(root: str) -> str:
    """The host's PATH: only folders of its own, so that a command no Mac has is not found."""
    return f"{root}/usr/bin:{root}/bin:{root}/usr/sbin:{root}/sbin"


def remove(folder: Path) -> None:
    """Deletes a host's folder, also where a scenario took its own rights away."""
    for parent, folders, _ in os.walk(folder):
        for name in folders:
            path = Path(parent, name)
            if not path.is_symlink() and path.stat().st_mode & stat.S_IRWXU != stat.S_IRWXU:
                path.chmod(0o700)
    shutil.rmtree(folder)


def _small_shell() -> Path:
    """A shell that works under another name (busybox looks at its own)."""
    for name in _SHELLS:
        path = Path(name).resolve()
        if path.is_file() and not path.name.startswith(("busybox", "toybox")):
            return path
    raise Unsupported(
        "a stand-in needs dash, bash or zsh on this machine: its browsers are copies of one, "
        "and busybox does not run under another name"
    )


def _install(program: Path, target: Path) -> None:
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(program, target)
    target.chmod(0o755)


def _name_the_user(root: Path) -> None:
    """The names of uid 501 and gid 20, and this machine's time zone, as no other file tells them
    to a host that has its own `/`."""
    etc = root / "private/etc"
    (etc / "passwd").write_text(_PASSWD, encoding="ascii")
    (etc / "group").write_text("staff:*:20:\n", encoding="ascii")
    (etc / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n", encoding="ascii")
    zone = Path("/etc/localtime")
    if zone.is_file():
        (etc / "localtime").write_bytes(zone.read_bytes())


def _install_commands(root: Path) -> None:
    for folder, names in COMMANDS.items():
        for name in names:
            program = shutil.which(name, path=MACHINE_PATH)
            link = root / folder / name
            if program is not None and not link.is_symlink() and not link.exists():
                link.symlink_to(program)
    python = root / "usr/bin/python3"
    if not python.is_symlink():
        python.symlink_to(Path(sys.executable).resolve())
