"""The variables that an inventory may set on a host: what each must look like and what it becomes.

Every reader takes what ansible listed and returns what the model wants, or raises `Wrong` with a
predicate ("must be ...") that never repeats the value: it might be a secret in the wrong place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from witnessmark.content import root
from witnessmark.content.durations import seconds
from witnessmark.model.hosts import Origin, Role, Source

KINDS = ("eslogger", "santa", "unifiedlog", "osquery", "ndjson")
COLLECTED = "eslogger"  # what collect/ can bring home; the others are refused before a run
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


class Wrong(ValueError):  # noqa: N818 - a part of a sentence, never shown alone
    """One value that cannot be used."""

    def __init__(self, what: str, *path: str | int) -> None:
        super().__init__(what)
        self.what = what
        self.path = path


def flag(value: object) -> bool:
    """A boolean; the text "yes" is none."""
    if not isinstance(value, bool):
        raise Wrong("must be true or false")
    return value


def text(value: object, *path: str | int) -> str:
    """Text on one line, without Jinja, which nothing here would render."""
    if isinstance(value, Mapping) and "__ansible_vault" in value:
        raise Wrong(
            "is encrypted by ansible-vault, which is not read here; write it plainly", *path
        )
    if not isinstance(value, str) or not value:
        raise Wrong("must be text", *path)
    if "{{" in value or "{%" in value:
        raise Wrong(
            "holds Jinja ({{ }}), which is not rendered here; write the value itself", *path
        )
    if not value.isprintable():
        raise Wrong("must be one line of printable text", *path)
    return value


def absolute(value: object, *path: str | int) -> str:
    """An absolute path on the host."""
    if not (found := text(value, *path)).startswith("/"):
        raise Wrong("must be an absolute path on the host", *path)
    return found


def prefix(value: object) -> str:
    """An absolute path on the stand-in's machine, or nothing."""
    return "" if value == "" else absolute(value).rstrip("/")


def own_file(value: object) -> Path:
    """A file on this machine."""
    found = Path(text(value)).expanduser()
    if not found.is_absolute():
        raise Wrong("must be an absolute path or begin with ~/")
    return found


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


def duration(value: object, *path: str | int) -> float:
    """A duration with a unit, in seconds."""
    try:
        return seconds(text(value, *path))
    except Wrong:
        raise
    except ValueError:
        raise Wrong('must be a duration such as "10s"', *path) from None


def dead_man(value: object) -> float:
    """How long a host waits for its controller; a timer that is off is none."""
    found = duration(value)
    if not 2.0 <= found <= 86_400.0:
        raise Wrong("must be between 2s and 24h")
    return found


def origin(value: object) -> Origin:
    """What kind of machine it is."""
    return Origin(one_of([origin.value for origin in Origin], value))


def retention(value: object) -> str:
    """The name of a profile in inventory/retention/."""
    files = (root() / "inventory" / "retention").glob("*.yaml")
    return one_of(sorted(file.stem for file in files), value)


def faults(value: object) -> tuple[Mapping[str, object], ...]:
    """Faults that a stand-in injects; the stand-in itself knows what they may be."""
    found = _list(value)
    for place, item in enumerate(found):
        if not isinstance(item, Mapping):
            raise Wrong("must be a mapping with layer and action", place)
    return tuple(item for item in found if isinstance(item, Mapping))


def one_of(words: Sequence[str], value: object, *path: str | int) -> str:
    """One of a few words."""
    found = text(value, *path)
    if found not in words:
        raise Wrong(f"must be one of {', '.join(words)}", *path)
    return found


def sources(value: object) -> tuple[Source, ...]:
    """The places where a host's evidence lies. Raises an ExceptionGroup of all that is wrong."""
    found: list[Source] = []
    wrongs: list[Wrong] = []
    for place, item in enumerate(_list(value)):
        if source := _source(item, place, wrongs):
            if source.name in [other.name for other in found]:
                wrongs.append(Wrong(f"is {source.name} once more; rename one", place, "name"))
            found.append(source)
    if wrongs:
        raise ExceptionGroup("sources", wrongs)
    return tuple(found)


def _source(item: object, place: int, wrongs: list[Wrong]) -> Source | None:
    if not isinstance(item, Mapping):
        wrongs.append(Wrong("must be a mapping with name, kind, role and path or command", place))
        return None
    before = len(wrongs)
    fields: dict[str, Any] = {}
    for key, value in item.items():
        if key not in _SOURCE:
            wrongs.append(Wrong(f"is unknown; known are {', '.join(_SOURCE)}", place, str(key)))
            continue
        field, reader = _SOURCE[key]
        try:
            fields[field] = reader(value, place, key)
        except Wrong as wrong:
            wrongs.append(wrong)
    missing = [key for key in ("name", "kind", "role") if key not in item]
    wrongs += [Wrong(f"needs a {key}", place) for key in missing]
    if ("path" in item) == ("command" in item):
        wrongs.append(Wrong("needs either path or command, and not both", place))
    return Source(**fields) if len(wrongs) == before else None


def _kind(value: object, *path: str | int) -> str:
    if (kind := one_of(KINDS, value, *path)) != COLLECTED:
        raise Wrong(f"{kind} cannot be collected yet; this version collects {COLLECTED}", *path)
    return kind


def _role(value: object, *path: str | int) -> Role:
    return Role(one_of([role.value for role in Role], value, *path))


def _analytic(value: object, *path: str | int) -> str:
    return one_of(["embedded"], value, *path)


def _name(value: object, *path: str | int) -> str:
    if not _NAME.fullmatch(found := text(value, *path)):
        raise Wrong("must be a name of a-z, 0-9, - and _", *path)
    return found


def _command(value: object, *path: str | int) -> tuple[str, ...]:
    words = tuple(text(item, *path, place) for place, item in enumerate(_list(value, *path)))
    if not words:
        raise Wrong("must be a list of words, the program first", *path)
    return words


def _list(value: object, *path: str | int) -> list[object]:
    if not isinstance(value, list):
        raise Wrong("must be a list", *path)
    return value


_SOURCE: Mapping[str, tuple[str, Callable[..., object]]] = {
    "name": ("name", _name),
    "kind": ("kind", _kind),
    "role": ("role", _role),
    "analytic": ("analytic", _analytic),
    "path": ("path", absolute),
    "command": ("command", _command),
    "alert_deadline": ("alert_deadline_s", duration),
}
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
    "witnessmark_faults": ("faults", faults),
    "witnessmark_known_hosts": ("known_hosts", own_file),
    "witnessmark_lab": ("lab", flag),
    "witnessmark_origin": ("origin", origin),
    "witnessmark_path_prefix": ("path_prefix", prefix),
    "witnessmark_retention": ("retention", retention),
    "witnessmark_sources": ("sources", sources),
}
"""Variable -> the field of `Host` that it sets, and its reader."""
NO_TEXT = frozenset(
    {"ansible_port", "witnessmark_faults", "witnessmark_lab", "witnessmark_sources"}
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
