"""The commands a stand-in host has: those that both a stock macOS 13 and this machine have.

Hiding the others (``setsid``, ``timeout``, ``sha256sum``, ``tac``, ...) makes a script that needs
one fail here, as it would on a Mac. GNU *options* of the commands that remain cannot be hidden.
Left out on purpose: ``sudo`` and ``su`` (a traced process gains no rights from setuid files).
"""

from __future__ import annotations

MACHINE_PATH = "/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin"
"""Where this machine's own commands are looked for; the controller's PATH plays no part."""

_BIN = """
    [ bash cat chmod cp csh dash date dd df echo ed expr hostname kill ksh link ln ls mkdir mv
    pax pwd realpath rm rmdir sh sleep stty sync tcsh test unlink zsh
"""
_USR_BIN = """
    awk base64 basename bc bunzip2 bzcat bzip2 cal cksum clear cmp col column comm compress
    cpio csplit curl cut dc diff diff3 dirname du egrep env expand false fgrep file find fold
    fuser getconf git grep groups gunzip gzip head hexdump host iconv id indent install join
    killall last less locale login logname look lsof m4 make man mesg mkfifo mktemp more
    nano nc nice nl nm nohup od openssl passwd paste patch perl pgrep pkill pr printenv printf
    python3 readlink renice rev rsync ruby scp screen script sdiff sed seq sftp shasum split
    sqlite3 stat ssh ssh-add ssh-agent ssh-keygen ssh-keyscan strings sum tail tar tee time top
    touch tput tr true truncate tsort tty ul uname unexpand uniq unvis unzip uptime users
    uudecode uuencode vi vim w wait4path wc whatis whereis which who whoami xargs xxd
    yes zcat zdiff zgrep zip zipinfo zless zmore
"""
COMMANDS = {"bin": tuple(_BIN.split()), "usr/bin": tuple(_USR_BIN.split())}
"""Folder of the host to the names of its commands."""

# fmt: off
SHIMS = {
    "bin": ("launchctl", "ps"),
    "usr/bin": (
        "codesign", "csrutil", "defaults", "log", "logger", "open", "osascript", "plutil",
        "profiles", "sw_vers", "uuidgen", "xattr",
    ),
    "usr/sbin": ("spctl",),
}
# fmt: on
"""The same for the commands that shims/ provides: those this machine lacks or has otherwise."""
