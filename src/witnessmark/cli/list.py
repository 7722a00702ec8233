"""``witnessmark list``: the scenarios and what each expects."""

from __future__ import annotations

import click


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def command(form: str) -> int:
    """List the scenarios and what each expects."""
    import json

    from witnessmark.content import scenarios

    rows = [
        {
            "id": item.id,
            "family": item.family,
            "branch": item.branch,
            "expect": item.expect.answer.value,
            "axes": {name: list(values) for name, values in item.axes.items()},
            "title": item.title,
        }
        for item in scenarios.load_all()
    ]
    if form == "json":
        click.echo(json.dumps(rows, indent=1))
        return 0
    for row in rows:
        click.echo(f"{row['id']:28} {row['branch']:4} {row['expect']:10} {row['title']}")
    return 0
