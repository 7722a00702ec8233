"""The command line. Each command is a module of its own, imported only when it is called."""

from __future__ import annotations

import importlib
import io
import sys

import click

from witnessmark import __version__
from witnessmark.cli import streams
from witnessmark.errors import WitnessmarkError

COMMANDS = {
    "demo": "Prove the suite on a stand-in Mac: boot, prepare, act, judge, tear down.",
    "run": "Play scenarios on the inventory's hosts and judge the evidence.",
    "plan": "Print exactly what run will do, before any host is touched.",
    "notice": "Announce a run to the SOC: a signed, time-boxed deconfliction notice.",
    "verify-notice": "Say who signed a notice, and whether it holds now or for an alert.",
    "resume": "Finish a run whose controller died, or clean up after it.",
    "judge": "Judge a run's evidence bag again, offline.",
    "report": "Make any report of a run again, offline, from its evidence bag.",
    "explain": "Say why a case was judged so, or why the analytic fired or did not.",
    "detect": "Run the AN0994 analytic over telemetry files or a live stream.",
    "lake": "Keep a fleet's telemetry as Parquet, and run the analytic over it as SQL.",
    "decode": "Print what telemetry files say, as events of one shape.",
    "compare": "Run Sigma and EQL rules over a bag's records, beside AN0994.",
    "doctor": "Look whether a run could work on each host, and play nothing.",
    "qualify": "Pack scrubbed golden lines of a host's sources, and hold them to the decoders.",
    "prepare": "Check consent and lay the scenario pack on the hosts.",
    "teardown": "Remove what a run left on the hosts.",
    "cleanup": "Remove what any run left on the hosts, but never from a living run.",
    "standin": "Boot, list and shut down stand-in Macs.",
    "lint": "Check all content at once, each problem with its place.",
    "schema": "Print a JSON Schema of the YAML content, for editors.",
    "completion": "Print the completion script of a shell.",
    "list": "List the scenarios and what each expects.",
}


class _Lazy(click.Group):
    """A group whose commands are imported on use, so that --help stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"witnessmark.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As any group does it; a misspelt command is answered with the one that was meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from witnessmark.content.near import meant

            text = error.message.removesuffix(".") + (meant(args[0], COMMANDS) or ".")
            raise click.UsageError(text, error.ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="witnessmark")
def cli() -> None:
    """Proves, link by link, whether you really see ATT&CK AN0994 on macOS."""


def main() -> None:
    """Entry point: every error of ours is one clear sentence and its own exit code."""
    try:
        streams.guard()
        status = cli.main(standalone_mode=False)
        streams.flush()
    except click.exceptions.Abort as error:
        _complain("; ".join(("interrupted", *getattr(error.__cause__, "__notes__", ()))))
        sys.exit(130)
    except click.ClickException as error:
        told = io.StringIO()
        error.show(told)
        for line in told.getvalue().removesuffix("\n").split("\n"):
            _complain(line)
        sys.exit(error.exit_code)
    except streams.OutputError as error:
        streams.abandon()
        for sentence in filter(None, error.sentences):
            _complain(sentence, "witnessmark: ")
        sys.exit(error.exit_code)
    except WitnessmarkError as error:
        for sentence in error.sentences:
            _complain(sentence, "witnessmark: ")
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in streams.FULL:
            raise
        _complain(f"{error.filename or 'a file'}: {error.strerror}; make room", "witnessmark: ")
        sys.exit(streams.NOT_WRITTEN)
    sys.exit(status if isinstance(status, int) else 0)


def _complain(line: str, before: str = "") -> None:
    """Errors quote arguments, files and hosts; none of them may move the terminal's cursor."""
    from witnessmark.report.plain import visible

    click.echo(before + visible(line), err=True)
