"""Which files hold rules, and what hostile ones become: a sentence each."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from witnessmark.compare import files
from witnessmark.compare.outcome import Form
from witnessmark.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = "title: t\nlogsource: {product: macos, category: process_creation}\ndetection: {}\n"


def test_rules_are_found_at_any_depth(tmp_path: Path) -> None:
    (tmp_path / "a/b.yml").mkdir(parents=True)
    (tmp_path / "a/b.yml/c.YAML").write_text(PLAIN)
    (tmp_path / "a/d.eql").write_text("process where true")
    (tmp_path / "README.md").write_text("no rule")
    found = files.find(tmp_path)
    assert [(item.file, item.form) for item in found] == [
        ("a/b.yml/c.YAML", Form.SIGMA),
        ("a/d.eql", Form.EQL),
    ]


def test_a_file_alone_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_text(PLAIN)
    assert [item.file for item in files.find(tmp_path / "x.yml")] == ["x.yml"]


def test_a_folder_without_rules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no rule"):
        files.find(tmp_path)
    with pytest.raises(UsageError, match="no such file or folder"):
        files.find(tmp_path / "none")


def test_more_files_than_anybody_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_FILES", 1)
    for name in "ab":
        (tmp_path / f"{name}.yml").write_text(PLAIN)
    with pytest.raises(UsageError, match="more than 1 files"):
        files.find(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("x.yml", b"a: [", "line 1: while parsing a flow node"),
        ("x.yml", b"", "is empty"),
        ("x.yml", b"- a\n", "line 1: is no rule: must be a mapping"),
        ("x.yml", b"title: a\n---\n- b\n", "line 2: is no rule: must be a mapping"),
        ("x.yml", b"title: a\ntitle: b\n", "line 2: duplicate key 'title', first on line 1"),
        ("x.yml", b"title: a\n---\na: 1\na: 2\n", "line 4: duplicate key 'a', first on line 3"),
        ("x.yml", b'!!python/object/apply:os.system ["touch x"]', "os.system' is not allowed"),
        ("x.yml", b"a: !!binary aGk=\n", "is not allowed"),
        ("x.yml", b"\xff\xfe\xfa", "is no UTF-8 text"),
        ("x.yml", b"a: " + b"[" * 5_000, "line 1: "),
        ("x.yml", b"---\na: 1\n" * 101, "holds more than 100 documents"),
        ("x.yml", b"#" * (256 << 10) + b"#", "larger than 256 KiB"),
        ("x.eql", b"  \n", "is empty"),
        ("x.toml", b"a = [", "is no TOML"),
        ("x.toml", b"rule = 1", "has no [rule]"),
    ],
)
def test_what_is_no_rule_is_one_sentence(
    tmp_path: Path, name: str, text: bytes, problem: str
) -> None:
    (tmp_path / name).write_bytes(text)
    (rule,) = files.find(tmp_path)
    assert problem in (rule.problem or "")
    assert "\n" not in (rule.problem or "")
    assert [item.name for item in tmp_path.iterdir()] == [name]


def test_a_file_that_takes_too_long_to_read_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "READ_S", 0.05)
    (tmp_path / "x.yml").write_text("a: [" + "x, " * 30_000 + "]")
    (rule,) = files.find(tmp_path)
    assert rule.problem == "took more than 0.05 s of processor time to read"


def test_aliases_that_expand_without_end_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (tmp_path / "x.yml").write_text("\n".join(lines))
    (rule,) = files.find(tmp_path)
    assert "aliases expand to more than" in (rule.problem or "")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.yml")
    (rule,) = files.find(tmp_path)
    assert "cannot be read: it is a pipe" in (rule.problem or "")


def test_a_rule_for_another_platform_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_text(PLAIN.replace("macos", "windows"))
    assert [item.elsewhere for item in files.find(tmp_path)] == ["windows"]


def test_a_correlation_brings_what_it_refers_to_from_any_file(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("title: a\nname: first\nlogsource: {product: macos}\n")
    (tmp_path / "b.yml").write_text(
        "title: j\nname: j\ncorrelation: {type: temporal, rules: [first, j]}\n"
    )
    found = {item.title: item for item in files.find(tmp_path)}
    assert [item["title"] for item in found["j"].documents] == ["j", "a"]


def test_what_a_correlation_refers_to_is_no_rule_of_its_own(tmp_path: Path) -> None:
    base = "title: a\nname: first\n"
    join = "---\ntitle: j\ncorrelation: {type: temporal, rules: [first]}\n"
    (tmp_path / "a.yml").write_text(base + join)
    assert [item.title for item in files.find(tmp_path)] == ["j"]
    (tmp_path / "a.yml").write_text(base + "generate: true\n" + join)
    assert [item.title for item in files.find(tmp_path)] == ["a", "j"]
