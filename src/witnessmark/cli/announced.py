"""What ``run --notice`` plans: exactly what the notice announces, or a part of it; never more."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from witnessmark.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from witnessmark.cli.session import Session
    from witnessmark.model.run import Plan
    from witnessmark.notice.agree import Signed


def opened(notice: Path | None, signers: Path | None, revoked: Path | None) -> Signed:
    """The notice, its signature checked.

    Raises:
        UsageError: only one of the two files was named.
        NoticeError: nobody whose signature counts has signed it as it is.
    """
    from witnessmark.notice.agree import open_notice
    from witnessmark.notice.signing import Trust

    if notice is None or signers is None:
        raise UsageError("--notice FILE and --signers FILE are needed together")
    return open_notice(notice, Trust(signers=signers, revoked=revoked))


def session(given: Session, signed: Signed) -> Session:
    """The session with the notice's profile, where the user asked for none."""
    return given if given.profile is not None else replace(given, profile=signed.notice.profile)


def plan(
    session: Session,
    signed: Signed,
    files: Sequence[Path],
    limit: Sequence[str],
    wanted: Sequence[str],
    *,
    dry_run: bool,
) -> Plan:
    """The announced run; hosts and scenarios are the notice's, unless fewer were asked for.

    Raises:
        NoticeError: the plan differs from the notice, or now is outside its window.
        UsageError: the notice was used already.
    """
    from witnessmark.content import pack, scenarios
    from witnessmark.notice import agree, timebox
    from witnessmark.outline import outline

    notice = signed.notice
    used = session.reports / notice.run
    if used.exists():
        raise UsageError(
            f"{signed.path}: this notice was used already ({used} exists), and a run id must be "
            "unique; make a new notice"
        )
    ordinary = {item.id for item in scenarios.load_all() if item.family != "controls"}
    chosen = wanted or [name for name in notice.scenarios if name in ordinary]
    found = session.plan(files, limit or list(notice.hosts), chosen, notice.run)
    content = pack.build()
    found = agree.agreed(found, signed, content)
    if not dry_run:
        timebox.may_begin(found, time.time_ns())
    begin_ns = max(time.time_ns(), signed.announced.begins_ns)
    warn_if_short(outline(found, content).expected_s, signed.announced.ends_ns - begin_ns)
    return found


def warn_if_short(expected_s: float, left_ns: int) -> None:
    """Say beforehand that not all cases will fit into what is left of the window."""
    if expected_s * 1e9 > left_ns:
        click.echo(
            f"witnessmark: about {expected_s:.0f} s of play, and the notice's window has "
            f"{max(0, left_ns // 10**9)} s; cases that do not fit are not started",
            err=True,
        )
