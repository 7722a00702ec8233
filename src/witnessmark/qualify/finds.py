"""Finds what is private in records: by its form (an address, an e-mail), or by the key it has."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from witnessmark.qualify.codecs import hidden, texts
from witnessmark.qualify.effort import Effort
from witnessmark.qualify.literals import is_json, rewritten
from witnessmark.qualify.private import Private, What, known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.qualify.literals import Place

VENDORS: Final = frozenset(
    (
        "43AQ936H96",
        "4XF3XNRN6Y",
        "A2P9LX4JPN",
        "EQHXZ8M8AV",
        "HKE973VLUW",
        "KL8N8XSYF4",
        "MADPSAYN6T",
        "S6N382Y83G",
        "TFVG979488",
        "UBF8T346G9",
    )
)
"""Team ids of the browsers that the analytic knows: public, and test data needs them."""
APPLE: Final = frozenset(
    ("Software Signing", "Apple Mac OS Application Signing", "Apple Code Signing")
)
STAND_IN: Final = "stand-in "
"""How a stand-in's sensors begin its name where a Mac's id would be."""
_MAIL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_UUID: Final = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_MAC: Final = re.compile(
    r"(?<![0-9A-Fa-f:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:-])"
)
_V4: Final = re.compile(r"(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?!\.?[0-9])")
_V6: Final = re.compile(
    r"(?<![0-9A-Za-z:.])[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*[0-9A-Fa-f](?![0-9A-Za-z:])"
)
_FOLDERS: Final = re.compile(r"/var/folders/([^/\s]{2}/[A-Za-z0-9_+-]{20,})(?![A-Za-z0-9_+-])")
_OF_ROOT: Final = "zz/zyxvpxvq6csfxvn"
_SIGNER: Final = re.compile(
    r"(?:Developer ID (?:Application|Installer)|Apple Development|Apple Distribution|"
    r"Mac Developer): ([^()|]{3,100}) \(([A-Z0-9]{10})\)"
)
_FIELD: Final = re.compile(r"(?:^|\|)([A-Za-z_]+)=([^|]*)")

KEYS: Final = {
    What.SERIAL: "serial serialnumber serial_number hardware_serial ioplatformserialnumber",
    What.HOST: "hostname hostidentifier computername computer_name devicename device_name "
    "local_hostname localhostname machinename host_name",
    What.ID: "machine_id machineid aid cid deviceid device_id udid agent_id host_id",
    What.USER: "username user user_name accountname initiatingprocessaccountname loginuser",
    What.DOMAIN: "accountdomain initiatingprocessaccountdomain",
    What.TEAM: "team_id teamid teamidentifier",
}
_BY_KEY: Final = {name: what for what, names in KEYS.items() for name in names.split()}
_DOTTED: Final = {
    "host.name": What.HOST,
    "agent.name": What.HOST,
    "user.name": What.USER,
    "host.id": What.ID,
    "agent.id": What.ID,
    "group.name": What.GROUP,
}
_PUBLIC_GROUPS: Final = frozenset(("everyone", "localaccounts", "netaccounts"))


def in_line(line: str, effort: Effort | None = None) -> Iterator[Private]:
    """All that one line holds, in its order. Raises PackError where it would take too long."""
    effort = effort or Effort()
    if is_json(line):
        found: list[Private] = []

        def look(place: Place, said: str) -> str:
            found.extend(_at(place, said))
            found.extend(in_line(said, effort) if is_json(said) else in_text(said, effort))
            return said

        rewritten(line, look)
        yield from found
    else:
        for key, value in _FIELD.findall(line):
            yield from _at((key,), value)
        yield from in_text(line, effort)


def in_text(text: str, effort: Effort | None = None, depth: int = 3) -> tuple[Private, ...]:
    """What has the form of something private, also within what is encoded in the text.

    Raises:
        PackError: it would take too long.
    """
    effort = effort or Effort()
    known_before = effort.found.get((text, depth))
    if known_before is None:
        found = tuple(dict.fromkeys(_in_text(text, effort, depth)))
        known_before = effort.found[text, depth] = found
    return known_before


def _in_text(text: str, effort: Effort, depth: int) -> Iterator[Private]:
    for said in dict.fromkeys((text, unquote(text), unquote(unquote(text)))):
        effort.spend(said)
        yield from _forms(said)
        if depth:
            for item in hidden(said):
                for inner in texts(item.said):
                    yield from in_text(inner, effort, depth - 1)


def is_public(address: str) -> bool:
    """Whether an address says nothing of a place: a loopback one, none, all."""
    found = ipaddress.ip_address(address)
    return found.is_loopback or found.is_unspecified or address == "255.255.255.255"


def _forms(text: str) -> Iterator[Private]:
    for mail in _MAIL.findall(text):
        yield Private(what=What.MAIL, value=mail)
    for uuid in _UUID.findall(text):
        if uuid.strip("0-"):
            yield Private(what=What.UUID, value=uuid)
    for link in _MAC.finditer(text):
        if link[0].strip("0:-") and link[0].strip("Ff:-"):
            yield Private(what=What.LINK, value=link[0])
    for address in (*_V4.findall(text), *_V6.findall(text)):
        if _is_address(address) and not is_public(address):
            yield Private(what=What.ADDRESS, value=address)
    for folder in _FOLDERS.findall(text):
        if not folder.startswith(_OF_ROOT):
            yield Private(what=What.FOLDER, value=folder)
    for name, team in _SIGNER.findall(text):
        if team not in VENDORS:
            yield Private(what=What.SIGNER, value=name)
            yield Private(what=What.TEAM, value=team)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _at(place: Place, said: str) -> Iterator[Private]:
    """What is private because of its key, whatever it looks like."""
    keys = [item.lower() for item in place if item != "[]"]
    if not keys or place[-1] == "{}" or said.startswith("("):  # (null)
        return
    words = tuple(".".join(keys).split("."))
    what = _DOTTED.get(".".join(words[-2:])) or _BY_KEY.get(words[-1])
    if what is None or (what is What.TEAM and (said in VENDORS or len(said) != 10)):
        return
    if what is What.GROUP and said in _PUBLIC_GROUPS:
        return
    if said.startswith(STAND_IN):  # that it is one stays; which one does not
        what, said = What.HOST, said.removeprefix(STAND_IN)
    item = known(what, said)
    if item is not None:
        yield item
