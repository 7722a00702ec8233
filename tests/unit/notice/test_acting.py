"""Real scripts on this machine: what the end of a notice's window does to a run under way."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from witnessmark.act import act_host
from witnessmark.content import scenarios
from witnessmark.model.notice import Announced
from witnessmark.model.scenario import Phase
from witnessmark.notice import timebox
from witnessmark.plan import build
from witnessmark.survey import ask_facts

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from witnessmark.hosts.local import LocalTransport
    from witnessmark.model.run import Act, Plan

RUN = "20261124t042002z-1f0c9a"


def plan(mac: LocalTransport, *wanted: str, ends_in_s: float, window_s: float = 1.0) -> Plan:
    catalogue = scenarios.load_all()
    now = time.time_ns()
    notice = Announced(
        sha256="0" * 64,
        signer="jane",
        key="k",
        begins_ns=now,
        ends_ns=now + int(ends_in_s * 1e9),
    )
    found = build(
        run_id=RUN,
        hosts=[mac.host],
        scenarios=scenarios.select(catalogue, wanted),
        catalogue=catalogue,
        window_s=window_s,
        late_arrival_s=1.0,
        profile=None,
    )
    return replace(found, notice=notice)


def play(mac: LocalTransport, what: Plan) -> dict[str, Act]:
    return {act.case_id: act for act in act_host(mac, what, ask_facts(mac, RUN))}


def test_no_case_is_started_that_would_not_be_over(home: Path, mac: LocalTransport) -> None:
    acts = play(mac, plan(mac, "p11", "n14", ends_in_s=100.0, window_s=600.0))
    waits = acts["n14-run-after-window:me"]
    assert waits.error is not None
    assert "not started: the notice's window ends at " in waits.error
    assert not waits.started
    assert not waits.phases
    assert acts["p11-quarantined-download.downloads:me"].error is None
    assert acts["c01-drop-pulse.after:me"].error is None


def test_after_the_window_nothing_is_started(home: Path, mac: LocalTransport) -> None:
    acts = play(mac, plan(mac, "p11", ends_in_s=0.0))
    assert acts
    assert not any(act.phases or act.started for act in acts.values())


def test_an_attack_under_way_is_ended_with_the_window_and_cleaned_up(
    home: Path, mac: LocalTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timebox, "too_late", lambda *_: None)
    acts = play(mac, plan(mac, "n14", ends_in_s=4.0, window_s=60.0))
    waits = acts["n14-run-after-window:me"]
    assert waits.error == "me: its attack was ended because the notice's window ended"
    assert [item.phase for item in waits.phases] == list(Phase)
    assert waits.phases[1].timed_out, "it waits for longer than a minute"
    assert waits.phases[2].status == 0
    assert list((home / "Downloads/witnessmark" / RUN).iterdir()) == []
