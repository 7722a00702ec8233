"""What ``prepare`` and ``teardown`` share: which inventory, one line per host, the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from witnessmark.hosts.outcome import PrepareResult


def files(inventories: Sequence[Path], state: Path | None) -> list[Path]:
    """The named inventories, or the default one with the running stand-in's."""
    from pathlib import Path

    from witnessmark.cli.session import Session

    return list(inventories) or Session(reports=Path(), profile=None).standin_inventory(state)


def report(results: Mapping[str, PrepareResult], *, done: str, already: str) -> int:
    """Print one line per host: how it went and why; return the exit code."""
    from witnessmark.report.plain import visible

    for result in results.values():
        how = done if result.changed else already
        told = result.reason or f"{result.host}: {how}"
        click.echo(f"{result.outcome:<11} {visible(told)}")
    good = sum(result.ok for result in results.values())
    if good == len(results):
        return 0
    return 1 if good else 3
