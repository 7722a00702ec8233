"""``witnessmark schema``: JSON Schemas of the YAML content, for editors."""

from __future__ import annotations

import click

SOURCE = "source"
"""An entry of an inventory's ``witnessmark_sources``, which is no file of its own."""


class _Kinds(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """The kinds of content; loaded only when the command is used."""

    name = "kind"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from witnessmark.content.schemas import KINDS

        if value not in (*KINDS, SOURCE):
            self.fail(f"{value!r} is none of {', '.join((*KINDS, SOURCE))}", param, ctx)
        return value


@click.command()
@click.argument("kind", type=_Kinds())
def command(kind: str) -> int:
    """Print the JSON Schema of a KIND of content: scenario, fault, workflow, retention or source.

    An editor that knows YAML schemas then completes and checks while one writes.
    """
    import json

    from witnessmark.content.schemas import schema
    from witnessmark.inventory.schema import source

    click.echo(json.dumps(source() if kind == SOURCE else schema(kind), indent=1))
    return 0
