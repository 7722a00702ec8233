"""B3: a wrapper's words are read only for a source that lacks the exec that it makes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from witnessmark.analytic.unwrap import DEEPEST, attached, inner
from witnessmark.model.detections import Answer

HOME = "/Users/kim"
X = f"{HOME}/Downloads/x.sh"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("env -i PATH=/bin sh x", "sh x"),
        ("env -u A -- sh x", "sh x"),
        ("/usr/bin/env - sh x", "sh x"),
        ("env A=b", None),
        ("env --help sh x", None),
        ("env -C / sh x", None),
        ("nohup sh x", "sh x"),
        ("nohup", None),
        ("sudo -n -u root -- sh x", "sh x"),
        ("sudo -Hu root A=b sh x", "sh x"),
        ("sudo --user=root sh x", "sh x"),
        ("sudo --chdir=/ sh x", None),
        ("sudo -l sh x", None),
        ("sudo -ns sh x", None),
        ("sudo -e x", None),
        ("arch -arm64e sh x", "sh x"),
        ("arch -arch x86_64 -e A=b sh x", "sh x"),
        ("xargs -0 -n 1 -I{} sh {}", "sh {}"),
        ("caffeinate -dims -t 5 sh x", "sh x"),
        ("caffeinate", None),
        ("time -lp -o out sh x", "sh x"),
        ("nice -n 5 sh x", "sh x"),
        ("nice -5 sh x", "sh x"),
        ("launchctl submit -l me -o out -- sh x", "sh x"),
        ("launchctl load x", None),
        ("launchctl", None),
        ("sudo nice env A=b nohup sh x", "sh x"),
        ("sudo -l nice sh x", None),
        ("sh x", None),
        ("", None),
    ],
)
def test_B3_words_of_wrappers(line: str, found: str | None) -> None:
    assert inner(line.split()) == (None if found is None else tuple(found.split()))


@pytest.mark.parametrize(
    ("args", "found"),
    [
        (["env", "-S", "sh -e x"], ("sh", "-e", "x")),
        (["env", "-Ssh 'a b'", "c"], ("sh", "a b", "c")),
        (["env", "--split-string=A=b sh x"], ("sh", "x")),
        (["env", "-S"], None),
        (["env", "-S", "sh 'unclosed"], None),
    ],
)
def test_B3_env_splits_a_string(args: list[str], found: tuple[str, ...] | None) -> None:
    assert inner(args) == found


STARTS = st.sampled_from(
    [
        ["env", "A=b"],
        ["nohup"],
        ["sudo", "-n"],
        ["nice", "-n", "3"],
        ["time", "-p"],
        ["arch", "-x86_64"],
    ]
)


@given(st.lists(STARTS, min_size=1, max_size=7), st.lists(st.text(min_size=1), max_size=4))
def test_B3_any_stack_of_wrappers_ends_in_the_same_words(
    stack: list[list[str]], rest: list[str]
) -> None:
    words = ("/opt/x", *rest)
    assert inner([*(word for each in stack for word in each), *words]) == words


@given(st.lists(st.text()))
def test_B3_any_words_at_all_are_read_or_refused(args: list[str]) -> None:
    for name in ("env", "sudo", "launchctl", "xargs", "arch"):
        found = inner([name, *args])
        assert found is None or found


@pytest.mark.parametrize(
    "args",
    [
        ["env", "A=b", "sh", X],
        ["sudo", "-n", "sh", X],
        ["nohup", X],
        ["nice", "-n", "5", "/bin/sh", "x.sh"],
        ["sudo", "env", "python3", "-u", X],
    ],
)
def test_B3_unwrapped_only_where_the_source_lacks_the_exec(
    tape: Any, answers: Any, args: list[str]
) -> None:
    tape.write(X)
    tape.spawn(tape.terminal, f"/usr/bin/{args[0]}", args, cwd=f"{HOME}/Downloads")
    assert answers(tape) == []
    assert answers.stopped()[-1].startswith("B3: ")
    (found,) = answers(tape, stream=tape.stream(lacks_wrapped_execs=True))
    assert (found.answer, found.inferred, found.drop.path) == (Answer.FIRED, True, X)
    assert any("inferred from a wrapper's words" in item for item in answers.held())
    assert len(answers(tape, params=replace(answers.params, unwrap_wrappers=True))) == 1


@pytest.mark.parametrize(
    "args",
    [["sudo", "-n", "sh", "-n", X], ["env", "grep", "x", X], ["xargs", "sh"], ["sudo", "-l", X]],
)
def test_B3_unwrapped_words_that_execute_nothing_of_the_drop(
    tape: Any, answers: Any, args: list[str]
) -> None:
    tape.write(X)
    tape.spawn(tape.terminal, f"/usr/bin/{args[0]}", args)
    assert answers(tape, stream=tape.stream(lacks_wrapped_execs=True)) == []


@pytest.mark.parametrize(
    ("line", "image", "point"),
    [
        ("hdiutil attach x.dmg", "x.dmg", None),
        ("hdiutil attach -nobrowse -mountpoint /m x.dmg", "x.dmg", "/m"),
        ("hdiutil mount x.dmg -quiet -mountpoint /m", "x.dmg", "/m"),
        ("hdiutil attach -owners on x.dmg", "x.dmg", None),
        ("hdiutil attach -mountpoint", None, None),
        ("hdiutil detach /m", None, None),
        ("hdiutil", None, None),
    ],
)
def test_B7_words_of_hdiutil(line: str, image: str | None, point: str | None) -> None:
    found = attached(line.split())
    assert (found and found.image, found and found.mount_point) == (image, point)


def test_B3_more_wrappers_than_anybody_stacks_are_left_standing() -> None:
    assert inner(["nice"] * DEEPEST + ["sh", "x"]) == ("sh", "x")
    assert inner(["nice"] * (DEEPEST + 1) + ["sh", "x"]) == ("nice", "sh", "x")
