"""Docs cannot drift: what they name exists, and what exists is named."""

import re
import tomllib
from pathlib import Path

import pytest

from witnessmark.cli import COMMANDS

BASE = Path(__file__).parents[2]
PAGES = sorted([BASE / "README.md", *BASE.glob("docs/**/*.md"), *BASE.glob("reports/*.md")])
PROJECT = tomllib.loads((BASE / "pyproject.toml").read_text("utf-8"))


def test_the_readmes_first_two_commands_are_the_promised_ones() -> None:
    commands = re.findall(r"(?m)^    (\S.*)$", (BASE / "README.md").read_text("utf-8"))
    ours = [line for line in commands if line.startswith(("make ", "witnessmark "))]
    assert ours[:2] == ["make demo", "make test"]


def test_ci_calls_the_readmes_commands() -> None:
    script = (BASE / ".ci/run").read_text("utf-8").splitlines()
    assert "make demo" in script
    assert "make test" in script


def test_readme_shows_commands_that_exist() -> None:
    # That every command has a page and is in their index: test_command_pages.py.
    text = (BASE / "README.md").read_text("utf-8")
    named = set(re.findall(r"`witnessmark ([a-z-]+)", text))
    assert named <= set(COMMANDS), "the README shows a command that does not exist"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_every_dependency_has_its_reason() -> None:
    text = (BASE / "docs/dependencies.md").read_text("utf-8").lower()
    for line in PROJECT["project"]["dependencies"]:
        name = re.match(r"[a-z0-9-]+", line.lower())
        assert name is not None
        assert f"| {name.group()} |" in text, line
    for line in PROJECT["dependency-groups"]["dev"]:
        name = re.match(r"[a-z0-9-]+", line.lower())
        assert name is not None
        assert name.group().removeprefix("types-") in text or "type stubs" in text, line


def test_what_is_imported_at_run_time_is_declared() -> None:
    declared = {re.split("[<>=]", line)[0] for line in PROJECT["project"]["dependencies"]}
    known = {"yaml": "pyyaml", "ansible_runner": "ansible-runner", "junit_xml": "junit-xml"}
    found = set()
    for path in (BASE / "src").rglob("*.py"):
        for name in re.findall(r"(?m)^\s*(?:from|import) ([a-z_0-9]+)", path.read_text("utf-8")):
            found.add(known.get(name, name))
    third = {"click", "junit-xml", "msgspec", "paramiko", "pydantic", "pytest", "pyyaml", "rich"}
    assert third | {"ansible-runner"} <= declared
    outside = found & {"cryptography", "requests", "httpx", "attrs", "jinja2", "orjson", "six"}
    assert outside <= declared, outside


def test_the_architecture_page_names_every_part() -> None:
    text = (BASE / "docs/architecture.md").read_text("utf-8")
    for path in (BASE / "src/witnessmark").iterdir():
        if path.is_dir() and (path / "__init__.py").exists() and path.name != "validators":
            assert f"{path.name}/" in text, path.name


def test_the_project_speaks_of_itself_alone() -> None:
    words = re.compile(r"/wor[k]/|/roo[t]/\.|/tmp/[v]\b|pypi\.or[g]|deb\.debia[n]")
    for folder in ("src", "tests", "scenarios", "validators", "analytics", "inventory", "docs"):
        for path in (BASE / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert not words.search(path.read_text("utf-8", "replace")), path
