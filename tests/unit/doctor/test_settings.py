"""A Mac's settings are read, never changed: what cannot be read is not known (synthetic files)."""

from __future__ import annotations

import json
import os
import plistlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.content import root
from witnessmark.doctor.lines import Line
from witnessmark.doctor.osquery_settings import osquery
from witnessmark.doctor.santa_settings import santa
from witnessmark.doctor.settings import FILES, settings
from witnessmark.hosts.local import LocalTransport
from witnessmark.model.hosts import Host, Origin, Role, Source
from witnessmark.model.unifiedlog import UnifiedLog
from witnessmark.model.verdicts import Status

if TYPE_CHECKING:
    from pathlib import Path

HOME = "/Users/jane"
LAB = root() / "inventory/playbooks/lab"
CONF = (LAB / "osquery.conf").read_text("utf-8")
FLAGS = (LAB / "osquery.flags").read_text("utf-8")
SANTA = plistlib.loads((LAB / "santa.mobileconfig").read_bytes())["PayloadContent"][0]
COMMAND = ("sudo", "-n", "/usr/bin/eslogger", "exec")


def source(name: str, kind: str, **given: Any) -> Source:
    return Source(name=name, kind=kind, role=Role.REFERENCE, **given)


class Mac:
    """A folder as a Mac's /, reached as this machine; tools of a Mac are state-only shims."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self._patch = folder / "a root", monkeypatch
        self.home = self.root / "Users/jane"
        self.home.mkdir(parents=True)
        monkeypatch.setenv("HOME", str(self.home))
        self.host = Host(
            name="mac1", origin=Origin.MAC, connection="local", path_prefix=str(self.root)
        )

    def put(self, path: str, data: bytes) -> Path:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return file

    def tool(self, name: str, text: str) -> None:
        file = self.put(f"tools/{name}", f"#!/bin/sh\n{text}\n".encode())
        file.chmod(0o755)
        self._patch.setenv("PATH", f"{file.parent}:{os.environ['PATH']}")

    def says(self, *sources: Source, seen: tuple[Line, ...] = (), **given: Any) -> dict[str, Line]:
        before = {item: item.stat() for item in self.root.rglob("*") if item.is_file()}
        host = replace(self.host, sources=sources, **given)
        found = {item.name: item for item in settings(LocalTransport(host), HOME, seen)}
        after = {item: item.stat() for item in self.root.rglob("*") if item.is_file()}
        assert {k: v.st_mtime_ns for k, v in before.items()} == {
            k: v.st_mtime_ns for k, v in after.items()
        }, "looking changes nothing"
        return found


@pytest.fixture
def mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mac:
    return Mac(tmp_path, monkeypatch)


def test_a_bare_mac_is_not_known_and_a_stand_in_has_none(mac: Mac) -> None:
    found = mac.says()
    assert {name: item.status for name, item in found.items()} == {
        "full-disk-access": Status.ERROR,
        "private-data": Status.SKIP,
    }
    found = mac.says(origin=Origin.STAND_IN)
    assert {item.status for item in found.values()} == {Status.SKIP}


TCC = "/Users/jane/Library/Application Support/com.apple.TCC/TCC.db"


def test_full_disk_access_is_tried(mac: Mac) -> None:
    mac.put(TCC, b"SQLite")
    assert mac.says()["full-disk-access"].status is Status.PASS
    mac.tool(
        "head",
        'case $3 in *TCC.db) echo "head: $3: Operation not permitted" >&2; exit 1 ;; '
        'esac; exec /usr/bin/head "$@"',
    )
    found = mac.says()["full-disk-access"]
    assert found.status is Status.FAIL
    assert "Remote Login" in found.mend


@pytest.mark.parametrize(
    ("file", "data", "status"),
    [
        ("logging", plistlib.dumps({"System": {"Enable-Private-Data": True}}), Status.PASS),
        ("logging-local", plistlib.dumps({"Enable-Private-Data": True}), Status.PASS),
        ("logging", plistlib.dumps({"System": {"Enable-Private-Data": False}}), Status.SKIP),
        ("logging", plistlib.dumps({"System": {"Enable-Private-Data": "yes"}}), Status.SKIP),
        ("logging", b"no plist", Status.ERROR),
        ("logging", plistlib.dumps(["x"]), Status.ERROR),
    ],
)
def test_private_data(mac: Mac, file: str, data: bytes, status: Status) -> None:
    mac.put(FILES[file], data)
    assert mac.says()["private-data"].status is status


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("exit 0", Status.PASS, "let this user run these words"),
        ("echo 'Sorry, user jane may not run sudo' >&2; exit 1", Status.FAIL, "Sorry, user jane"),
        ("echo 'sudo: a fault' >&2; exit 3", Status.ERROR, "a fault"),
    ],
)
def test_sudo_is_asked_and_never_run(mac: Mac, text: str, status: Status, words: str) -> None:
    mac.tool("sudo", f'printf "%s\\n" "$*" >> "{mac.root}/asked"\n{text}')
    (mac.root / "asked").touch()
    os.utime(mac.root / "asked", ns=(1, 1))
    host = replace(mac.host, sources=(source("es", "eslogger", command=COMMAND),))
    found = {item.name: item for item in settings(LocalTransport(host), HOME, ())}["sudoers es"]
    assert found.status is status
    assert words in found.message
    assert (mac.root / "asked").read_text() == "-n -l -- /usr/bin/eslogger exec\n"
    assert ("NOPASSWD: /usr/bin/eslogger exec" in found.mend) is (status is Status.FAIL)


def test_only_what_begins_with_sudo_is_asked_of_it(mac: Mac) -> None:
    mac.tool("sudo", "exit 1")
    assert "sudoers es" not in mac.says(source("es", "eslogger", command=("/usr/bin/log", "x")))
    odd = mac.says(source("es", "eslogger", command=("sudo", "-u", "root", "x")))["sudoers es"]
    assert odd.status is Status.ERROR
    assert "sudoers es" not in mac.says(source("es", "eslogger", path="/x"))


@pytest.mark.parametrize("read", ["show", "stream"])
def test_log_by_sudo_is_asked_for_each_way_it_is_read(mac: Mac, read: str) -> None:
    place = UnifiedLog(read=read, sudo=True)
    log = source("log", "unifiedlog", unified_log=place)
    mac.tool("sudo", "case $* in *stream*) echo no >&2; exit 1 ;; *) exit 0 ;; esac")
    status = mac.says(log)["sudoers log"].status
    assert status is (Status.PASS if read == "show" else Status.FAIL)
    mac.tool("sudo", 'case $* in *"config --status") exit 1 ;; *) exit 0 ;; esac')
    assert mac.says(log)["sudoers log"].status is Status.FAIL
    assert "sudoers log" not in mac.says(replace(log, unified_log=UnifiedLog(read=read)))


def test_santas_and_osquerys_settings_are_read_where_they_lie(mac: Mac) -> None:
    sources = (source("san", "santa", path="/x"), source("osq", "osquery", path="/y"))
    found = mac.says(*sources)
    assert found["settings san"].status is found["settings osq"].status is Status.ERROR
    wrote = tuple(
        Line(host="mac1", name=f"files {name}", status=Status.PASS, message="recorded")
        for name in ("san", "osq")
    )
    found = mac.says(*sources, seen=wrote)
    assert found["settings san"].status is found["settings osq"].status is Status.SKIP
    assert "were recorded" in found["settings san"].message
    mac.put(FILES["santa"], plistlib.dumps(SANTA, fmt=plistlib.FMT_BINARY))
    mac.put(FILES["osquery-lab"], CONF.encode())
    mac.put(FILES["osquery-flags"], FLAGS.encode())
    found = mac.says(*sources)
    assert found["settings san"].status is found["settings osq"].status is Status.PASS
    mac.put(FILES["santa"], plistlib.dumps(SANTA | {"FileChangesRegex": "^/opt/"}))
    mac.put(FILES["santa"], plistlib.dumps(SANTA | {"FileChangesRegex": "(?{ exit 0 })"}))
    assert mac.says(*sources)["settings san"].status is Status.ERROR, "perl runs no code of it"
    mac.put(FILES["santa"], plistlib.dumps(SANTA | {"FileChangesRegex": "^/opt/"}))
    bad = mac.says(*sources, seen=wrote)["settings san"]
    assert bad.status is Status.FAIL, "what is surely wrong is said all the same"
    assert "lab/santa.mobileconfig" in bad.mend


def fits(regex: str, path: str) -> bool | None:
    import re

    try:
        return re.search(regex, path) is not None
    except re.error:
        return None


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({}, Status.PASS, ""),
        ({"FileChangesRegex": "/Users/"}, Status.PASS, ""),
        # The expression that Santa's own guide shows: /Library is not ~/Library.
        ({"FileChangesRegex": "^/(?!(?:private/tmp|Library/(?:Caches))/)"}, Status.PASS, ""),
        ({"FileChangesRegex": None}, Status.FAIL, "no FileChangesRegex"),
        ({"FileChangesRegex": "Downloads"}, Status.FAIL, "does not fit files in ~/Downloads"),
        ({"FileChangesRegex": "/Users/.*/Downloads/"}, Status.FAIL, "~/Library/Caches"),
        ({"FileChangesRegex": "/Users/("}, Status.ERROR, "nobody could try"),
        ({"FileChangesRegex": "x" * 5000}, Status.ERROR, "too long"),
        ({"FileChangesPrefixFilters": ["/Users/jane/Lib"]}, Status.FAIL, "leaves out"),
        ({"FileChangesPrefixFilters": ["/Library/Caches/"]}, Status.PASS, ""),
        ({"FileChangesPrefixFilters": "x"}, Status.ERROR, "no list"),
        ({"EventLogType": "null"}, Status.FAIL, "EventLogType is 'null'"),
    ],
)
def test_santa(change: dict[str, Any], status: Status, words: str) -> None:
    found = santa({**SANTA, **change}, "santa", HOME, fits)
    assert found.status is status
    assert words in found.message


def test_santas_json_is_another_log() -> None:
    assert santa(SANTA, "santa-json", HOME, fits).status is Status.FAIL
    assert santa(SANTA | {"EventLogType": "json"}, "santa-json", HOME, fits).status is Status.PASS
    assert santa(None, "santa", HOME, fits).status is Status.ERROR


def changed(**given: Any) -> str:
    return json.dumps(json.loads(CONF) | given)


@pytest.mark.parametrize(
    ("texts", "status", "words"),
    [
        ({}, Status.PASS, ""),
        ({"osquery": f"// a comment\n# another\n{CONF}"}, Status.PASS, ""),
        ({"osquery-flags": ""}, Status.PASS, ""),
        ({"osquery-flags": None}, Status.ERROR, "flags cannot be read"),
        ({"osquery": None}, Status.ERROR, "may come from a server"),
        ({"osquery": "{"}, Status.ERROR, "no JSON"),
        ({"osquery": "[]"}, Status.ERROR, "no JSON"),
        ({"osquery-flags": "--disable_events"}, Status.FAIL, "disable_events must be false"),
        ({"osquery-flags": "--nodisable_events\n"}, Status.PASS, ""),
        (
            {"osquery": changed(options={}), "osquery-flags": ""},
            Status.FAIL,
            "disable_endpointsecurity and disable_endpointsecurity_fim must be false",
        ),
        ({"osquery": changed(options={})}, Status.PASS, ""),
        ({"osquery": changed(options="none")}, Status.PASS, ""),
        ({"osquery": changed(schedule={})}, Status.FAIL, "asks es_process_events"),
        (
            {"osquery": changed(schedule={"a": {"query": "select * from es_process_events"}})},
            Status.FAIL,
            "asks es_process_file_events",
        ),
        ({"osquery": changed(file_paths={})}, Status.FAIL, "~/Downloads"),
        (
            {"osquery": changed(file_paths={"a": ["/Users/%/Downloads/%%"]})},
            Status.FAIL,
            "~/Library/Caches",
        ),
        ({"osquery": changed(file_paths={"a": ["/Users/%/Downloads/%"]})}, Status.FAIL, "~/Down"),
        ({"osquery": changed(file_paths={"a": ["/Users/%%"]})}, Status.PASS, ""),
        ({"osquery": changed(file_paths={"a": "x", "b": [1]})}, Status.FAIL, "~/Downloads"),
        ({"osquery": changed(file_paths={"a": ["/" + "%" * 40]})}, Status.FAIL, "~/Downloads"),
        ({"osquery": changed(exclude_paths={"a": ["/Users/jane/Lib%%"]})}, Status.FAIL, "exclude"),
    ],
)  # fmt: skip
def test_osquery(texts: dict[str, str | None], status: Status, words: str) -> None:
    given = {"osquery": CONF, "osquery-flags": FLAGS} | texts
    found = osquery({name: text for name, text in given.items() if text is not None}, HOME)
    assert found.status is status, found.message
    assert words in found.message


def test_our_own_file_beside_somebody_elses_counts() -> None:
    texts = {"osquery": "{}", "osquery-lab": CONF, "osquery-flags": FLAGS}
    assert osquery(texts, HOME).status is Status.PASS
