"""The options that commands share: which hosts, which scenarios, which parameters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from witnessmark.cli import complete

if TYPE_CHECKING:
    from witnessmark.standin.mode import Mode

INVENTORIES = click.option(
    "-i",
    "--inventory",
    "inventories",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Ansible inventory; may be given more than once. Default: the running stand-in.",
)
LIMIT = click.option(
    "--limit", multiple=True, metavar="HOST", help="Only this host or group; repeatable."
)
STATE = click.option(
    "--state", type=click.Path(path_type=Path), help="State folder of the stand-in."
)
WANTED = click.option(
    "--scenario",
    "-s",
    "wanted",
    multiple=True,
    metavar="ID",
    shell_complete=complete.scenarios,
    help="Only this scenario.",
)
MODE = click.option(
    "--mode",
    type=click.Choice(["auto", "namespace", "prefix"]),
    default="auto",
    show_default=True,
    help="Give the stand-ins a / and processes of their own, or a folder. auto: what can be had.",
)
ALSO = click.option(
    "--also",
    multiple=True,
    type=click.Choice(["santa", "osquery"]),
    help="Give each stand-in this sensor too, beside eslogger's; repeatable. Each is judged.",
)
PROFILE = click.option(
    "--profile", metavar="NAME", help="Parameter profile of the analytic, such as demo."
)
NOTICE = click.option(
    "--notice",
    "notice",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Play exactly what this signed SOC notice announces, within its window.",
)
SIGNERS = click.option(
    "--signers",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Whose signature counts: an allowed_signers file (ssh-keygen(1)).",
)
REVOKED = click.option(
    "--revoked",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Keys whose signature counts no more: a list of public keys, or a KRL (ssh-keygen(1)).",
)


def mode(wanted: str) -> Mode | None:
    """What ``--mode`` asks for; None: the better one that can be had."""
    from witnessmark.standin.mode import Mode

    return None if wanted == "auto" else Mode(wanted)
