"""The variables that an inventory may set on a host: what each may be and what it becomes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from witnessmark.inventory.destinations import folder
from witnessmark.inventory.sources import sources
from witnessmark.inventory.values import (
    Wrong,
    absolute,
    duration,
    flag,
    items,
    one_of,
    own_file,
    retention,
    text,
)
from witnessmark.model.hosts import Origin, StandIn


def prefix(value: object) -> str:
    """An absolute path on the stand-in's machine, or nothing."""
    return "" if value == "" else absolute(value).rstrip("/")


def port(value: object) -> int:
    """A TCP port."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 65536:
        raise Wrong("must be a port number, 1 to 65535")
    return value


def address(value: object) -> str:
    """A host name or IP address."""
    if not re.fullmatch(r"[A-Za-z0-9:][A-Za-z0-9.:%_-]*", found := text(value)):
        raise Wrong("must be a host name or an IP address")
    return found


def user(value: object) -> str:
    """A login name."""
    if re.match("-", found := text(value)) or '"' in found:
        raise Wrong("must be a login name")
    return found


def connection(value: object) -> str:
    """How a host is reached."""
    return one_of(("ssh", "local"), value)


def dead_man(value: object) -> float:
    """How long a host waits for its controller; a timer that is off is none."""
    found = duration(value)
    if not 10.0 <= found <= 86_400.0:
        raise Wrong("must be between 10s and 24h")
    return found


def origin(value: object) -> Origin:
    """What kind of machine it is."""
    return Origin(one_of([origin.value for origin in Origin], value))


def faults(value: object) -> tuple[Mapping[str, object], ...]:
    """Faults that a stand-in injects; the stand-in itself knows what they may be."""
    found = items(value)
    for place, item in enumerate(found):
        if not isinstance(item, Mapping):
            raise Wrong("must be a mapping with layer and action", place)
    return tuple(item for item in found if isinstance(item, Mapping))


def standin(value: object) -> StandIn:
    """How a stand-in was booted."""
    if not isinstance(value, Mapping) or value.keys() != {"mode", "why"}:
        raise Wrong("must be a mapping with mode and why")
    return StandIn(mode=one_of(("namespace", "prefix"), value["mode"]), why=text(value["why"]))


READERS: Mapping[str, tuple[str, Callable[[object], object]]] = {
    "ansible_connection": ("connection", connection),
    "ansible_host": ("address", address),
    "ansible_port": ("port", port),
    "ansible_user": ("user", user),
    "ansible_ssh_private_key_file": ("key_file", own_file),
    "witnessmark_browser": ("browser", absolute),
    "witnessmark_connect_timeout": ("connect_timeout_s", duration),
    "witnessmark_consent_file": ("consent_file", absolute),
    "witnessmark_dead_man": ("dead_man_s", dead_man),
    "witnessmark_destination_root": ("destination_root", folder),
    "witnessmark_faults": ("faults", faults),
    "witnessmark_known_hosts": ("known_hosts", own_file),
    "witnessmark_lab": ("lab", flag),
    "witnessmark_origin": ("origin", origin),
    "witnessmark_path_prefix": ("path_prefix", prefix),
    "witnessmark_retention": ("retention", retention),
    "witnessmark_sources": ("sources", sources),
    "witnessmark_standin": ("standin", standin),
}
"""Variable -> the field of `Host` that it sets, and its reader."""
NO_TEXT = frozenset(
    {
        "ansible_port",
        "witnessmark_faults",
        "witnessmark_lab",
        "witnessmark_sources",
        "witnessmark_standin",
    }
)
"""Variables that are no text; INI knows only text, so there they are written as YAML."""

_KEYS_ONLY = "is a password; only keys and the SSH agent are used, so remove it"
_DIRECT = "is not used: hosts are reached directly, and the same way by all parts; remove it"
REFUSED: Mapping[str, str] = {
    **dict.fromkeys(("ansible_password", "ansible_ssh_pass", "ansible_ssh_password"), _KEYS_ONLY),
    **dict.fromkeys(("ansible_become_pass", "ansible_become_password"), _KEYS_ONLY),
    "ansible_ssh_host": "is an old name; write ansible_host",
    "ansible_ssh_port": "is an old name; write ansible_port",
    "ansible_ssh_user": "is an old name; write ansible_user",
    "ansible_private_key_file": "is not read; write ansible_ssh_private_key_file",
    **dict.fromkeys(("ansible_ssh_args", "ansible_ssh_common_args"), _DIRECT),
    "ansible_ssh_extra_args": _DIRECT,
}
"""Variables that would change how a host is reached, were they not refused."""
