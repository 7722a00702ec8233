"""What a host says of itself: how it protects itself, its clock, the tools that scenarios need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.doctor.lines import Line
from witnessmark.judge.host_findings import UNTOLD
from witnessmark.judge.host_findings import standing as findings
from witnessmark.model.verdicts import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from witnessmark.model.hosts import Host
    from witnessmark.model.run import HostFacts
    from witnessmark.model.scenario import Scenario

_MENDS = {
    "gatekeeper": "`sudo spctl --global-enable`, or accept that nothing is assessed there",
    "sip": "`csrutil enable` from recoveryOS",
    "safari-safe-downloads": "switch off Safari > Settings > General > Open safe files after "
    "downloading, so that no download is opened by Safari itself",
    "clock": "switch on System Settings > General > Date & Time > Set time automatically, on the "
    "host and on this machine",
}


def standing(facts: HostFacts, tolerance_s: float) -> Iterator[Line]:
    """The findings of every run's report, with the mend of each.

    What a stand-in was not told to answer does not apply: it has no Gatekeeper, SIP or Safari.
    """
    for item in findings(facts, tolerance_s):
        status, message = item.status, item.message
        if facts.origin == "stand-in" and message == UNTOLD and status is Status.ERROR:
            status, message = Status.SKIP, "a stand-in has none of its own"
        observed = item.observed if status is not Status.SKIP else ""
        told = f"{message} ({observed})" if observed else message
        yield Line(
            host=facts.name,
            name=item.name,
            status=status,
            message=told,
            mend=_MENDS[item.name] if status is Status.FAIL else "",
        )


def tools(facts: HostFacts, host: Host, catalogue: Sequence[Scenario]) -> Iterator[Line]:
    """Which scenarios will not apply for want of a tool, and whether the browser is there."""
    missing: dict[str, set[str]] = {}
    for scenario in catalogue:
        wanted = {*scenario.needs, *scenario.axes.get("interpreter", ())} - {"browser"}
        for name in wanted - set(facts.have):
            missing.setdefault(name, set()).add(scenario.id)
    if missing:
        told = ", ".join(f"{name} ({len(missing[name])})" for name in sorted(missing))
        message = f"scenarios that need one of these will not apply, all or in part: {told}"
        yield _line(facts, "tools", Status.SKIP, message)
    else:
        yield _line(facts, "tools", Status.PASS, "all that any scenario needs is there")
    if host.browser is None:
        message = "no witnessmark_browser in the inventory, so branch A is not played"
        yield _line(facts, "browser", Status.SKIP, message)
    elif "browser" in facts.have:
        yield _line(facts, "browser", Status.PASS, f"{host.browser} can be run")
    else:
        yield Line(
            host=facts.name,
            name="browser",
            status=Status.FAIL,
            message=f"{host.browser} is no executable on the host",
            mend="correct witnessmark_browser, or make the stub (docs/architecture.md)",
        )


def _line(facts: HostFacts, name: str, status: Status, message: str) -> Line:
    return Line(host=facts.name, name=name, status=status, message=message)
