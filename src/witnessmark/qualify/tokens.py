"""What stands in place of a private value: the same for the same, of the same form, of nobody."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final

from witnessmark.errors import PackError
from witnessmark.qualify.private import Private, What, spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MOST: Final = 10_000
"""Numbers that are tried for one value."""


def assigned(privates: tuple[Private, ...]) -> Mapping[str, str]:
    """Value (in small letters) -> token, numbered in the order given for each kind of thing.

    Raises:
        PackError: there is no token that is not itself private here.
    """
    pattern = spelled(item.value for item in privates)
    numbers = {what: itertools.count(1) for what in What}
    found: dict[str, str] = {}
    for item in privates:
        key = item.value.casefold()
        if key not in found:
            found[key] = _free(item, numbers[item.what], lambda said: bool(pattern.search(said)))
    return found


def _free(item: Private, numbers: Iterator[int], taken: Callable[[str], bool]) -> str:
    for number in itertools.islice(numbers, MOST):
        for token in _FORMS[item.what](number, item.value):
            if not taken(token):
                return token
    raise PackError(f"no token is left for another {item.what}; look at what is captured")


def is_made(item: Private) -> bool:
    """Whether a value is one of these tokens by its form; for what has a form (finds.py) only."""
    form = _MADE.get(item.what)
    return form is not None and re.fullmatch(form, item.value) is not None


def _v4(number: int) -> str:
    nets = ("192.0.2", "198.51.100", "203.0.113")  # RFC 5737
    net, last = divmod(number - 1, 254)
    if net >= len(nets):
        raise PackError("more than 762 addresses in one capture; look at what is captured")
    return f"{nets[net]}.{last + 1}"


def _address(number: int, value: str) -> Iterator[str]:
    yield f"2001:db8::{number:x}" if ":" in value else _v4(number)  # RFC 3849


def _link(number: int, value: str) -> Iterator[str]:
    digits = f"{number:04x}"  # locally administered (IEEE 802)
    parts = ["02", "00", "00", "00", digits[:2], digits[2:]]
    yield ("-" if "-" in value else ":").join(parts)


def _id(number: int, value: str) -> Iterator[str]:
    """As long as it was; a team's and a serial's number keep their length as well."""
    yield f"{number:0{len(value)}d}" if len(value) > 5 else f"id{number}"
    yield f"ab{number:0{max(4, len(value) - 2)}d}"


def _uuid(number: int, value: str) -> Iterator[str]:
    yield f"00000000-0000-4000-8000-{number:012d}"


def _folder(number: int, value: str) -> Iterator[str]:
    # A user's folder below /var/folders is two deep.
    lead = "/" if value.startswith("/") else "zz/"
    yield f"{lead}folder{number}"
    yield f"{lead}place{number}"


def _named(*forms: str) -> Callable[[int, str], Iterator[str]]:
    """Tokens like these; the second and third are for whoever is really called like the first."""

    def make(number: int, _value: str) -> Iterator[str]:
        yield from (form.format(n=number) for form in forms)

    return make


_FORMS: Final[Mapping[What, Callable[[int, str], Iterator[str]]]] = {
    What.USER: _named("user{n}", "login{n}", "zz{n}"),
    What.PERSON: _named("Person {n}", "Human {n}", "Zz {n}"),
    What.HOST: _named("host{n}", "computer{n}", "zy{n}"),
    What.DOMAIN: _named("domain{n}.example", "zx{n}.test"),
    What.SERIAL: _named("SERIAL{n:06d}", "SN{n:010d}"),
    What.UUID: _uuid,
    What.ID: _id,
    What.ADDRESS: _address,
    What.LINK: _link,
    What.MAIL: _named("mail{n}@example.com", "zw{n}@example.org"),
    What.TEAM: _named("TEAM{n:06d}", "TT{n:08d}"),
    What.SIGNER: _named("Signer {n}", "Zv {n}"),
    What.GROUP: _named("group{n}", "zu{n}"),
    What.FOLDER: _folder,
    What.VOLUME: _named("Volume{n}", "Zt{n}"),
    What.WORD: _named("word{n}", "zs{n}"),
}
_MADE: Final = {
    What.UUID: r"00000000-0000-4000-8000-[0-9]{12}",
    What.ADDRESS: r"(?:192\.0\.2|198\.51\.100|203\.0\.113)\.[0-9]{1,3}|2001:db8::[0-9a-f]+",
    What.LINK: r"02([:-])00(?:\1[0-9a-f]{2}){4}",
    What.MAIL: r"(?:mail|zw)[0-9]+@example\.(?:com|org)",
    What.FOLDER: r"zz/(?:folder|place)[0-9]+",
    What.TEAM: r"TEAM[0-9]{6}|TT[0-9]{8}",
    What.SIGNER: r"(?:Signer|Zv) [0-9]+",
    What.USER: r"(?:user|login|zz)[0-9]+",
    What.HOST: r"(?:host|computer|zy)[0-9]+",
    What.DOMAIN: r"domain[0-9]+\.example|zx[0-9]+\.test",
    What.SERIAL: r"SERIAL[0-9]{6}|SN[0-9]{10}",
    What.ID: r"0*[0-9]+|id[0-9]+|ab[0-9]+",
    What.GROUP: r"(?:group|zu)[0-9]+",
}
