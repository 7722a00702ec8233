"""The analytic's file, its profiles and overrides."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from witnessmark.analytic.parameters import default_file, load
from witnessmark.content.located import from_mapping
from witnessmark.errors import ContentError, UsageError

ATTACK = (
    Path(__file__).parents[3].parent
    / "shared"
    / "attack"
    / "x-mitre-analytic--ba6a9282-30e0-491c-90a7-35bf4ad25ba3.json"
)


def test_defaults_are_those_of_the_analytics_page() -> None:
    params = load().parameters
    assert params.monitored_directories == ("~/Downloads", "~/Library/Caches")
    assert params.drop_exec_window == 600
    assert params.high_severity_within == 60
    assert params.spawn_load_window == 30
    assert params.max_depth == 3
    assert params.require_quarantine is False
    assert params.clock_skew_tolerance == 2
    assert params.late_arrival == 120
    assert params.dedupe_window == 300


def test_attack_pin() -> None:
    analytic = load()
    assert (analytic.analytic, analytic.attack.release) == ("AN0994", "18.1")
    assert analytic.attack.mission_release == "19.1"
    if not ATTACK.is_file():
        pytest.skip("the ATT&CK object is not beside this checkout")
    assert hashlib.sha256(ATTACK.read_bytes()).hexdigest() == analytic.attack.sha256


def test_demo_profile_only_shrinks_windows() -> None:
    plain, demo = load().parameters, load(profile="demo").parameters
    assert (demo.drop_exec_window, demo.spawn_load_window, demo.late_arrival) == (4, 10, 5)
    assert demo.browsers == plain.browsers
    assert demo.monitored_directories == plain.monitored_directories


def test_extended_profile_adds_directories() -> None:
    extended = load(profile="extended").parameters
    assert "/private/tmp" in extended.monitored_directories
    assert set(load().parameters.monitored_directories) < set(extended.monitored_directories)


def test_every_listed_browser_can_be_recognised() -> None:
    for browser in load().parameters.browsers:
        assert browser.paths
        assert browser.signing_ids
        assert (
            browser.team_id
            or browser.platform
            or "team_id" in browser.unverified
            or (browser.ad_hoc)
        ), browser.name


def test_unknown_profile_names_the_known() -> None:
    with pytest.raises(UsageError, match="demo, extended"):
        load(profile="nope")


def test_override_file_wins_over_the_profile_key_by_key(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("late_arrival: 1s\nfetchers: []\n")
    params = load(profile="demo", override=mine).parameters
    assert (params.late_arrival, params.drop_exec_window, params.fetchers) == (1, 4, ())


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}\n"])
def test_empty_override_changes_nothing(tmp_path: Path, text: str) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(text)
    assert load(override=mine).parameters == load().parameters


def test_layer_from_a_scenario() -> None:
    layer = from_mapping({"drop_exec_window": "9s", "high_severity_within": "1s"}, "scenario p01")
    assert load(layers=[layer]).parameters.drop_exec_window == 9
    with pytest.raises(
        ContentError, match=r"^scenario p01: drop_window: unknown key; did you mean drop_e"
    ):
        load(layers=[from_mapping({"drop_window": "9s"}, "scenario p01")])


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"provenance": True, "image_names": []}, "image_names: provenance needs at least one"),
        ({"wrappers": ["env", "doas"]}, "wrappers: nobody can read doas's words"),
        ({"max_depth": -1}, "max_depth"),
        ({"max_depth": 101}, "max_depth"),
        ({"clock_skew_tolerance": "87600h"}, "clock_skew_tolerance: must be from 0 s to 60 s"),
        ({"clock_skew_tolerance": "61s"}, "clock_skew_tolerance"),
        ({"drop_exec_window": "0s", "high_severity_within": "0s"}, "drop_exec_window: must be"),
        ({"drop_exec_window": "25h"}, "drop_exec_window: must be from 1 s to 86400 s"),
        ({"spawn_load_window": "0s"}, "spawn_load_window: must be from 1 s"),
        ({"spawn_load_window": "2h"}, "spawn_load_window"),
        ({"late_arrival": "25h"}, "late_arrival: must be"),
        ({"dedupe_window": "3650d"}, "dedupe_window: must be"),
        ({"monitored_directories": []}, "at least one"),
        ({"browsers": []}, "at least one"),
        ({"monitored_directories": ["Downloads"]}, "starts with / or ~"),
        ({"high_severity_within": "11m"}, "must not exceed"),
        ({"drop_exec_window": 600}, "is not a duration"),
        ({"interpreters": [{"name": "x", "language": "cobol", "paths": []}]}, "language"),
    ],
)
def test_refused_values(change: dict[str, Any], match: str) -> None:
    with pytest.raises(ContentError, match=match):
        load(layers=[from_mapping(change, "mine")])


def test_every_profile_is_checked_whichever_is_asked_for(tmp_path: Path) -> None:
    text = default_file().read_text(encoding="utf-8")
    broken = tmp_path / "a.yaml"
    broken.write_text(text + "  second: {late_arival: 1s, max_depth: x}\n", encoding="utf-8")
    line = text.count("\n") + 1
    with pytest.raises(ContentError) as caught:
        load(broken)
    assert [problem.split(": ")[0] for problem in caught.value.problems] == [f"{broken}:{line}"] * 2
    assert "late_arival" in caught.value.problems[0]


def test_override_that_is_no_mapping(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("- a\n")
    with pytest.raises(ContentError, match="must be a mapping"):
        load(override=mine)
