"""docs/analytic.md explains every rule that a detection, a near miss or ``explain`` can cite."""

import re
from pathlib import Path

BASE = Path(__file__).parents[2]
ANALYTIC = BASE / "src/witnessmark/analytic"
PAGE = (BASE / "docs/analytic.md").read_text("utf-8")
CITED = re.compile(r'"([AB][1-9]|K[1-3]|baseline|dedupe)"')


def cited() -> set[str]:
    return {
        name for file in ANALYTIC.glob("*.py") for name in CITED.findall(file.read_text("utf-8"))
    }


def test_every_rule_that_is_cited_is_explained() -> None:
    rows = set(re.findall(r"(?m)^\| ([ABK]\d) \|", PAGE)) | set(re.findall(r"`([a-z]+)`", PAGE))
    assert cited() <= rows, cited() - rows


def test_every_rule_of_the_page_can_be_cited() -> None:
    rows = re.findall(r"(?m)^\| ([ABK]\d) \|", PAGE)
    assert rows == [f"K{n}" for n in (1, 2, 3)] + [f"A{n}" for n in range(1, 8)] + [
        f"B{n}" for n in range(1, 8)
    ]
    assert set(rows) <= cited(), set(rows) - cited()
