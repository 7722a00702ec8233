"""A record that a judge would stumble over is refused in one sentence, whoever sealed it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.bag.read import open_bag
from witnessmark.bag.write import BagWriter
from witnessmark.errors import BagError
from witnessmark.model.run import RunRecord, Step

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

YEAR_1999, YEAR_2200 = 946_684_799 * 10**9, 7_258_118_400 * 10**9


def test_what_a_run_seals_is_read_back(bag: Path, record: RunRecord) -> None:
    assert open_bag(bag).record == record


def case(run: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = run["plan"]["cases"][0]
    return found


def host(run: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = run["plan"]["hosts"][0]
    return found


def again(rows: list[Any]) -> None:
    rows.append(rows[0])


def put(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    """Set ``a.0.b`` of run.json to a value."""

    def do(run: Any) -> None:
        *way, last = name.split(".")
        for part in way:
            run = run[int(part)] if part.isdecimal() else run[part]
        run[int(last) if last.isdecimal() else last] = value

    return do


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (put("facts", []), "has 0 entries of facts for host 'mac1'"),
        (lambda run: again(run["facts"]), "has 2 entries of facts for host 'mac1'"),
        (put("facts.0.name", "mac2"), "for host 'mac1'"),
        (lambda run: run["facts"].append({"name": "x", "origin": "mac"}), "no host of its plan"),
        (put("acts", []), "has 0 entries of acts for case 'c:mac1'"),
        (lambda run: again(run["acts"]), "has 2 entries of acts for case"),
        (lambda run: run["acts"].append({"case_id": "other"}), "'other', which is no case"),
        (lambda run: again(run["plan"]["cases"]), "more than one case 'c:mac1'"),
        (put("plan.cases.0.host", "mac9"), "no host of its plan"),
        (lambda run: again(run["plan"]["hosts"]), "more than one host 'mac1'"),
        (lambda run: again(host(run)["sources"]), "more than one source of mac1 'es'"),
        (put("collections.0.source", "other"), "no host and source"),
        (put("collections.0.host", "other"), "no host and source"),
        (lambda run: again(run["collections"]), "more than one collection"),
        (put("plan.run_id", "../../x"), "run id"),
        (lambda run: case(run)["scenario"].update(records=[]), "without a record"),
        (put("plan.cases.0.scenario.records.0.fields", ["target.pat"]), "'target.pat'"),
        (put("plan.cases.0.scenario.records.0.event", ["clothes"]), "'clothes'"),
        (put("plan.cases.0.scenario.timeout", "soon"), "timeout: 'soon' is not a duration"),
        (put("plan.hosts.0.retention", "gone"), "'gone' but does not hold it"),
        (put("retention", []), "'ir-30d' but does not hold it"),
        (put("retention.0.required", "nonsense"), "required: 'nonsense' is not a duration"),
        (put("retention.0.required", ""), "required: '' is not a duration"),
        (put("retention.0.required", "9999999d"), "more than 100 years"),
        (put("facts.0.clock_offset_s", 1e300), "clock offset"),
        (put("facts.0.clock_offset_end_s", -1e300), "clock offset"),
        (put("facts.0.clock_offset_s", float("nan")), "clock_offset_s"),
        (put("facts.0.clock_uncertainty_s", -0.1), "clock uncertainty"),
        (put("facts.0.clock_uncertainty_s", 1e300), "clock uncertainty"),
        (put("facts.0.clock_offset_s", float("inf")), "clock_offset_s"),
        (put("plan.window_s", float("-inf")), "window_s"),
        (put("plan.window_s", -1.0), "window_s"),
        (put("plan.late_arrival_s", 1e300), "late_arrival_s"),
        (put("plan.cases.0.timeout_s", 1e300), "timeout_s"),
        (put("plan.hosts.0.connect_timeout_s", 1e300), "connect_timeout_s"),
        (put("plan.hosts.0.sources.0.alert_deadline_s", 1e300), "alert_deadline_s"),
        (put("finished_ns", 1e30), "finished_ns"),
        (put("finished_ns", 10**30), "years 2000 and 2200, at finished_ns"),
        (put("finished_ns", -(10**30)), "years 2000 and 2200, at finished_ns"),
        (put("started_ns", YEAR_1999), "years 2000 and 2200, at started_ns"),
        (put("started_ns", YEAR_2200), "years 2000 and 2200, at started_ns"),
        (put("acts.0.phases.0.started_ns", 0), "at case 'c:mac1'"),
        (put("acts.0.phases.0.finished_ns", 0), "at case 'c:mac1'"),
        (put("acts.0.before.taken_ns", 0), "at case 'c:mac1'"),
        (put("collections.0.chunks.0.1", 0), "at collection of es on mac1"),
        (put("collections.0.look.taken_ns", 0), "at collection of es on mac1"),
    ],
)
def test_what_does_not_hold_together_is_one_sentence(
    change: Callable[[dict[str, Any]], None], said: str, reseal: Any
) -> None:
    folder = reseal(change)
    with pytest.raises(BagError) as caught:
        open_bag(folder)
    assert said in str(caught.value)
    assert "run.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def rename(run: dict[str, Any], name: str) -> None:
    host(run)["name"] = run["facts"][0]["name"] = case(run)["host"] = name
    run["collections"][0]["host"] = name


@pytest.mark.parametrize(
    "name", ["../../../x", "..", ".", ".x", "", "a/b", "a..b", "/x", "A", "a\n", "a\0"]
)
def test_names_that_lead_elsewhere_are_refused(name: str, reseal: Any) -> None:
    with pytest.raises(BagError, match=r"run\.json has a host called"):
        open_bag(reseal(lambda run: rename(run, name)))


@pytest.mark.parametrize("name", ["../../x", "..", ".x", "", "a/b", "x.head", "A", "a\n"])
def test_sources_that_lead_elsewhere_are_refused(name: str, reseal: Any) -> None:
    def change(run: dict[str, Any]) -> None:
        host(run)["sources"][0]["name"] = run["collections"][0]["source"] = name

    with pytest.raises(BagError, match=r"run\.json has a source called"):
        open_bag(reseal(change))


def test_only_what_the_manifest_names_is_read(bag: Path) -> None:
    (bag.parent / "secret.ndjson").write_text("elsewhere\n")
    opened = open_bag(bag)
    assert opened.raw("mac1", "es") == b"{}\n"
    assert opened.raw("../../..", "secret") is None
    assert opened.raw("mac1", "../mac1/es") is None
    assert opened.file("content/lib/a.sh").read_bytes() == b"x\n"
    for name in ("../../secret.ndjson", "content/../content/lib/a.sh", "nothing"):
        with pytest.raises(BagError, match="is not in this bag"):
            opened.file(name)


def test_text_that_is_no_unicode_never_keeps_a_bag_from_being_sealed(
    tmp_path: Path, record: RunRecord
) -> None:
    (act,) = record.acts
    (phase,) = act.phases
    step = Step(step="drop", path="/x\udcff", to=None, pid=2, ppid=1, status=0)
    bad = replace(act, phases=(replace(phase, steps=(step,), stderr="\ud800"),), error="\udcfe")
    facts = replace(record.facts[0], clock_offset_s=float("nan"), left_behind=("/\udcff",))
    writer = BagWriter(tmp_path / "bag")
    writer.seal(replace(record, acts=(bad,), facts=(facts,), tool="t\udcff"))
    read = open_bag(tmp_path / "bag").record
    assert read.acts[0].phases[0].steps[0].path == "/x\\udcff"
    assert read.acts[0].error == "\\udcfe"
    assert read.facts[0].left_behind == ("/\\udcff",)
    assert read.facts[0].clock_offset_s is None


def delivered(run: dict[str, Any]) -> dict[str, Any]:
    source = host(run)["sources"][0]
    source["destination"] = {"kind": "ndjson", "path": "x", "deadline_s": 60.0}
    run["deliveries"] = [dict(run["collections"][0])]
    found: dict[str, Any] = run["deliveries"][0]
    return found


def test_a_delivery_belongs_to_a_source_with_a_destination(reseal: Any) -> None:
    with pytest.raises(BagError, match="which is no host and source with a destination"):
        open_bag(reseal(lambda run: run.update(deliveries=run["collections"])))
    assert open_bag(reseal(delivered)).record.deliveries


def test_a_delivery_is_held_to_what_a_collection_is(reseal: Any) -> None:
    with pytest.raises(BagError, match="more than one delivery"):
        open_bag(reseal(lambda run: (delivered(run), again(run["deliveries"]))))
    with pytest.raises(BagError, match="not within the years"):
        open_bag(reseal(lambda run: delivered(run).update(chunks=[[1, YEAR_2200]])))
    with pytest.raises(BagError, match=r"destination\.deadline_s"):
        open_bag(
            reseal(
                lambda run: (
                    delivered(run),
                    host(run)["sources"][0]["destination"].update(deadline_s=-1.0),
                )
            )
        )
