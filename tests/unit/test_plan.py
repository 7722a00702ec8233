"""A plan is pure: the same cases in the same order, bracketed by controls, lab hosts only."""

import datetime as dt
from dataclasses import replace

import pytest

from witnessmark.content import scenarios
from witnessmark.errors import HostError, UsageError
from witnessmark.model.hosts import Host, Origin
from witnessmark.model.run import Plan
from witnessmark.model.scenario import Phase
from witnessmark.plan import build, check_run_id, new_run_id, whole_window

MAC = Host(name="mac1", origin=Origin.MAC, connection="ssh", lab=True, browser="/b")
RUN = "20261124t042002z-1f0c9a"


def plan(*hosts: Host, wanted: tuple[str, ...] = (), window_s: float = 4.0) -> Plan:
    catalogue = scenarios.load_all()
    return build(
        run_id=RUN,
        hosts=hosts or (MAC,),
        scenarios=scenarios.select(catalogue, wanted),
        catalogue=catalogue,
        window_s=window_s,
        late_arrival_s=5.0,
        profile="demo",
    )


def test_every_axis_value_becomes_a_case_with_a_stable_id() -> None:
    ids = [case.id for case in plan(wanted=("p11",)).cases if not case.control]
    assert ids == [
        "p11-quarantined-download.downloads:mac1",
        "p11-quarantined-download.caches:mac1",
    ]


def test_controls_come_first_and_last_on_every_host() -> None:
    two = plan(MAC, replace(MAC, name="mac2"))
    for name in ("mac1", "mac2"):
        when = [case.control for case in two.cases if case.host == name]
        count = when.count("before")
        assert count == when.count("after") == 2
        assert when[:count] == ["before"] * count
        assert when[-count:] == ["after"] * count
        assert set(when[count:-count]) == {None}


def test_without_a_browser_there_is_no_spawn_control() -> None:
    bare = plan(replace(MAC, browser=None))
    assert {case.scenario.id for case in bare.cases if case.control} == {"c01-drop-pulse"}


def test_marks_differ_per_host_case_and_phase() -> None:
    two = plan(MAC, replace(MAC, name="mac2"))
    marks = [two.mark(case, phase) for case in two.cases for phase in Phase]
    assert len(set(marks)) == len(marks)


def test_a_host_that_is_not_declared_a_lab_host_is_refused() -> None:
    with pytest.raises(HostError, match=r"mac2.*witnessmark_lab: true"):
        plan(MAC, replace(MAC, name="mac2", lab=False))


def test_the_window_reaches_scripts_in_whole_seconds_rounded_up() -> None:
    assert whole_window(plan(window_s=3.2)) == 4
    assert whole_window(plan(window_s=4.0)) == 4


def test_a_case_outlives_the_window_it_must_wait_for() -> None:
    late = next(case for case in plan(window_s=600.0).cases if case.scenario.id.startswith("n14"))
    assert late.timeout_s > 601


def test_run_ids_are_checked_before_they_become_paths() -> None:
    fresh = new_run_id(dt.datetime(2026, 11, 24, 4, 20, 2, tzinfo=dt.UTC))
    assert fresh.startswith("20261124t042002z-")
    assert check_run_id(fresh) == fresh
    for bad in ("", "../x", "20261124t042002z-1f0c9a/..", "20261124T042002Z-1f0c9a", fresh + "\n"):
        with pytest.raises(UsageError):
            check_run_id(bad)


def test_a_real_macs_lab_browser_never_earns_coverage() -> None:
    def labs(host: Host) -> set[str]:
        return {case.scenario.id.split("-")[0] for case in plan(host).cases if case.lab}

    assert labs(MAC) == {"p07", "v16", "n17", "n11", "n15"}
    assert labs(replace(MAC, origin=Origin.STAND_IN)) == set()


def test_a_shortened_window_on_a_real_mac_never_earns_coverage() -> None:
    def labs(host: Host, standard_window_s: float) -> set[bool]:
        catalogue = scenarios.load_all()
        made = build(
            run_id=RUN,
            hosts=[host],
            scenarios=scenarios.select(catalogue, ["p11"]),
            catalogue=catalogue,
            window_s=4.0,
            late_arrival_s=5.0,
            profile="demo",
            standard_window_s=standard_window_s,
        )
        return {case.lab for case in made.cases if not case.control}

    assert labs(MAC, 600.0) == {True}
    assert labs(MAC, 4.0) == {False}
    assert labs(replace(MAC, origin=Origin.STAND_IN), 600.0) == {False}


def test_a_host_named_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="its own"):
        plan(MAC, MAC)


def test_an_unknown_scenario_is_named_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match="p11-quarantined-download"):
        plan(wanted=("p99",))


def test_what_only_the_suites_own_workflow_suppresses_is_lab_on_a_mac_alone() -> None:
    for origin, lab in ((Origin.MAC, {"n11", "n15"}), (Origin.STAND_IN, set())):
        made = plan(replace(MAC, origin=origin), wanted=("n11", "n15", "v25", "p11"))
        found = {case.id.partition("-")[0] for case in made.cases if case.lab and not case.control}
        assert found == lab


def test_a_profile_may_expect_another_answer_and_only_where_it_says_so() -> None:
    catalogue = scenarios.load_all()
    found = {}
    for profile in ("demo", "extended", None):
        made = build(
            run_id=RUN,
            hosts=(MAC,),
            scenarios=scenarios.select(catalogue, ()),
            catalogue=catalogue,
            window_s=4.0,
            late_arrival_s=5.0,
            profile=profile,
        )
        found[profile] = {case.id: case.scenario.expect for case in made.cases}
    assert found["demo"] == found[None]
    other = {key for key in found[None] if found[None][key] != found["extended"][key]}
    assert other == {"n20-private-tmp:mac1"}
    (name,) = other
    assert (found[None][name].answer, found[None][name].branch) == ("silent", "none")
    assert (found["extended"][name].answer, found["extended"][name].branch) == ("fires", "B")
