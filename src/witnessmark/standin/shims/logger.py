"""logger(1) of a stand-in host: one message for the host's log, which init keeps.

Without words it reads lines from standard input, as the real one does.
"""

from __future__ import annotations

import sys

from .host import Stop, complain
from .launchd import ask

_SOCKET = "syslog"
_LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_OTHER = {"panic": "emerg", "error": "err", "warn": "warning"}


def main(arguments: list[str], root: str) -> int:
    try:
        priority, words = asked(arguments)
        lines = [" ".join(words)] if words else [line.rstrip("\n") for line in sys.stdin]
        for message in lines:
            ask({"message": message, "priority": priority}, root, "the message", socket_=_SOCKET)
    except Stop as stop:
        return complain("logger", stop)
    return 0


def asked(arguments: list[str]) -> tuple[str, list[str]]:
    """Priority and words. ``-i``, ``-s`` and ``-t`` change nothing: the log names who spoke."""
    priority, given = "notice", list(arguments)
    while given and given[0].startswith("-") and given[0] != "-":
        option = given.pop(0)
        if option == "--":
            break
        if option in ("-t", "-p") and given:
            value = given.pop(0)
            priority = level(value) if option == "-p" else priority
        elif option not in ("-i", "-s", "-is", "-si"):
            raise Stop("usage: logger [-is] [-p pri] [-t tag] [message ...]", 64)
    return priority, given


def level(value: str) -> str:
    name = value.rpartition(".")[2]
    name = _OTHER.get(name, name)
    if name not in _LEVELS:
        raise Stop(f"unknown priority name: {value}", 64)
    return name
