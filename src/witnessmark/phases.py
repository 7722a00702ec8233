"""What is called on a host for one phase of one case: the words, the environment, the folders.

``act`` carries these calls out and ``plan`` prints them, so neither can differ from the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from witnessmark.plan import whole_window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from witnessmark.model.hosts import Host
    from witnessmark.model.run import Case, Plan
    from witnessmark.model.scenario import Phase


WAITING_AT_ONCE = 4
"""Waiting cases at once on one host: an sshd allows ten sessions per connection (MaxSessions)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """One host's cases in the order of play; ``waiting`` runs beside ``others``."""

    before: tuple[Case, ...]
    browsing: tuple[Case, ...]
    """Played while nothing waits: where a source cannot tell the responsible process, whatever
    starts beside a living browser might be the browser's (A2), and its silence is unknown."""
    waiting: tuple[Case, ...]
    others: tuple[Case, ...]
    after: tuple[Case, ...]


def lanes(plan: Plan, host: str) -> Lanes:
    """The host's cases: controls before, those with a browser, those that wait and beside them the
    others in order, controls after."""
    mine = [case for case in plan.cases if case.host == host]
    ordinary = [case for case in mine if not case.control]
    waiting = [case for case in ordinary if case.scenario.waits and not case.scenario.exclusive]
    rest = [case for case in ordinary if case not in waiting]
    browsing = [case for case in rest if "browser" in case.scenario.needs]
    return Lanes(
        before=tuple(case for case in mine if case.control == "before"),
        browsing=tuple(browsing),
        waiting=tuple(waiting),
        others=tuple(case for case in rest if case not in browsing),
        after=tuple(case for case in mine if case.control == "after"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Where things lie on one host during one run, in the host's real paths (contracts.md)."""

    home: str
    run_id: str

    @property
    def own(self) -> str:
        """Pack, receipts and evidence: outside every monitored directory."""
        return f"{self.home}/.witnessmark/{self.run_id}"

    @staticmethod
    def payloads(folder: str, index: int) -> str:
        """A case's own folder in one of the two folders below: cases may run side by side."""
        return f"{folder}/{index:03d}"

    @property
    def downloads(self) -> str:
        """Payloads dropped as downloads."""
        return f"{self.home}/Downloads/witnessmark/{self.run_id}"

    @property
    def caches(self) -> str:
        """Payloads dropped as cache files."""
        return f"{self.home}/Library/Caches/org.witnessmark/{self.run_id}"

    def temporary(self, prefix: str, index: int) -> str:
        """A case's own folder in /private/tmp, for the few that must go there."""
        return f"{prefix}/private/tmp/org.witnessmark.{self.run_id}.{index:03d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One command on a host, as ``Transport.run`` takes it."""

    phase: Phase
    mark: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    receipt: str
    """Where the script writes down what it really did (real path on the host)."""


def call(plan: Plan, case: Case, host: Host, home: str, phase: Phase) -> Call:
    """The call for a phase; ``home`` is the user's home as the host named it."""
    folders = Folders(home=home, run_id=plan.run_id)
    mark = plan.mark(case, phase)
    receipt = f"{folders.own}/receipts/{mark}.tsv"
    script = f"{folders.own}/pack/{case.scenario.family}/{case.scenario.id}/run.sh"
    env = {
        **{f"WM_{name.upper()}": value for name, value in case.axes},
        "WM_MARK": mark,
        "WM_DOWNLOADS": folders.payloads(folders.downloads, case.index),
        "WM_CACHES": folders.payloads(folders.caches, case.index),
        "WM_TMP": folders.temporary(host.path_prefix, case.index),
        "WM_HOME": folders.own,
        "WM_RECEIPT": receipt,
        "WM_WINDOW": str(whole_window(plan)),
        **browser_env(host),
    }
    argv = ("/bin/sh", script, phase.value)
    return Call(phase=phase, mark=mark, argv=argv, env=env, receipt=receipt)


def browser_env(host: Host) -> dict[str, str]:
    """``WM_BROWSER``, where the host has a lab browser."""
    return {"WM_BROWSER": host.path_prefix + host.browser} if host.browser else {}
