"""Whose a record is, where a store holds the records of several Macs and each names its own.

A sensor and an inventory seldom call a host alike: short or with a domain, in any case, with
``.local`` or without, or by a serial number. So a name is this host's, another's, or nobody can
tell; what nobody can tell is neither evidence nor its absence.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from witnessmark.model.hosts import Host, Source
    from witnessmark.model.run import RunRecord


def held(
    record: RunRecord, host: Host, source: Source, named: Collection[str]
) -> Callable[[str], bool | None] | None:
    """Tells of a host's name in a record whether it is ``host`` (None: nobody can tell).

    ``named`` are all the names in the store. None if it needs no telling apart: no record names a
    host, or all name one, which no other host of the plan has.
    """
    own, others = names(record, host, source), _elsewhere(record, host)
    ours = {name: _is(name, own) for name in named}
    theirs = {name: _is(name, others) for name in named}
    answers = {name: _either(ours[name], theirs[name]) for name in named}
    strangers = [name for name, answer in answers.items() if answer is None and not theirs[name]]
    if True in answers.values():
        # A sensor calls a host by one name, so what is nothing like it is another's.
        answers |= {name: False for name in strangers if ours[name] is False}
    elif len(strangers) == 1:
        answers[strangers[0]] = True  # nobody else's, and the only one there is
    if set(answers.values()) <= {True}:
        return None
    return lambda name: answers.get(name)


def another(record: RunRecord, host: Host, source: Source, name: str) -> bool:
    """Whether a name is surely another host's of the plan."""
    ours = _is(name, names(record, host, source))
    return _either(ours, _is(name, _elsewhere(record, host))) is False


def names(record: RunRecord, host: Host, source: Source | None) -> frozenset[str]:
    """What a host may be called: in the inventory, by its sources, by itself.

    A name that several hosts of the run gave themselves tells none of them.
    """
    places = [] if source is None else [source.search]
    if source is not None and source.destination is not None:
        places.append(source.destination.search)
    told = [host.name, host.address, *(item.host_value for item in places if item)]
    if source is not None:
        told.append(source.host_name.replace("{host}", host.name))
        told += [source.alerts.host_name] if source.alerts else []
    given = Counter(_plain(name) for facts in record.facts for name in {*facts.names})
    mine = next((facts.names for facts in record.facts if facts.name == host.name), ())
    told += [name for name in mine if given[_plain(name)] == 1]
    return frozenset(_plain(name) for name in told if name and "*" not in name) - _NOBODY


_NOBODY = frozenset({"localhost", "127.0.0.1", "::1"})


def _elsewhere(record: RunRecord, host: Host) -> frozenset[str]:
    return frozenset(
        name
        for other in record.plan.hosts
        if other.name != host.name
        for place in (None, *other.sources)
        for name in names(record, other, place)
    )


def _is(name: str, known: Collection[str]) -> bool | None:
    """Whether a name is one of those; None if it may be."""
    answers = {_same(name, item) for item in known}
    return True if True in answers else None if None in answers else False


def _either(ours: bool | None, theirs: bool | None) -> bool | None:
    """Whose a name is that is known here, elsewhere, in both places or in none."""
    if ours is True and theirs is not True:
        return True
    return False if theirs is True and ours is False else None


def _same(name: str, known: str) -> bool | None:
    """Whether two names mean one host; None for one name in two domains."""
    name = _plain(name)
    if name == known:
        return True
    if _is_address(name) or _is_address(known):
        return False
    (short, _, domain), (other, _, place) = name.partition("."), known.partition(".")
    if short != other:
        return False
    return None if domain and place else True


def _plain(name: str) -> str:
    """Case tells no hosts apart, nor does the domain of multicast DNS."""
    return name.casefold().strip().rstrip(".").removesuffix(".local")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
