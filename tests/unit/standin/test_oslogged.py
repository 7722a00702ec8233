"""The recorder's records in a stand-in's unified log: whole up to 32 kB, and read again as that."""

import json
from pathlib import Path

from witnessmark.standin.oslogged import LIMIT, Oslogged, logged
from witnessmark.telemetry import eslogger_oslog
from witnessmark.telemetry.decoder import decode

AT_S = 1_790_000_000.25


def test_a_record_is_the_message_and_a_long_one_is_cut_where_no_character_is_split() -> None:
    short = json.loads(logged(b'{"event": 1}\n', AT_S))
    assert short["eventMessage"] == '{"event": 1}'
    assert short["timestamp"] == "2026-09-21 14:13:20.250000+0000"
    assert short["x_standin"] == {"unknown": ["processID"]}
    long = json.loads(logged(("ä" * LIMIT).encode(), AT_S))["eventMessage"]
    assert len(long.encode()) == LIMIT
    odd = json.loads(logged(("x" + "ä" * LIMIT).encode(), AT_S))["eventMessage"]
    assert len(odd.encode()) == LIMIT - 1


def test_what_was_cut_is_counted_by_the_decoder(tmp_path: Path) -> None:
    path = tmp_path / "db/log.ndjson"
    kept = Oslogged(path)
    kept.append(b'{"event": "' + b"x" * 2 * LIMIT + b'"}\n')
    kept.close()
    stream = decode(eslogger_oslog, path.read_bytes().splitlines(True), host="h", source="s")
    assert dict(stream.coverage.kinds) == {"truncated": 1}
    assert stream.coverage.gaps[0].counter.startswith("eslogger's record was cut")
