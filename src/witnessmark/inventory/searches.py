"""How a log server is asked for a host's records, as an inventory says it; never with a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from witnessmark.inventory.values import Wrong, duration, items, keyed, one_of, own_file, text
from witnessmark.model.hosts import Credentials, Search

HOST = "{host}"
KINDS = ("opensearch", "elasticsearch", "splunk")
SCHEMES = ("apikey", "bearer", "basic", "splunk")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
HOST_FIELD = {"opensearch": "host.name", "elasticsearch": "host.name", "splunk": "host"}
_FIELD = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9_@.-]*")
_INDEX = re.compile(r"[a-z0-9_.][a-z0-9_.*,:+-]*")
_SPLUNK_INDEX = re.compile(r"[a-z0-9_][a-z0-9_-]*")


def search(value: object, *path: str | int) -> Search:
    """A search, perhaps with ``{host}`` in it; raises all that is wrong as a group."""
    if not isinstance(value, Mapping):
        raise Wrong("must be a mapping with kind, url and index", *path)
    fields, wrongs = keyed(value, READERS, *path)
    wrongs += [
        Wrong(f"needs a {key}", *path) for key in ("kind", "url", "index") if key not in value
    ]
    if not wrongs:
        wrongs += _contradictions(fields, value, path)
    if wrongs:
        raise ExceptionGroup("search", wrongs)
    if HOST not in fields["index"]:
        fields.setdefault("host_field", HOST_FIELD[fields["kind"]])
    return Search(**{"host_field": None, "host_value": HOST, **fields})


def of_host(found: Search, host: str) -> Search:
    """The search as it is for one host."""
    return replace(
        found,
        index=found.index.replace(HOST, host),
        host_value=found.host_value.replace(HOST, host),
    )


def key(found: Search) -> str:
    """What tells two searches apart: two that are alike find the same records."""
    what = (found.url, found.index, found.host_field, found.host_field and found.host_value)
    return "\0".join(map(str, (*what, found.sourcetype)))


def _contradictions(
    fields: Mapping[str, Any], value: Mapping[Any, Any], path: tuple[str | int, ...]
) -> list[Wrong]:
    wrongs = []
    splunk = fields["kind"] == "splunk"
    if splunk and not _SPLUNK_INDEX.fullmatch(fields["index"].replace(HOST, "host")):
        wrongs.append(Wrong("must be one index of Splunk, without wildcards", *path, "index"))
    for name in ("tie_field", "time_field", "record"):
        if splunk and name in value:
            wrongs.append(Wrong("is not for Splunk, whose events have all of them", *path, name))
    if not splunk and "sourcetype" in value:
        wrongs.append(Wrong("is for Splunk only", *path, "sourcetype"))
    if "host_value" in value and "host_field" not in value and HOST in fields["index"]:
        wrongs.append(Wrong("needs a host_field beside it", *path, "host_value"))
    if splunk and "*" in fields.get("host_value", ""):
        wrongs.append(Wrong("must not hold *, which Splunk takes for any text", *path))
    plain = urlsplit(fields["url"])
    if plain.scheme == "http" and plain.hostname not in LOOPBACK:
        wrongs.append(Wrong("must begin with https://; http is for this machine only", *path))
    return wrongs


def _kind(value: object, *path: str | int) -> str:
    return one_of(KINDS, value, *path)


def _url(value: object, *path: str | int) -> str:
    found = text(value, *path).rstrip("/")
    try:
        parts = urlsplit(found)
        _ = parts.port
    except ValueError:
        raise Wrong("must be a URL such as https://siem.example:9200", *path) from None
    if "@" in parts.netloc:
        raise Wrong("must hold no user or password; name them in credentials", *path)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        raise Wrong("must be a URL such as https://siem.example:9200", *path)
    if not re.fullmatch(r"[!-~]+", found):
        raise Wrong("must be a URL in plain ASCII, without blanks", *path)
    return found


def _index(value: object, *path: str | int) -> str:
    found = text(value, *path)
    if not _INDEX.fullmatch(found.replace(HOST, "host")):
        raise Wrong(f"must be index names in small letters, perhaps with * or {HOST}", *path)
    return found


def _field(value: object, *path: str | int) -> str:
    if not _FIELD.fullmatch(found := text(value, *path)):
        raise Wrong("must be the name of a field", *path)
    return found


def _host_value(value: object, *path: str | int) -> str:
    found = text(value, *path)
    if re.search(r"[{}]", found.replace(HOST, "")):
        raise Wrong(f"holds braces; only {HOST} is replaced, by the host's name", *path)
    return found


def _number(least: int, most: int) -> Callable[..., int]:
    def read(value: object, *path: str | int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise Wrong(f"must be a number, {least} to {most}", *path)
        return value

    return read


def _between(least_s: float, most_s: float) -> Callable[..., float]:
    def read(value: object, *path: str | int) -> float:
        if not least_s <= (found := duration(value, *path)) <= most_s:
            raise Wrong(f"must be between {least_s:g}s and {most_s:g}s", *path)
        return found

    return read


def _ca_file(value: object, *path: str | int) -> object:
    try:
        return own_file(value)
    except Wrong as wrong:
        raise Wrong(wrong.what, *path) from None


def _credentials(value: object, *path: str | int) -> Credentials:
    if not isinstance(value, Mapping):
        raise Wrong("must be a mapping with scheme and one of env, file and command", *path)
    known = ("scheme", "env", "file", "command")
    unknown = [str(name) for name in value if name not in known]
    if unknown:
        what = "is unknown, and a secret is never written here; known are "
        raise Wrong(what + ", ".join(known), *path, unknown[0])
    if "scheme" not in value:
        raise Wrong("needs a scheme", *path)
    if len(value) != 2:
        raise Wrong("needs exactly one of env, file and command", *path)
    scheme = one_of(SCHEMES, value["scheme"], *path, "scheme")
    if "env" in value:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name := text(value["env"], *path, "env")):
            raise Wrong("must be the name of an environment variable", *path, "env")
        return Credentials(scheme=scheme, env=name)
    if "file" in value:
        try:
            return Credentials(scheme=scheme, file=own_file(value["file"]))
        except Wrong as wrong:
            raise Wrong(wrong.what, *path, "file") from None
    words = items(value["command"], *path, "command")
    argv = tuple(text(item, *path, "command", place) for place, item in enumerate(words))
    if not argv:
        raise Wrong("must be a list of words, the program first", *path, "command")
    return Credentials(scheme=scheme, command=argv)


READERS: Mapping[str, tuple[str, Callable[..., object]]] = {
    "kind": ("kind", _kind),
    "url": ("url", _url),
    "index": ("index", _index),
    "host_field": ("host_field", _field),
    "host_value": ("host_value", _host_value),
    "time_field": ("time_field", _field),
    "tie_field": ("tie_field", _field),
    "record": ("record", _field),
    "sourcetype": ("sourcetype", text),
    "credentials": ("credentials", _credentials),
    "ca_file": ("ca_file", _ca_file),
    "poll": ("poll_s", _between(0.5, 600.0)),
    "timeout": ("timeout_s", _between(1.0, 600.0)),
    "most_records": ("most_records", _number(1, 100_000_000)),
    "most_bytes": ("most_bytes", _number(1 << 16, 1 << 36)),
}
"""A search's keys -> the field of `Search` that each sets, and its reader."""
