"""Sigma rules as SQLite answers them: holds, does not, or cannot be decided."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.compare.conftest import sigma, told

from witnessmark.compare import sigma_rules
from witnessmark.compare.timelimit import Limit

DROP = "/Users/kim/Downloads/tool"
FILES = "logsource: {product: macos, category: file_event}\n"
WRITTEN = (
    "title: w\nname: w\n" + FILES + "detection:\n  s: {TargetFilename|contains: /Downloads/}\n"
    "  condition: s\n---\n"
)
RUN = (
    "title: r\nname: r\nlogsource: {product: macos, category: process_creation}\n"
    "detection:\n  s: {Image|contains: /}\n  condition: s\n---\n"
)
JOIN = (
    "title: j\ncorrelation:\n  type: temporal_ordered\n  rules: [w, r]\n  timespan: 10m\n"
    "  aliases:\n    path: {w: TargetFilename, r: Image}\n  group-by: [path, Computer]\n"
)


def shell(tape: Any) -> Any:
    return tape.spawn(tape.chrome(), "/bin/sh", ["sh", "-c", "x"])


@pytest.mark.parametrize(
    ("detection", "hits"),
    [
        ("  s: {Image|endswith: /SH}\n  condition: s", 1),
        ("  s: {ParentImage|contains: 'google chrome'}\n  condition: s", 1),
        ("  s: {ParentImage|contains: Firefox}\n  condition: s", 0),
        ("  s: {Image: /bin/sh}\n  f: {CommandLine|contains: ' -c'}\n  condition: s and not f", 0),
        ("  s: {Image: /bin/sh}\n  f: {CommandLine|contains: ' -e'}\n  condition: s and not f", 1),
        ("  s: {CommandLine|re: '^sh +-c'}\n  condition: s", 1),
        ("  s: {TargetFilename|contains: /}\n  condition: s", 0),
    ],
)
def test_a_rule_holds_or_does_not(ask: Any, tape: Any, detection: str, hits: int) -> None:
    shell(tape)
    outcome = ask(sigma(detection), tape)
    assert outcome.problem is None
    assert len(outcome.hits) == hits
    assert outcome.needs == ("process_creation",)
    assert not hits or outcome.hits[0] == (tape.events[-1].id,)


@pytest.mark.parametrize(
    ("detection", "unsaid"),
    [
        ("  s: {Image: /bin/sh, Signed: 'false'}\n  condition: s", True),
        ("  s: {Image: /bin/sh}\n  f: {Signed: 'true'}\n  condition: s and not f", True),
        ("  s: {Image: /bin/other, Signed: 'false'}\n  condition: s", False),
        ("  s: {Image: /bin/sh}\n  f: {Signed: null}\n  condition: s and not f", True),
        ("  s: {Image: /bin/sh}\n  f: {Signed|exists: false}\n  condition: s and f", True),
        ("  s: {Image: /bin/sh}\n  f: {CommandLine: null}\n  condition: s and f", False),
        ("  s: {Signed|re: x}\n  t: {Image: /bin/sh}\n  condition: s and t", True),
    ],
)
def test_a_field_that_nobody_told_decides_nothing(
    ask: Any, tape: Any, detection: str, unsaid: bool
) -> None:
    shell(tape)
    outcome = ask(sigma(detection), tape)
    assert outcome.problem is None
    assert outcome.hits == ()
    assert [item.fields for item in outcome.open] == ([("Signed",)] if unsaid else [])


def test_a_drop_is_joined_to_its_execution_by_alias_and_in_order(ask: Any, tape: Any) -> None:
    tape.write(DROP)
    tape.wait(3)
    tape.spawn(tape.terminal, DROP)
    outcome = ask(WRITTEN + RUN + JOIN, tape)
    assert outcome.problem is None
    assert outcome.hits == ((tape.events[-3].id, tape.events[-1].id),)
    assert outcome.needs == ("file_event", "process_creation")


@pytest.mark.parametrize("what", ["order", "window", "path"])
def test_what_does_not_fit_together_is_not_joined(ask: Any, tape: Any, what: str) -> None:
    if what == "order":
        tape.spawn(tape.terminal, DROP)
        tape.wait(1)
        tape.write(DROP)
    else:
        tape.write(DROP)
        tape.wait(601 if what == "window" else 1)
        tape.spawn(tape.terminal, DROP + ("2" if what == "path" else ""))
    outcome = ask(WRITTEN + RUN + JOIN, tape)
    assert outcome.problem is None
    assert outcome.hits == ()


def test_a_correlation_of_correlations_is_asked_as_a_whole(ask: Any, tape: Any) -> None:
    """Two such joins within the hour, of which each holds for itself."""
    top = (
        "title: twice\ncorrelation:\n  type: event_count\n  rules: [j]\n  timespan: 1h\n"
        "  group-by: [Computer]\n  condition: {gte: 2}\n---\n"
    )
    text = top + WRITTEN + RUN + JOIN.replace("title: j", "title: j\nname: j")
    tape.write(DROP)
    tape.wait(3)
    tape.spawn(tape.terminal, DROP)
    once = ask(text, tape)
    assert (once.hits, once.problem) == ((), None)
    tape.write(DROP + "2")
    tape.wait(3)
    tape.spawn(tape.terminal, DROP + "2")
    (hit,) = ask(text, tape).hits
    assert len(hit) == 4


def test_a_correlation_asks_of_each_part_whether_it_can_be_decided(ask: Any, tape: Any) -> None:
    tape.write(DROP)
    tape.spawn(tape.terminal, DROP)
    outcome = ask(WRITTEN + RUN.replace("Image|contains: /", "Hashes|contains: x") + JOIN, tape)
    assert outcome.hits == ()
    assert tape.events[-1].id in [item.event_id for item in outcome.open]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (sigma("  s: {A: b}\n  condition: s", "logsource: {product: macos}\n"), "no category"),
        (sigma("  s: {A: b}\n  condition: s", "logsource: {category: dns_query}\n"), "dns_query"),
        (sigma("  keywords: [a, b]\n  condition: keywords"), "cannot be run: Sigma"),
        (sigma("  s: {A: b}\n  condition: s and x"), "cannot be run: Sigma"),
        ("title: t\n", "cannot be run"),
        (JOIN, "cannot be run: SigmaRuleNotFoundError"),
        ("title: f\nlogsource: {product: macos}\nfilter: {rules: any, condition: s}\n", "filter"),
        (sigma("  s: {Image: a}\n  condition: [s, not s]"), "has no condition, or several"),
        (sigma("  s: {Image|re: '('}\n  condition: s"), "cannot be run: Sigma"),
    ],
)
def test_what_cannot_be_run_is_one_sentence(ask: Any, tape: Any, text: str, problem: str) -> None:
    outcome = ask(text, tape)
    assert problem in (outcome.problem or "")
    assert "\n" not in outcome.problem
    assert outcome.hits == outcome.open == ()


def test_a_rule_can_only_read(tape: Any, tmp_path: Any) -> None:
    base = sigma_rules._database(told(tape), ("Image",), Limit())  # the guard itself
    for statement in (
        f"ATTACH DATABASE '{tmp_path}/x' AS y",
        "DELETE FROM logs",
        "CREATE TABLE x (y)",
        "PRAGMA writable_schema = 1",
        "SELECT load_extension('x')",
    ):
        with pytest.raises(Exception, match=r"not authorized|authoriz|prohibited"):
            base.execute(statement)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "field", ["a` FROM logs; DROP TABLE logs; --", "Image` OR 1=1 --", "a'b", 'a"b', "x`y"]
)
def test_a_fields_name_is_never_part_of_the_query(ask: Any, tape: Any, field: str) -> None:
    shell(tape)
    text = f"  s:\n    ? {field!r}\n    : b\n  condition: s"
    outcome = ask(sigma(text), tape)
    assert outcome.hits == ()
    assert outcome.problem is None or "\n" not in outcome.problem


def test_a_pattern_that_never_ends_is_stopped(ask: Any, tape: Any) -> None:
    tape.spawn(tape.terminal, "/bin/sh", ["a" * 5_000])
    outcome = ask(sigma("  s: {CommandLine|re: '(a|aa)+$x'}\n  condition: s"), tape)
    assert outcome.problem is not None
    assert outcome.hits == ()
