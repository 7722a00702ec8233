"""What a shell can complete beside commands and options: scenarios, and the cases of a bag."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click


def scenarios(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Ids of the scenarios that can be chosen; a scenario's folder bears its id."""
    from witnessmark.content import root

    files = (root() / "scenarios").glob("*/*/scenario.yaml")
    names = (file.parent for file in files if file.parents[1].name != "controls")
    return sorted(folder.name for folder in names if folder.name.startswith(incomplete))


def cases(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Ids of the cases of the bag that is named before; none if it cannot be read.

    The bag is not verified: an offered word is no verdict.
    """
    from pydantic import ValidationError

    from witnessmark.bag import record
    from witnessmark.bag.read import RECORD

    folder = Path(ctx.params.get("bag") or "reports/latest")
    for place in (folder / "bag" / RECORD, folder / RECORD):
        try:
            plan = record.read(place.read_bytes()).plan
        except (OSError, ValidationError, ValueError):
            continue
        return sorted(case.id for case in plan.cases if case.id.startswith(incomplete))
    return []
