"""``witnessmark verify-notice``: what the SOC asks of a notice, and of a mark in an alert."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from witnessmark.cli import options
from witnessmark.cli.moments import MOMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.notice.agree import Signed


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@options.SIGNERS
@options.REVOKED
@click.option(
    "--signature",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The notice's signature. Default: beside it, FILE.sig.",
)
@click.option("--at", "at_ns", type=MOMENT, help="Ask as of this moment. Default: now.")
@click.option("--mark", metavar="TEXT", help="A mark, path or command line from an alert.")
@click.option("--host", metavar="NAME", help="The alert's host, as the notice names it.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def command(
    file: Path,
    signers: Path | None,
    revoked: Path | None,
    signature: Path | None,
    at_ns: int | None,
    mark: str | None,
    host: str | None,
    form: str,
) -> int:
    """Say who signed a notice, what it announces, and whether it holds now.

    \b
    witnessmark verify-notice notice.yaml --signers allowed_signers
    witnessmark verify-notice notice.yaml --signers allowed_signers \\
        --mark wm-20261124t104413z-484432-025a --host mac1 --at 2026-11-24T14:03:11Z

    Exit 0 it holds, and whatever was asked belongs to it; 1 it does not, and why; 2 bad input.
    """
    from witnessmark.errors import NoticeError, UsageError
    from witnessmark.notice.agree import open_notice
    from witnessmark.notice.signing import Trust
    from witnessmark.report.plain import visible

    if signers is None:
        raise UsageError("whose signature counts? name an allowed_signers file with --signers")
    moment = time.time_ns() if at_ns is None else at_ns
    try:
        signed = open_notice(file, Trust(signers=signers, revoked=revoked), at_ns, signature)
    except NoticeError as problem:
        if form == "json":
            click.echo(_json(None, [str(problem)]), nl=False)
        else:
            click.echo(f"NOT VALID: {visible(str(problem))}")
        return 1
    against = list(_against(signed, moment, mark, host))
    if form == "json":
        click.echo(_json(signed, against), nl=False)
    else:
        for line in _lines(signed, moment, mark, host, against):
            click.echo(visible(line))
    return 1 if against else 0


def _against(signed: Signed, moment: int, mark: str | None, host: str | None) -> Iterator[str]:
    """Why the notice does not hold for what was asked."""
    from witnessmark.notice.marks import strange
    from witnessmark.notice.timebox import within

    if why := within(signed.announced, moment):
        yield why
    if host is not None and host not in signed.notice.hosts:
        yield f"does not belong to it: the host {host} is not announced"
    if mark is not None and (why := strange(signed.notice, mark)):
        yield f"does not belong to it: {why}"


def _lines(
    signed: Signed, moment: int, mark: str | None, host: str | None, against: list[str]
) -> Iterator[str]:
    from witnessmark.notice.marks import told
    from witnessmark.notice.moments import written

    notice = signed.notice
    yield f"signed    by {signed.signer.name} with {signed.signer.key}"
    yield f"notice    {signed.announced.sha256}"
    yield f"run       {notice.run}: {notice.cases} cases of {len(notice.scenarios)} scenarios"
    yield f"marks     {notice.marks}"
    yield f"window    {notice.window.begins} to {notice.window.ends}"
    yield from (f"host      {name} ({how})" for name, how in notice.hosts.items())
    yield f"contact   {notice.contact}"
    if notice.purpose:
        yield f"purpose   {notice.purpose}"
    if against:
        yield from (f"NOT VALID: {why}" for why in against)
        return
    asked = [f"at {written(moment)}"]
    asked += [f"on {host}"] if host else []
    yield f"VALID {' '.join(asked)}"
    if mark is not None:
        yield f"BELONGS to this notice: {told(mark)}"
        if host is None:
            yield "  a mark can be copied: ask for the alert's host and time as well (--host, --at)"


def _json(signed: Signed | None, against: list[str]) -> str:
    import json
    from dataclasses import asdict

    found: dict[str, object] = {"valid": not against, "reasons": against}
    if signed is not None:
        found |= {
            "signer": signed.signer.name,
            "key": signed.signer.key,
            "sha256": signed.announced.sha256,
            "notice": asdict(signed.notice),
        }
    return json.dumps(found, indent=1).replace("##[", "#\\u0023[") + "\n"
