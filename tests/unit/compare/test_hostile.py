"""Whatever text a rule file holds, it becomes one sentence or an outcome, and nothing else."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.analytic.conftest import Tape
from tests.unit.compare.conftest import sigma, told

from witnessmark.compare import files
from witnessmark.compare.run import LONGEST, Runner

if TYPE_CHECKING:
    from witnessmark.compare.rows import Row

WHOLE = {
    "yml": sigma("  s: {Image|endswith: [/sh], CommandLine|re: x}\n  condition: s and not 1 of f*"),
    "eql": 'sequence by host.id with maxspan=1m [file where true] [process where a : "b*"]',
    "toml": "[rule]\nlanguage = 'eql'\nquery = 'process where process.name : \"a*\"'\n",
}
PIECES = st.sampled_from(
    ["|re", "|cased", "|expand", "|cidr", "null", "(", ")", "*", "?", "'", '"', "`", "\\", "%", "[",
     "]", "{", "}", "&a ", "*a", "!!python/object:os.system ", "---\n", "\x00", "\u202e", "\n",
     "9" * 400, "~", "regex~", " by x", "any where true", "detection:", "filter: "]
)  # fmt: skip


@cache
def records() -> tuple[Row, ...]:
    tape = Tape()
    tape.write("/Users/kim/Downloads/x")
    tape.spawn(tape.chrome(), "/bin/sh", ["sh", "-c", "x"])
    return told(tape)


@settings(max_examples=80, deadline=None)
@given(
    form=st.sampled_from(sorted(WHOLE)),
    changes=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.2), PIECES), max_size=5),
)
def test_a_rule_of_any_text_is_an_outcome(
    form: str, changes: list[tuple[float, float, str]]
) -> None:
    text = WHOLE[form]
    for place, width, piece in changes:
        start = int(place * len(text))
        text = text[:start] + piece + text[start + int(width * len(text)) :]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"rule.{form}").write_text(text, "utf-8")
        for rule in files.find(Path(folder)):
            problem = Runner(limit_s=10).run(rule, records()).problem
            assert problem is None or ("\n" not in problem and len(problem) <= LONGEST + 100)
