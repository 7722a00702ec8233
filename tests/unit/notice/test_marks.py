"""A mark of an alert belongs to the notice, or to another run, or is none."""

from __future__ import annotations

import pytest
from tests.unit.notice.conftest import RUN, notice_of, plan_of

from witnessmark.notice.marks import strange, told

NOTICE = notice_of(plan_of())
OTHER = "20261124t042002z-1f0c9b"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"wm-{RUN}-001a", "case 1, attack"),
        (f"/Users/p/Downloads/witnessmark/{RUN}/002/invoice-wm-{RUN}-002a.sh", "case 2, attack"),
        (f"sh -c 'echo wm-{RUN}-003s'", "case 3, setup"),
        (f"wm-{RUN}-004c", "case 4, cleanup"),
        (f"true wm-{RUN}-end", "the command that ends a run"),
        (f"/Users/p/.witnessmark/{RUN}/pack/lib/x.sh", "the run's own folder or file"),
    ],
)
def test_what_a_run_leaves_belongs_to_its_notice(text: str, what: str) -> None:
    assert strange(NOTICE, text) is None
    assert told(text) == what


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no mark"),
        ("wm-*", "no mark"),
        (f"wm-{RUN}"[:-1], "no mark"),
        (f"wm-{RUN}0", "no mark"),
        (f"x{RUN}", "no mark"),
        (f"wm-{OTHER}-001a", f"is of run {OTHER}"),
        (f"wm-{RUN}-001a wm-{OTHER}-001a", f"is of run {OTHER}"),
        (f"wm-{RUN}-000a", "announces only"),
        (f"wm-{RUN}-{NOTICE.cases + 1:03d}a", f"announces only {NOTICE.cases} cases"),
        (f"wm-{RUN}-100000a", f"announces only {NOTICE.cases} cases"),
        (f"wm-{RUN}-9999999a", "is no mark"),
        (f"wm-{RUN}-0001a", "is no mark"),
        (f"wm-{RUN}-01a", "is no mark"),
        (f"wm-{RUN}-001A", "is no mark"),
        (f"wm-{RUN}-001x", "is no mark"),
        (f"wm-{RUN}-001aB", "is no mark"),
        (f"wm-{RUN}-001", "is no mark"),
        (f"wm-{RUN}-x", "is no mark"),
        (f"wm-{RUN}-END", "is no mark"),
        (f"wm-{RUN}-ends", "is no mark"),
        (f"WM-{RUN}-001a", "is no mark"),
        (f"wm-{RUN.upper()}-001a", "is no mark"),
        (f"{RUN[:-1]}g", "is no mark"),
        (f"WM-{RUN.upper()}-999a wm-{RUN}-001a", "is no mark"),
        (f"wm-{RUN}-001a wm-{OTHER.upper()}-001a", "is no mark"),
        (f"wm-{RUN}-001a wm-{RUN}0-001a", "is no mark"),
        (f"wm-{RUN}-001a wm-{RUN}-" + "9" * 5000 + "a", "is no mark"),
    ],
)
def test_anything_else_does_not(text: str, words: str) -> None:
    assert words in str(strange(NOTICE, text))
