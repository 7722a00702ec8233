"""Documented business workflows (inventory/workflows/): loaded with all problems at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.content import root
from witnessmark.content.located import load
from witnessmark.errors import ContentError, UsageError
from witnessmark.model.workflows import Workflow

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def folder() -> Path:
    """Where the shipped entries lie, one file each."""
    return root() / "inventory" / "workflows"


def load_all() -> tuple[Workflow, ...]:
    """Every shipped entry, disabled ones as well, sorted by id.

    Raises:
        ContentError: with one line per problem over all files.
    """
    return load_files(folder().glob("*.yaml"))


def given(paths: Iterable[Path]) -> tuple[Workflow, ...]:
    """The enabled entries of these files, and of the YAML files in these folders.

    Raises:
        UsageError: for a path that is not there, or a folder without any entry.
        ContentError: with one line per problem over all files.
    """
    files: list[Path] = []
    for path in paths:
        found = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder")
        if not found:
            raise UsageError(f"{path}: holds no workflow (*.yaml)")
        files += found
    return tuple(item for item in load_files(files) if item.enabled)


def load_files(files: Iterable[Path]) -> tuple[Workflow, ...]:
    """The entries of these files. An entry that only a path could match is refused (it can be
    forged), and so is one whose id is not its file's name.

    Raises:
        ContentError: with one line per problem over all files.
    """
    problems: list[str] = []
    found: list[Workflow] = []
    for file in sorted(files):
        try:
            entry = load(file, Workflow)
        except ContentError as error:
            problems.extend(error.problems)
            continue
        if entry.id != file.stem:
            problems.append(f"{file}:1: id {entry.id} must be its file's name, {file.stem}")
        found.append(entry)
    if problems:
        raise ContentError(problems)
    return tuple(found)
