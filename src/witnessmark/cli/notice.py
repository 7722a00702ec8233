"""``witnessmark notice``: announce a run to the SOC beforehand, signed and time-boxed."""

from __future__ import annotations

import time
from pathlib import Path

import click

from witnessmark.cli import options
from witnessmark.cli.moments import LENGTH, MOMENT
from witnessmark.report.plain import visible


@click.command()
@options.INVENTORIES
@options.LIMIT
@options.WANTED
@options.PROFILE
@options.STATE
@click.option("--begins", "begins_ns", type=MOMENT, help="Start of the window. Default: now.")
@click.option("--ends", "ends_ns", type=MOMENT, help="End of the window.")
@click.option("--for", "length_s", type=LENGTH, help="Length of the window, such as 2h.")
@click.option("--contact", required=True, help="Whom the SOC asks: name, telephone, mail.")
@click.option("--purpose", default="", help="Why this is played, in one line.")
@click.option(
    "--key",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="SSH key that signs: a key file, or the .pub of a key in the SSH agent.",
)
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    type=click.Path(path_type=Path),
    default="notice.yaml",
    show_default=True,
    help="The notice; its signature is laid beside it as FILE.sig.",
)
def command(
    inventories: tuple[Path, ...],
    limit: tuple[str, ...],
    wanted: tuple[str, ...],
    profile: str | None,
    state: Path | None,
    begins_ns: int | None,
    ends_ns: int | None,
    length_s: float | None,
    contact: str,
    purpose: str,
    key: Path,
    output: Path,
) -> int:
    """Announce a run to the SOC: its id and marks, hosts, scenarios and window, signed.

    \b
    witnessmark notice -i lab.yaml --begins 2026-11-24T14:00:00Z --for 2h \\
        --contact "Jane Doe, +49 30 1234" --key ~/.ssh/id_ed25519
    witnessmark run -i lab.yaml --notice notice.yaml --signers allowed_signers

    No host is contacted. The private key is read by ssh-keygen alone.
    """
    from witnessmark.cli.announced import warn_if_short
    from witnessmark.cli.session import Session
    from witnessmark.content import pack
    from witnessmark.errors import UsageError
    from witnessmark.notice import agree, signing, text
    from witnessmark.outline import outline

    begins = time.time_ns() // 10**9 * 10**9 if begins_ns is None else begins_ns
    ends = _end(begins, ends_ns, length_s)
    if ends <= time.time_ns():
        raise UsageError("the window would be over already; announce a later one")
    session = Session(reports=Path(), profile=profile)
    files = list(inventories) or session.standin_inventory(state)
    plan, content = session.plan(files, limit, wanted), pack.build()
    notice = agree.announce(
        plan, content, begins_ns=begins, ends_ns=ends, contact=contact, purpose=purpose
    )
    signature_file = output.with_name(output.name + ".sig")
    for path in (output, signature_file):
        if path.exists() or path.is_symlink():
            raise UsageError(f"{path}: exists already and is not written over; name another by -o")
    raw = text.render(notice).encode()
    signature = signing.sign(raw, key)
    try:
        output.write_bytes(raw)
        signature_file.write_bytes(signature)
    except OSError as problem:
        raise UsageError(f"{output}: cannot be written ({problem.strerror})") from problem
    warn_if_short(outline(plan, content).expected_s, ends - begins)
    click.echo(f"run {plan.run_id}: {len(plan.cases)} cases on {len(plan.hosts)} hosts")
    click.echo(f"window {notice.window.begins} to {notice.window.ends}")
    both = visible(f"{output} and {signature_file}")
    click.echo(f"send the SOC {both}; by another way, once, this line for")
    click.echo("its allowed_signers file (change the name to yours):")
    click.echo(signing.allowed_signers_line(signature, "purple-team"))
    return 0


def _end(begins_ns: int, ends_ns: int | None, length_s: float | None) -> int:
    from witnessmark.errors import UsageError

    if (ends_ns is None) == (length_s is None):
        raise UsageError("say when the window ends: --ends TIME or --for DURATION, one of them")
    return ends_ns if ends_ns is not None else begins_ns + int((length_s or 0) * 10**9)
