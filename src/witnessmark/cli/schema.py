"""``witnessmark schema``: JSON Schemas of the YAML content, for editors."""

from __future__ import annotations

import click


class _Kinds(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """The kinds of content; loaded only when the command is used."""

    name = "kind"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from witnessmark.content.schemas import KINDS

        if value not in KINDS:
            self.fail(f"{value!r} is none of {', '.join(KINDS)}", param, ctx)
        return value


@click.command()
@click.argument("kind", type=_Kinds())
def command(kind: str) -> int:
    """Print the JSON Schema of a KIND of content: scenario, fault, workflow or retention.

    An editor that knows YAML schemas then completes and checks while one writes.
    """
    import json

    from witnessmark.content.schemas import schema

    click.echo(json.dumps(schema(kind), indent=1))
    return 0
