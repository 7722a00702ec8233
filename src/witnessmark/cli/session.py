"""What ``run`` and ``demo`` share: inventory files to a plan, a plan to an exit code."""

from __future__ import annotations

import datetime as dt
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from witnessmark.report.plain import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from witnessmark.model.run import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One call of ``run`` or ``demo``."""

    reports: Path
    profile: str | None
    strict: bool = False
    quiet: bool = False

    def standin_inventory(self, state: Path | None) -> list[Path]:
        """The default inventory and the one that a running stand-in generated."""
        from witnessmark.content import root
        from witnessmark.errors import UsageError
        from witnessmark.standin.statedir import default as default_state

        generated = (state or default_state()) / "inventory.yaml"
        if not generated.is_file():
            raise UsageError(
                "no inventory was named and no stand-in is running; name one with -i, boot one "
                "with `witnessmark standin up`, or try `witnessmark demo`"
            )
        return [root() / "inventory" / "standin.yaml", generated]

    def plan(
        self,
        files: Sequence[Path],
        limit: Sequence[str],
        wanted: Sequence[str],
        run_id: str | None = None,
    ) -> Plan:
        """Exactly what will be done; refuses what may not be done before any host is touched."""
        from witnessmark import inventory
        from witnessmark.analytic import parameters
        from witnessmark.content import scenarios
        from witnessmark.plan import build, new_run_id

        catalogue = scenarios.load_all()
        chosen = scenarios.select(catalogue, wanted)
        params = parameters.load(profile=self.profile).parameters
        hosts = inventory.load(files, limit=limit).hosts
        return build(
            run_id=run_id or new_run_id(dt.datetime.now(dt.UTC)),
            hosts=hosts,
            scenarios=chosen,
            catalogue=catalogue,
            window_s=params.drop_exec_window,
            late_arrival_s=params.late_arrival,
            profile=self.profile,
            standard_window_s=parameters.load().parameters.drop_exec_window,
        )

    def run(
        self,
        plan: Plan,
        inventories: Sequence[Path],
        notice: Mapping[str, bytes] | None = None,
    ) -> int:
        """Carry the plan out, print the verdicts, return the exit code."""
        from witnessmark import pipeline
        from witnessmark.cli import actions, console
        from witnessmark.judge.run import exit_code

        end_in_order()
        with console.watching(plan, quiet=self.quiet) as watch:
            folder, verdicts = pipeline.run(
                plan, self.reports, watch=watch, inventories=inventories, notice=notice
            )
        console.show(verdicts)
        click.echo(f"evidence and verdicts: {visible(str(folder))}")
        actions.tell(verdicts)
        return exit_code(verdicts, strict=self.strict)

    def show(self, plan: Plan, form: str = "table") -> None:
        """Print the plan: what is called on which host, in the order in which it is played."""
        from witnessmark.content import pack
        from witnessmark.outline import outline
        from witnessmark.report.outline import as_json, as_text

        what = outline(plan, pack.build())
        click.echo(as_json(what) if form == "json" else as_text(what), nl=False)


def end_in_order() -> None:
    """An orderly end on signals too: hosts are cleaned up and torn down, as on Ctrl-C."""
    for end in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(end, signal.default_int_handler)
