"""Each command has a page in docs/commands/, and the page names every option it has."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from witnessmark.cli import COMMANDS, cli

FOLDER = Path(__file__).parents[2] / "docs/commands"


def command(name: str) -> click.Command:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    return found


def parameters(item: click.Command) -> Iterator[click.Parameter]:
    yield from item.params
    for child in item.commands.values() if isinstance(item, click.Group) else ():
        yield from parameters(child)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_has_a_page_that_names_all_its_options(name: str) -> None:
    page = FOLDER / f"{name}.md"
    text = page.read_text("utf-8")
    assert text.startswith(f"# witnessmark {name}\n")
    assert "```console" in text
    for item in parameters(command(name)):
        if isinstance(item, click.Option):
            long = max(item.opts, key=len)
            assert re.search(rf"{re.escape(long)}(?![a-z-])", text), f"{name}: {long} is not named"


def test_every_page_is_of_a_command_that_exists() -> None:
    assert {page.stem for page in FOLDER.glob("*.md")} - {"README"} <= set(COMMANDS)


def test_the_index_leads_to_every_command() -> None:
    text = (FOLDER / "README.md").read_text("utf-8")
    for name in COMMANDS:
        assert f"[`{name}`]({name}.md)" in text, name


def test_examples_call_commands_that_exist() -> None:
    for page in FOLDER.glob("*.md"):
        for name in re.findall(r"(?m)^\$ witnessmark ([a-z-]+)", page.read_text("utf-8")):
            assert name in COMMANDS, f"{page.name}: {name}"
