"""Asks a host which version of a sensor, of its policy and of its rule is deployed there."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from witnessmark.errors import HostError
from witnessmark.model.parts import SensorFact

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from witnessmark.hosts.transport import Transport
    from witnessmark.model.hosts import Source

QUICK_S = 20.0
"""Limit in seconds for one question."""
MOST_SAID = 1024
"""Characters of an answer that are kept."""
LARGEST_RULE = 4 << 20
"""Bytes of a rule that is read: hundreds of times what a detection rule has."""


def ask_all(transport: Transport, keep: Callable[[str, bytes], None]) -> tuple[SensorFact, ...]:
    """What is deployed for each source of a host; ``keep`` gets the rules that may be kept."""
    facts = []
    for source in transport.host.sources:
        fact, rule = ask(transport, source)
        facts.append(fact)
        if rule is not None:
            keep(source.name, rule)
    return tuple(facts)


def ask(transport: Transport, source: Source) -> tuple[SensorFact, bytes | None]:
    """What is deployed for one source, and the rule's own text unless it must not be kept.

    Only what the inventory names is asked. What cannot be told is said, and stops no run.
    """
    version, why_version = _said(transport, source.version_command)
    policy, why_policy = _said(transport, source.policy_command)
    rule, why_rule = _rule(transport, source.rule_file)
    problems = [
        f"{what}: {why}"
        for what, why in (("version", why_version), ("policy", why_policy), ("rule", why_rule))
        if why is not None
    ]
    kept = rule is not None and not source.rule_secret
    fact = SensorFact(
        source=source.name,
        version=version,
        policy=policy,
        rule_sha256=None if rule is None else hashlib.sha256(rule).hexdigest(),
        rule_kept=kept,
        problem="; ".join(problems) or None,
    )
    return fact, rule if kept else None


def _said(transport: Transport, command: Sequence[str] | None) -> tuple[str, str | None]:
    """The first line that a command says, or why it says none."""
    if command is None:
        return "", None
    try:
        result = transport.run(command, env={}, timeout_s=QUICK_S)
    except HostError as problem:
        return "", str(problem)
    lines = result.stdout.decode(errors="replace").strip().splitlines()
    if result.status != 0 or not lines:
        ended = "said nothing" if result.status == 0 else f"ended with {result.status}"
        return "", f"{command[0]} {ended}"
    return lines[0].strip()[:MOST_SAID], None


def _rule(transport: Transport, path: str | None) -> tuple[bytes | None, str | None]:
    if path is None:
        return None, None
    try:
        data = transport.read(path, 0, LARGEST_RULE + 1)
    except HostError as problem:
        return None, str(problem)
    if len(data) > LARGEST_RULE:
        return None, f"{path} has more than {LARGEST_RULE >> 20} MiB"
    return data, None
