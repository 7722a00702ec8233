"""Mac Monitor's export: eslogger's records, but old versions called local time UTC."""

from __future__ import annotations

from typing import Any

from witnessmark.telemetry import eslogger, mac_monitor


def test_its_records_are_esloggers(synthetic: Any, whole: Any) -> None:
    lines = synthetic("mac-monitor")
    assert whole(mac_monitor, *lines).events == whole(eslogger, *lines).events


def test_a_false_z_is_refused_in_one_sentence(synthetic: Any, whole: Any) -> None:
    first, *rest = synthetic("mac-monitor")
    old = first.replace(b"10:00:01.880814738Z", b"06:00:01.880Z")
    stream = whole(mac_monitor, old, *rest)
    (bad,) = stream.coverage.bad
    assert "local time called UTC" in bad.reason
    assert (bad.line, len(stream.events)) == (1, len(rest))
    assert len(whole(eslogger, old).events) == 1, "eslogger itself never wrote 24 characters"


def test_a_path_that_looks_like_a_time_changes_nothing(synthetic: Any, whole: Any) -> None:
    first = synthetic("mac-monitor")[0]
    spoof = first.replace(b'"A=1"', b'"\\"time\\":\\"2026-10-04T06:00:01.880Z\\""')
    assert spoof != first
    assert len(whole(mac_monitor, spoof).events) == 1
