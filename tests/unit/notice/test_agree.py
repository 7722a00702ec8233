"""A run does what was announced or a part of it, and never anything else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.unit.notice.conftest import BEGINS, ENDS, MAC1, MAC2, RUN, notice_of, plan_of

from witnessmark.content import pack
from witnessmark.errors import NoticeError
from witnessmark.notice.agree import agreed, announce, content_digest, open_notice, where
from witnessmark.notice.text import render

if TYPE_CHECKING:
    from tests.unit.notice.conftest import Desk

    from witnessmark.model.run import Plan


def test_the_same_plan_and_any_part_of_it_agree(desk: Desk) -> None:
    signed = desk.signed(plan_of())
    for plan in (plan_of(), plan_of(MAC2), plan_of(wanted=("n14",))):
        found = agreed(plan, signed, pack.build())
        assert found.notice == signed.announced
        assert replace(found, notice=None) == plan
    told = signed.announced
    assert (told.begins_ns, told.ends_ns, told.signer) == (BEGINS, ENDS, "jane@x.example")


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (plan_of(MAC1, replace(MAC2, name="mac3")), "does not announce the host mac3"),
        (plan_of(replace(MAC1, address="192.0.2.99")), "announces mac1 as '192.0.2.11 port 22'"),
        (plan_of(replace(MAC1, port=2222)), "in this inventory it is '192.0.2.11 port 2222'"),
        (plan_of(replace(MAC1, user="root")), "in this inventory it is 'root@192.0.2.11"),
        (plan_of(wanted=("p11", "n19")), "does not announce the scenario n19-pasted-pipe"),
        (plan_of(profile="demo"), "announces the deployed parameters, and this run has profile"),
        (replace(plan_of(), run_id="20261124t042002z-000000"), f"announces run {RUN}"),
        (replace(plan_of(), cases=plan_of().cases * 2), "cases, and this run has"),
    ],
)
def test_a_plan_that_differs_is_refused(desk: Desk, plan: Plan, words: str) -> None:
    signed = desk.signed(plan_of())
    with pytest.raises(NoticeError) as caught:
        agreed(plan, signed, pack.build())
    assert words in str(caught.value)
    assert str(caught.value).startswith(str(signed.path))


def test_every_difference_is_told_at_once(desk: Desk) -> None:
    other = plan_of(replace(MAC1, port=23), wanted=("n19",), profile="demo")
    with pytest.raises(NoticeError) as caught:
        agreed(other, desk.signed(plan_of()), pack.build())
    assert len(str(caught.value).splitlines()) == 3


def test_scripts_that_changed_since_are_another_run(desk: Desk) -> None:
    changed = {**pack.build(), "lib/witness.sh": b"true\n"}
    with pytest.raises(NoticeError, match="files have changed since it was made"):
        agreed(plan_of(), desk.signed(plan_of()), changed)
    assert content_digest({"a": b"x", "b": b""}) != content_digest({"a": b"", "b": b"x"})


def test_a_host_that_tests_itself_is_announced_by_its_own_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "mac-of-jane")
    assert where(replace(MAC1, connection="local")) == "this machine: mac-of-jane"


def test_what_cannot_be_announced_is_refused_before_it_is_signed() -> None:
    for words, given in (
        ("it ends before it begins", {"ends_ns": BEGINS}),
        ("contact: must be one line", {"contact": "a\nb"}),
        ("purpose: must be one line", {"purpose": "\x1b[2J"}),
    ):
        with pytest.raises(NoticeError, match=words):
            announce(
                plan_of(),
                pack.build(),
                **{"begins_ns": BEGINS, "ends_ns": ENDS, "contact": "Jane", **given},
            )


def test_a_notice_that_nobody_would_read_again_is_not_made() -> None:
    many = [replace(MAC1, name=f"mac-{number:05d}-{'x' * 100}") for number in range(2500)]
    plan = replace(plan_of(), hosts=tuple(many))
    with pytest.raises(NoticeError, match="larger than 256 KiB; announce fewer hosts"):
        announce(plan, pack.build(), begins_ns=BEGINS, ends_ns=ENDS, contact="Jane")


def test_the_signature_is_checked_before_anything_is_read(desk: Desk) -> None:
    raw = render(notice_of(plan_of())).encode()
    path = desk.lay(raw)
    path.write_bytes(raw.replace(b"16:00:00Z", b"23:00:00Z"))
    with pytest.raises(NoticeError, match="is not a good signature of this notice"):
        open_notice(path, desk.trust)
