"""What run.json says of a case must be what the scenario and the analytic beside it say."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.bag.agreement import described
from witnessmark.bag.manifest import seal
from witnessmark.bag.read import open_bag
from witnessmark.bag.write import BagWriter
from witnessmark.content import pack, root, scenarios
from witnessmark.errors import BagError, ContentError
from witnessmark.plan import build

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from witnessmark.model.run import RunRecord

ANALYTIC = "analytics/an0994/analytic.yaml"


def planned(record: RunRecord, folder: Path, profile: str | None = None) -> Path:
    """A sealed bag of a real plan: p11's variants and their controls, with all its content."""
    catalogue = scenarios.load_all()
    wide = {"demo": (4.0, 5.0)}.get(profile or "", (600.0, 120.0))
    plan = build(
        run_id=record.plan.run_id,
        hosts=[replace(item, lab=True) for item in record.plan.hosts],
        scenarios=scenarios.select(catalogue, ["p11", "n14", "v23"]),
        catalogue=catalogue,
        window_s=wide[0],
        late_arrival_s=wide[1],
        profile=profile,
        standard_window_s=600.0,
    )
    acts = tuple(replace(record.acts[0], case_id=item.id) for item in plan.cases)
    writer = BagWriter(folder / "bag")
    writer.add("analytics/an0994", {"analytic.yaml": (root() / ANALYTIC).read_bytes()})
    writer.add("content/scenarios", {**pack.build(), **pack.descriptions()})
    writer.seal(replace(record, plan=plan, acts=acts))
    return folder / "bag"


def changed(bag: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """The same bag with another record, and all its digests computed again."""
    path = bag / "data/run.json"
    run = json.loads(path.read_bytes())
    change(run)
    path.write_text(json.dumps(run))
    seal(bag, {})
    return bag


def of(run: dict[str, Any], scenario: str) -> dict[str, Any]:
    """The first case of a scenario."""
    found: dict[str, Any] = next(
        item for item in run["plan"]["cases"] if item["scenario"]["id"].startswith(scenario)
    )
    return found


@pytest.mark.parametrize("profile", [None, "demo", "provenance"])
def test_what_a_plan_makes_agrees(record: RunRecord, tmp_path: Path, profile: str | None) -> None:
    assert described(open_bag(planned(record, tmp_path, profile)).names)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda run: of(run, "n14")["scenario"]["expect"].update(answer="gap"),
            "run.json has case 'n14-run-after-window:mac1' with another expect than "
            "content/scenarios/drop-exec/n14-run-after-window/scenario.yaml",
        ),
        (lambda run: of(run, "p11")["scenario"].update(needs=["gui"]), "another needs than"),
        (lambda run: of(run, "p11")["scenario"].update(axes={}), "another axes than"),
        (lambda run: of(run, "p11")["scenario"]["records"].pop(), "another records than"),
        (lambda run: of(run, "p11").update(axes=[["place", "desktop"]]), "with axes that"),
        (lambda run: of(run, "p11").update(control="before", axes=[]), "as a control or not"),
        (lambda run: of(run, "c01").update(control=None), "as a control or not"),
        (
            lambda run: of(run, "p11")["scenario"].update(id="p99-none"),
            "scenarios/drop-exec/p99-none/scenario.yaml is not in its bag",
        ),
        (
            lambda run: run["plan"].update(window_s=601.0),
            f"run.json says that plan.window_s is 601 s, and its own {ANALYTIC} 600 s",
        ),
        (lambda run: run["plan"].update(late_arrival_s=1e9), "plan.late_arrival_s is 1e"),
        (lambda run: run["plan"].update(profile="extended", window_s=4), "plan.window_s is 4 s"),
    ],
)
def test_a_contradiction_is_refused(
    record: RunRecord, tmp_path: Path, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    bag = changed(planned(record, tmp_path), change)
    with pytest.raises(BagError) as caught:
        open_bag(bag)
    assert said in str(caught.value)


def test_a_lab_case_is_never_made_coverage(record: RunRecord, tmp_path: Path) -> None:
    bag = planned(record, tmp_path, "demo")
    assert all(item.lab for item in open_bag(bag).record.plan.cases if not item.control)
    with pytest.raises(BagError, match="as coverage, and it is a lab case"):
        open_bag(changed(bag, lambda run: of(run, "p11").update(lab=False)))


def test_a_scenario_that_cannot_be_read_is_named(record: RunRecord, tmp_path: Path) -> None:
    bag = planned(record, tmp_path)
    next(bag.glob("data/content/scenarios/*/n14-*/scenario.yaml")).write_text("id: 1\n")
    seal(bag, {})
    with pytest.raises(ContentError, match=r"n14-run-after-window/scenario\.yaml:1"):
        open_bag(bag)


def test_a_bag_without_any_description_is_judged_by_its_record(
    record: RunRecord, tmp_path: Path
) -> None:
    bag = planned(record, tmp_path)
    for file in bag.glob("data/content/scenarios/*/*/scenario.yaml"):
        file.unlink()
    (bag / "data" / ANALYTIC).unlink()
    seal(bag, {})
    assert not described(open_bag(bag).names)
