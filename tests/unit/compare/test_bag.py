"""Rules beside AN0994 over a whole bag: seen, missed, wrongly flagged, or nobody could look."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from tests.unit.compare.conftest import sigma
from tests.unit.judge import conftest as runs

from witnessmark.cli import cli
from witnessmark.compare import bag as compared
from witnessmark.compare import files, run
from witnessmark.compare.comparison import Mark, Said, exit_code
from witnessmark.compare.run import Runner
from witnessmark.errors import Unsupported
from witnessmark.judge.processes import Tie
from witnessmark.model.hosts import ALERTS_ONLY
from witnessmark.model.scenario import ExpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tests.unit.judge.conftest import Played

    from witnessmark.compare.comparison import Compared, Comparison
    from witnessmark.model.run import RunRecord

SEES = sigma("  s: {Image: /bin/sh, CommandLine|contains: /Downloads/}\n  condition: s")
BLIND = sigma("  s: {Image: /bin/zsh}\n  condition: s")
ASKS = sigma("  s: {Image: /bin/sh, Hashes|contains: x}\n  condition: s")
DROP = sigma(
    "  s: {TargetFilename|contains: /Downloads/}\n  condition: s",
    "logsource: {product: macos, category: file_event}\n",
)
BROKEN = sigma("  s: {Image|re: '('}\n  condition: s")
MUTE = sigma("  s: {Image: /bin/x}\n  condition: s")


def expecting(answer: ExpectedAnswer) -> Any:
    """Let the played case expect another answer."""

    def change(record: RunRecord) -> RunRecord:
        cases = tuple(
            replace(
                item,
                scenario=replace(
                    item.scenario, expect=replace(item.scenario.expect, answer=answer)
                ),
            )
            for item in record.plan.cases
        )
        return replace(record, plan=replace(record.plan, cases=cases))

    return change


def compare(played: Played, folder: Path, *texts: str) -> Comparison:
    rules = folder / "rules"
    rules.mkdir()
    for place, text in enumerate(texts):
        (rules / f"{place}.yml").write_text(text)
    return compared.compare(played.seal(), files.find(rules), Runner())


def only(found: Comparison) -> Compared:
    (case,) = found.cases
    return case


def marks(found: Comparison) -> list[Mark]:
    case = only(found)
    return [item.mark(case.expect) for item in (case.analytic, *case.cells)]


def test_each_rule_is_asked_of_the_case(played: Played, tmp_path: Path) -> None:
    found = compare(played, tmp_path, SEES, BLIND, ASKS, DROP, BROKEN)
    assert marks(found) == [
        Mark.SAW,
        Mark.SAW,
        Mark.MISSED,
        Mark.UNKNOWN,
        Mark.SAW,
        Mark.UNKNOWN,
    ]
    saw, missed, asks, drop, broken = only(found).cells
    assert saw.evidence == ("mac1/es/4",)
    assert missed.reason == ""
    assert asks.reason == "its records do not tell Hashes"
    assert drop.evidence == ("mac1/es/3",)
    assert broken.reason.startswith("the rule could not be run: cannot be run: Sigma")
    assert exit_code(found) == 1


def test_controls_are_no_cases(played: Played, tmp_path: Path) -> None:
    found = compare(played, tmp_path, SEES)
    assert [item.case for item in found.cases] == ["x01-played:mac1"]


@pytest.mark.parametrize("answer", [ExpectedAnswer.SILENT, ExpectedAnswer.SUPPRESSED])
def test_what_should_stay_silent_is_wrongly_flagged(
    played: Played, tmp_path: Path, answer: ExpectedAnswer
) -> None:
    played.change = expecting(answer)
    found = compare(played, tmp_path, SEES, BLIND)
    assert marks(found)[1:] == [Mark.FLAGGED, Mark.QUIET]
    assert (found.wanted, found.benign) == (0, 1)
    assert exit_code(found) == 1


def test_nobody_expects_anything_of_a_gap(played: Played, tmp_path: Path) -> None:
    played.change = expecting(ExpectedAnswer.GAP)
    found = compare(played, tmp_path, SEES, BLIND)
    assert marks(found)[1:] == [Mark.SAW, Mark.QUIET]
    assert found.marks(0)[Mark.SAW] == 0, "it is counted nowhere"
    assert exit_code(found) == 0


def test_silence_over_a_record_that_is_not_there_is_not_the_rules(
    played: Played, tmp_path: Path
) -> None:
    del played.records[3]  # the exec of the case
    played.number()
    found = compare(played, tmp_path, BLIND)
    (cell,) = only(found).cells
    assert cell.said is Said.UNKNOWN
    assert cell.reason.startswith("recorded ")


def test_silence_beside_a_hole_says_nothing(played: Played, tmp_path: Path) -> None:
    for record in played.records[3:]:
        record["global_seq_num"] += 5
    found = compare(played, tmp_path, SEES, BLIND)
    saw, silent = only(found).cells
    assert saw.said is Said.SAW, "a hit is a hit all the same"
    assert silent.said is Said.UNKNOWN
    assert "5 records are missing" in silent.reason


def test_silence_without_a_control_says_nothing(played: Played, tmp_path: Path) -> None:
    played.rounds = played.rounds[:2]
    played.__post_init__()
    found = compare(played, tmp_path, BLIND)
    assert only(found).cells[0].said is Said.UNKNOWN


def test_over_alerts_alone_no_rule_is_run(played: Played, tmp_path: Path) -> None:
    played.alarms()
    played.source = replace(played.source, kind=ALERTS_ONLY, path=None)
    played.change = lambda record: replace(record, collections=())
    found = compare(played, tmp_path, SEES)
    assert found.cases == ()
    assert found.notes == ("es has alerts and no records",)
    assert exit_code(found) == 4


def test_silence_over_nothing_says_nothing(played: Played, tmp_path: Path) -> None:
    played.change = lambda record: replace(record, collections=())
    found = compare(played, tmp_path, SEES)
    assert only(found).cells[0].said is Said.UNKNOWN
    assert "the source was not collected" in only(found).cells[0].reason
    assert found.rules[0].problem is None
    assert exit_code(found) == 4


def test_silence_of_a_source_that_never_records_such_says_nothing(
    played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_: object, kinds: Iterable[str]) -> str | None:
        return "it never records links" if "link" in kinds else None

    monkeypatch.setattr(compared.known, "never", never)
    found = compare(played, tmp_path, BLIND, DROP.replace("/Downloads/", "/none/"))
    assert [item.said for item in only(found).cells] == [Said.SILENT, Said.UNKNOWN]
    assert only(found).cells[1].reason == "it never records links"


def test_a_hit_that_may_be_anybodys_says_nothing(
    played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compared.tied, "tie", lambda *_: Tie.OPEN)
    found = compare(played, tmp_path, SEES)
    assert only(found).cells[0].reason == "it hit a record that may be of another process"


def test_a_hit_beside_a_benign_case_is_no_silence(played: Played, tmp_path: Path) -> None:
    """A tool of the scenario's own that names the file, and is none of its processes."""
    case = played.rounds[1]
    for pid, words in ((900, ["ls"]), (901, ["chmod", "+x", case.path])):
        target = runs._process(pid, f"/bin/{words[0]}", case.shell, version=1)
        body = {"target": target, "args": words, "script": None}
        before = runs._process(pid, "/bin/sh", case.shell)
        at = case.start_ns + 5 * runs.SECOND + pid
        played.records.insert(pid - 897, runs._record(at, before, "exec", body))
    played.number()
    rule = sigma("  s: {Image: [/bin/ls, /bin/chmod]}\n  condition: s")
    played.change = expecting(ExpectedAnswer.SILENT)
    found = compare(played, tmp_path, rule, BLIND)
    beside, silent = only(found).cells
    assert beside.reason == "it hit what has the case's mark and is none of its processes"
    assert silent.said is Said.SILENT


def test_a_hit_on_another_process_is_not_the_cases(played: Played, tmp_path: Path) -> None:
    found = compare(played, tmp_path, sigma("  s: {Image: /bin/ls}\n  condition: s"), SEES)
    assert only(found).cells[0].said is Said.SILENT


def test_a_case_that_was_not_acted_is_left_out(played: Played, tmp_path: Path) -> None:
    def fails(record: RunRecord) -> RunRecord:
        acts = tuple(
            replace(item, phases=tuple(replace(each, status=1) for each in item.phases))
            for item in record.acts
        )
        return replace(record, acts=acts)

    played.change = fails
    found = compare(played, tmp_path, SEES)
    assert found.cases == ()
    assert exit_code(found) == 3


def test_where_no_rule_was_asked_none_saw_anything(played: Played, tmp_path: Path) -> None:
    found = compare(played, tmp_path, SEES.replace("macos", "windows"))
    assert (found.elsewhere, found.rules) == (1, ())
    assert exit_code(found) == 4


def test_rules_of_other_platforms_are_counted_and_not_asked(played: Played, tmp_path: Path) -> None:
    found = compare(played, tmp_path, SEES, SEES.replace("macos", "windows"))
    assert found.elsewhere == 1
    assert len(found.rules) == 1
    assert exit_code(found) == 0


def test_a_rule_that_could_not_be_run_is_no_success(played: Played, tmp_path: Path) -> None:
    assert exit_code(compare(played, tmp_path, SEES, BROKEN)) == 4


def command(played: Played, folder: Path, *args: str) -> Result:
    played.seal()
    return CliRunner().invoke(
        cli, ["compare", str(played.folder), "--rules", str(folder), *args], standalone_mode=False
    )


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "a.yml").write_text(SEES.replace("title: t", 'title: "a\\e[2J##[error]"'))
    (folder / "b.yml").write_text(MUTE)
    (folder / "c.yml").write_text(BROKEN)
    (folder / "d.yml").write_text(ASKS)
    (folder / "e.yml").write_text(SEES.replace("macos", "windows"))
    return folder


def test_the_table_names_each_rule_and_what_it_comes_to(played: Played, rules: Path) -> None:
    result = command(played, rules)
    told = result.stdout
    assert result.return_value == 1, result
    for line in (
        "R1 sigma a.yml (a\\x1b[2J#\\x23[error])",
        "1 more are not for macOS, and were not asked",
        "case            expects AN0994 R1  R2     R4",
        "x01-played:mac1 fires   saw    saw missed ?",
        "  ? R4 on x01-played:mac1: its records do not tell Hashes",
        "R1 saw 1 of 1 variants and wrongly flagged 0 of 0 benign cases; it could not look at 0",
        "R2 saw 0 of 1 variants and wrongly flagged 0 of 0 benign cases; it could not look at 0",
        "R3 could not look",
        "R4 saw 0 of 1 variants and wrongly flagged 0 of 0 benign cases; it could not look at 1",
    ):
        assert line in told.splitlines(), told
    assert any(
        line.startswith("R3 sigma c.yml (t): could not look: cannot be run: Sigma")
        for line in told.splitlines()
    )
    assert "\x1b" not in told


def test_json_tells_the_same(played: Played, rules: Path) -> None:
    found = json.loads(command(played, rules, "--format", "json").stdout)
    assert [rule["totals"]["missed"] for rule in found["rules"]] == [0, 1, 0, 0]
    assert found["rules"][2]["problem"].startswith("cannot be run")
    (case,) = found["cases"]
    assert case["AN0994"]["said"] == "saw"
    assert {name: cell["mark"] for name, cell in case["rules"].items()} == {
        "R1": "saw",
        "R2": "missed",
        "R3": "?",
        "R4": "?",
    }
    assert found["not_for_macos"] == 1


def test_of_many_rules_only_those_that_hit_get_a_column(played: Played, rules: Path) -> None:
    for place in range(12):
        (rules / f"x{place:02}.yml").write_text(MUTE)
    told = command(played, rules).stdout
    assert "x01-played:mac1 fires   saw    saw" in told.splitlines()


def test_what_is_missing_is_named_with_what_to_install(
    played: Played, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.import_module

    def without(*names: str) -> Callable[[str], object]:
        def absent(name: str) -> object:
            if name.endswith(names):
                raise ImportError(name, name="sigma")
            return real(name)

        return absent

    monkeypatch.setattr(importlib, "import_module", without("sigma_rules"))
    with pytest.raises(Unsupported) as refused:
        run.ready(files.find(rules))
    assert str(refused.value) == (
        "sigma rules cannot be run without sigma: install witnessmark[compare]"
    )
    (rules / "z.eql").write_text("process where true")
    run.ready(files.find(rules))
    found = compared.compare(played.seal(), files.find(rules), Runner())
    problems = [item.problem for item in found.rules]
    assert problems[:4] == [str(refused.value)] * 4
    assert problems[-1] is None
    monkeypatch.setattr(importlib, "import_module", without("sigma_rules", "eql_rules"))
    with pytest.raises(Unsupported, match=r"witnessmark\[compare\]; eql rules .*\[eql\]"):
        run.ready(files.find(rules))


def test_a_profiles_window_is_said(played: Played, rules: Path) -> None:
    played.change = lambda record: replace(
        record, plan=replace(record.plan, profile="demo", window_s=4, late_arrival_s=5)
    )
    assert "profile demo, in which a drop counts for 4 s" in command(played, rules).stdout
