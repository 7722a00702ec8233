"""Why the analytic answered so about one record: its own account, and what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from witnessmark.analytic.trace import Account, Recorder, Step
from witnessmark.model.events import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from witnessmark.analytic.engine import Engine
    from witnessmark.analytic.trace import Trace
    from witnessmark.model.detections import Branch, Detection
    from witnessmark.model.events import Event, Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One record with all that the rules said about it."""

    account: Account
    detections: tuple[Detection, ...]
    """Those that name the record as an execution, or as the drop."""
    kin: tuple[Account, ...]
    """Execs of the same browser-spawned process and of what it spawned, this one among them."""
    history: tuple[Account, ...]
    """Every record about the same file, up to its executions."""

    def detection(self, branch: Branch) -> Detection | None:
        """What a branch answered, or None if it stayed silent about this record."""
        return next((item for item in self.detections if item.branch is branch), None)


def explanations(
    stream: Stream, engine: Callable[[Trace], Engine], wanted: Callable[[Event], bool]
) -> list[Explanation]:
    """Run the analytic once more over a stream and keep what it says of the wanted records."""
    trace = Recorder(wanted)
    runs = engine(trace)
    found = [item for event in stream.events for item in runs.feed(event)]
    found += runs.finish()
    return [
        _explanation(trace, trace.accounts.get(event.id) or _left_out(event), found)
        for event in stream.events
        if wanted(event)
    ]


def _left_out(event: Event) -> Account:
    text = "never taken in: a record of this number came before, or nothing could be read of it"
    return Account(event=event, steps=[Step(rule="K1", holds=False, text=text)])


def _explanation(trace: Recorder, account: Account, found: Sequence[Detection]) -> Explanation:
    name = account.event.id
    ran = account.event.kind is Kind.EXEC
    return Explanation(
        account=account,
        detections=tuple(item for item in found if name in _named(item, ran=ran)),
        kin=tuple(trace.kin(account)) if ran else (),
        history=tuple(trace.history(account)),
    )


def _named(item: Detection, *, ran: bool) -> set[str]:
    if not ran:
        return {item.drop.event_id} if item.drop is not None else set()
    return {run.event_id for run in (item.exec, *item.matched)}
