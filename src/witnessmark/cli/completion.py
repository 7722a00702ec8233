"""``witnessmark completion``: what a shell needs to complete commands, options and scenarios."""

from __future__ import annotations

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the completion script for a SHELL; its start-up file evaluates it."""
    from click.shell_completion import get_completion_class

    from witnessmark.cli import cli

    class_ = get_completion_class(shell)
    if class_ is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(class_(cli, {}, "witnessmark", "_WITNESSMARK_COMPLETE").source())
    return 0
