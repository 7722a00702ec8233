"""A host's unified log: canaries, answers that are whole or none, and what is kept at the end.

The commands are the stand-in's own, run as they are there; answers that no log should give come
from a small script in their place.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.collect import canaries, logkept
from witnessmark.collect.collector import Collected, Collector
from witnessmark.collect.logasked import PREDICATE, Log, moment, read
from witnessmark.errors import HostError
from witnessmark.hosts.local import LocalTransport
from witnessmark.model.hosts import Host, Origin, Role, Source
from witnessmark.model.unifiedlog import UnifiedLog
from witnessmark.standin.faults.oslog import LogFaults
from witnessmark.standin.launch import refusal
from witnessmark.standin.oslog import OS_LOG, OsLog
from witnessmark.standin.saying import serve_log
from witnessmark.standin.shim import install_shims
from witnessmark.standin.tools import SHIMS

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(
    "Linux" in str(refusal()), reason="the stand-in's own commands need Linux"
)
PLACE = UnifiedLog(poll_s=0.1, settle_s=60.0, timeout_s=60.0)
"""Long, for a busy machine: what is there is not waited for."""


@pytest.fixture
def mac(tmp_path: Path) -> LocalTransport:
    root = tmp_path / "root"
    for folder in (*SHIMS, "Users/purple"):
        (root / folder).mkdir(parents=True)
    install_shims(root)
    prefix = str(root)
    return LocalTransport(
        Host(name="me", origin=Origin.STAND_IN, connection="local", path_prefix=prefix)
    )


def boot(mac: LocalTransport, *faults: dict[str, Any]) -> Path:
    """Its log, with one record of long before; init answers from now on."""
    root = Path(mac.host.path_prefix)
    kept = OsLog(root, LogFaults([{"layer": "log", **item} for item in faults]))
    kept.said("old", kind="Default", image="/usr/bin/logger", pid=1, uid=0)
    serve_log(root, kept, logging.getLogger("test"))
    return root / OS_LOG


def source(**given: Any) -> Source:
    place = replace(PLACE, **given)
    return Source(name="log", kind="unifiedlog", role=Role.ORGANISATION, unified_log=place)


def collected(mac: LocalTransport, raw: Path, **given: Any) -> Collected:
    collector = Collector(mac, source(**given), raw)
    collector.start()
    return collector.finish()


def messages(raw: Path) -> list[str]:
    lines = (json.loads(item) for item in raw.read_bytes().splitlines() if item.startswith(b"{"))
    return [item["eventMessage"] for item in lines]


@pytest.mark.parametrize("way", ["show", "stream"])
def test_both_canaries_are_collected_with_receipts_and_nothing_of_before(
    mac: LocalTransport, tmp_path: Path, way: str
) -> None:
    boot(mac)
    raw = tmp_path / "log.ndjson"
    done = collected(mac, raw, read=way)
    assert done.problem is None
    assert done.log is not None
    assert [item.problem for item in done.log.canaries] == [None, None]
    assert messages(raw) == [item.text for item in done.log.canaries]
    assert done.look is not None
    assert (done.look.intact, done.look.problem) == (True, None)
    assert json.loads(done.head)["eventMessage"] == "old"
    assert (done.log.config, done.log.soundings) == ("", ())
    assert "a stand-in does not know" in (done.log.config_problem or "")
    rows = [json.loads(x) for x in (tmp_path / "log.chunks.ndjson").read_bytes().splitlines()]
    for row in rows:
        part = raw.read_bytes()[row["at"] : row["at"] + row["size"]]
        assert hashlib.sha256(part).hexdigest() == row["sha256"]
    assert sum(row["size"] for row in rows) == raw.stat().st_size


@pytest.mark.parametrize("way", ["show", "stream"])
def test_a_log_that_keeps_no_canary_is_told_and_not_waited_for_long(
    mac: LocalTransport, tmp_path: Path, way: str
) -> None:
    boot(mac, {"action": "drop", "process": "logger"})
    done = collected(mac, tmp_path / "log.ndjson", read=way, settle_s=0.3)
    assert done.problem is None
    assert done.log is not None
    assert len(done.log.canaries) == 2
    assert messages(tmp_path / "log.ndjson") == []
    assert done.look is not None
    assert done.look.intact is None, "nothing that was collected can be looked for again"


@pytest.mark.parametrize("way", ["show", "stream"])
def test_what_is_purged_during_the_run_is_not_intact(
    mac: LocalTransport, tmp_path: Path, way: str
) -> None:
    # of the process: the old message is the first, the canaries are the second and the third
    boot(mac, {"action": "purge", "process": "logger", "at": 3})
    raw = tmp_path / "log.ndjson"
    collector = Collector(mac, source(read=way), raw)
    collector.start()
    assert collector.wait_for(b"witnessmark canary", 60)
    done = collector.finish()
    assert done.look is not None
    assert done.look.intact is False
    assert len(messages(raw)) == 2, "it had been collected before"
    assert b"canary" in done.head


def test_a_hidden_canary_is_known_by_its_process(mac: LocalTransport, tmp_path: Path) -> None:
    boot(mac, {"action": "redact", "process": "logger", "form": "private"})
    raw = tmp_path / "log.ndjson"
    begun = time.monotonic()
    done = collected(mac, raw, settle_s=300.0)
    assert time.monotonic() - begun < 250, "it was not waited for in vain"
    assert messages(raw) == ["<private>"] * 2
    assert done.problem is None


def test_a_later_controller_goes_on_without_a_hole(
    mac: LocalTransport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boot(mac)
    raw = tmp_path / "log.ndjson"
    first = Collector(mac, source(), raw)
    first.start()
    assert first.wait_for(b"canary", 60)

    def dead(*, last: bool) -> bytes:
        raise HostError(f"me: it died before its {'last' if last else 'next'} look")

    monkeypatch.setattr(first._feed, "pull", dead)
    first._thread.join(20)
    assert not first._thread.is_alive()
    earlier = replace(first.result, problem=None)  # what its journal told
    assert len(messages(raw)) == 1
    logger = f"{mac.host.path_prefix}/usr/bin/logger"
    mac.run([logger, "while nobody was there"], env={}, timeout_s=20.0)
    with raw.open("ab") as out:
        out.write(b'{"cut')
    again = Collector(mac, source(), raw, earlier=earlier, part=1)
    again.start()
    done = again.finish()
    assert done.problem is None
    found = messages(raw)
    assert found.count("while nobody was there") == 1
    assert done.log is not None
    assert len(done.log.canaries) == 3
    assert sorted(found) == sorted([*(x.text for x in done.log.canaries), "while nobody was there"])
    assert [hole.lost for hole in done.holes] == [False]
    told = (tmp_path / "log.chunks.ndjson").read_bytes().splitlines()
    assert sum(json.loads(line)["size"] for line in told) == raw.stat().st_size


FINISHED = '{"count":1,"finished":1}'
RECORD = json.dumps(
    {
        "timestamp": "2026-10-04 06:00:03.880814-0400",
        "eventType": "logEvent",
        "processID": 5,
        "processImagePath": "/usr/bin/logger",
        "eventMessage": "hello",
    }
)


def answering(mac: LocalTransport, script: str, timeout_s: float = 60.0) -> Log:
    program = Path(mac.host.path_prefix, "usr/bin/log")
    program.unlink()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return Log(mac, replace(PLACE, timeout_s=timeout_s, most_bytes=4096))


def say(*lines: str) -> str:
    return "\n".join(f"printf '%s\\n' '{line}'" for line in lines)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exit 0", "gave no whole answer"),
        ("echo 'Operation not permitted' >&2; exit 1", "Operation not permitted"),
        (say(RECORD), "gave no whole answer"),
        (f"printf '%s' '{RECORD}'", "gave no whole answer"),
        (say(FINISHED), "counted 1 and gave 0"),
        (say(RECORD, FINISHED, RECORD), "said more after it was done"),
        ("exec yes", "more than most_bytes"),
    ],
)
def test_an_answer_that_is_not_whole_is_none(mac: LocalTransport, script: str, why: str) -> None:
    with pytest.raises(HostError, match=why):
        answering(mac, script).show(0)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exec tr '\\\\000' x < /dev/zero", "said a line without an end"),
        (say(RECORD), "ended before it was done"),
        ("exit 0", "ended before it was done"),
    ],
)
def test_the_first_records_of_an_answer_that_is_none(
    mac: LocalTransport, script: str, why: str
) -> None:
    with pytest.raises(HostError, match=why):
        answering(mac, script).first(2, predicate="x")


def test_the_first_records_are_not_waited_for_longer_than_needed(mac: LocalTransport) -> None:
    log = answering(mac, say(RECORD, RECORD) + "\nexec sleep 30")
    begun = time.monotonic()
    assert len(log.first(2, predicate="x")) == 2
    assert time.monotonic() - begun < 29
    assert len(answering(mac, say(RECORD, FINISHED)).first(2, predicate="x")) == 1


def test_an_answer_that_takes_too_long_is_none(mac: LocalTransport) -> None:
    slow = answering(mac, say(RECORD) + "\nexec sleep 30", timeout_s=0.5)
    with pytest.raises(HostError, match=r"log show was not done in 0\.5 s"):
        slow.show(0)


def test_a_whole_answer(mac: LocalTransport) -> None:
    banner = 'Filtering the log data using "process == x"'
    lines, receipt = answering(mac, say(banner, RECORD, "no record", FINISHED)).show(10**9)
    assert [(line.message, line.pid) for line in lines] == [("hello", 5), ("", None)]
    assert lines[0].time_ns == moment("2026-10-04 10:00:03.880814+0000")
    assert receipt["records"] == 2
    assert receipt["argv"] == [
        "/usr/bin/log", "show", "--style", "ndjson", "--predicate", PREDICATE, "--start", "@1",
    ]  # fmt: skip


def test_a_record_is_the_same_however_its_keys_are_ordered() -> None:
    data = json.loads(RECORD)
    again = json.dumps(dict(reversed(data.items()))).encode()
    one, two = read(RECORD.encode()), read(again)
    assert one is not None
    assert two is not None
    assert one.key == two.key
    other = read(json.dumps({**data, "processID": 6}).encode())
    assert other is not None
    assert other.key != one.key


def test_an_answer_that_fails_while_the_run_goes_on_costs_no_record(
    mac: LocalTransport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boot(mac)
    raw = tmp_path / "log.ndjson"
    collector = Collector(mac, source(poll_s=0.05), raw)
    real: Callable[..., Any] = Log.show
    calls = iter(range(1000))

    def sometimes(self: Log, since_ns: int) -> Any:
        if next(calls) in (1, 2):
            raise HostError("me: log show gave no whole answer")
        return real(self, since_ns)

    monkeypatch.setattr(Log, "show", sometimes)
    collector.start()
    assert collector.wait_for(b"canary", 60)
    done = collector.finish()
    assert (done.problem, len(messages(raw))) == (None, 2)
    notes = [json.loads(x) for x in (tmp_path / "log.log.ndjson").read_bytes().splitlines()]
    assert sum(1 for note in notes if note.get("problem") and "asked_ns" in note) == 2


def test_a_last_answer_that_is_not_whole_is_could_not_look(
    mac: LocalTransport, tmp_path: Path
) -> None:
    boot(mac)
    collector = Collector(mac, source(settle_s=0.2), tmp_path / "log.ndjson")
    collector.start()
    answering(mac, say(RECORD))
    assert "gave no whole answer" in (collector.finish().problem or "")


def test_a_log_that_cannot_be_asked_at_all_says_the_mend(
    mac: LocalTransport, tmp_path: Path
) -> None:
    done = collected(mac, tmp_path / "log.ndjson")
    assert "may this user read the log" in (done.problem or "")


def test_a_canary_that_cannot_be_written_says_why(mac: LocalTransport) -> None:
    said = canaries.write(mac)
    assert said.problem is not None
    assert "init does not answer" in said.problem


def test_minutes_are_sounded_as_far_back_as_the_log_is_said_to_reach(
    mac: LocalTransport, tmp_path: Path
) -> None:
    store = boot(mac)
    now = time.time()
    old = []
    for hours, count in ((25.0, 1), (24.0, 3), (6.0, 12), (1.0, 12)):
        for number in range(count):
            stamp = time.gmtime(now - hours * 3600 + 20)
            text = time.strftime(f"%Y-%m-%d %H:%M:%S.{number:06d}+0000", stamp)
            old.append(json.dumps({**json.loads(RECORD), "timestamp": text, "subsystem": "",
                                   "category": "", "messageType": "Default"}))  # fmt: skip
    store.write_text("\n".join(old) + "\n")
    done = collected(mac, tmp_path / "log.ndjson")
    assert done.log is not None
    found = [(round((now * 1e9 - x.at_ns) / 3600e9), x.records) for x in done.log.soundings]
    assert found == [(1, 10), (6, 10), (24, 3)]
    assert logkept.AGES_S[3] == 3 * 86400.0, "and none of three days ago"


def test_sudo_and_streams_have_their_own_words(mac: LocalTransport) -> None:
    argv = Log(mac, UnifiedLog(sudo=True)).argv("stream", predicate="x")
    assert argv[:4] == ["sudo", "-n", f"{mac.host.path_prefix}/usr/bin/log", "stream"]
    assert argv[4:] == ["--style", "ndjson", "--predicate", "x"]
