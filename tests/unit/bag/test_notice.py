"""A bag that says it was announced holds the very notice that its run names."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from witnessmark.bag.read import open_bag
from witnessmark.bag.write import BagWriter
from witnessmark.errors import BagError
from witnessmark.judge.run import judge
from witnessmark.model.notice import Announced
from witnessmark.report import html, markdown, verdicts_json

if TYPE_CHECKING:
    from pathlib import Path

NOTICE = b"run: x\n"
SHA256 = hashlib.sha256(NOTICE).hexdigest()
TOLD = Announced(
    sha256=SHA256,
    signer="jane",
    key="ED25519 SHA256:x",
    begins_ns=1_790_000_000 * 10**9,
    ends_ns=1_790_003_600 * 10**9,
)


def bag(run_folder: Path, told: Announced, files: dict[str, bytes]) -> Path:
    """The same run, announced."""
    old = open_bag(run_folder)
    writer = BagWriter(run_folder.parent / "other" / "bag")
    analytic = old.file("analytics/an0994/analytic.yaml").read_bytes()
    writer.add("analytics/an0994", {"analytic.yaml": analytic})
    writer.add("notice", files)
    writer.seal(replace(old.record, plan=replace(old.record.plan, notice=told)))
    return writer.folder.parent


def test_every_report_names_the_notice(run_folder: Path) -> None:
    found = judge(open_bag(bag(run_folder, TOLD, {"notice.yaml": NOTICE})))
    assert found.notice_sha256 == SHA256
    assert verdicts_json.document(found)["notice_sha256"] == SHA256
    note = f"Announced to the SOC by notice {SHA256}, signed by jane"
    assert any(item.startswith(note) for item in found.notes)
    assert SHA256 in markdown.render(found)
    assert note in html.render(found)
    assert judge(open_bag(run_folder)).notice_sha256 is None


@pytest.mark.parametrize(
    ("files", "told", "words"),
    [
        ({}, TOLD, "is not in this bag"),
        ({"notice.yaml": b"other"}, TOLD, "is not the notice that run.json names"),
        ({"notice.yaml": NOTICE}, replace(TOLD, ends_ns=10**30), "not within the years"),
    ],
)
def test_another_notice_is_no_notice_of_this_run(
    run_folder: Path, files: dict[str, bytes], told: Announced, words: str
) -> None:
    with pytest.raises(BagError, match=words):
        open_bag(bag(run_folder, told, files))
