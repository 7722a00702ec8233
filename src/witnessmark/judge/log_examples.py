"""Small synthetic evidence of a unified log: the example's case, with canaries around it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from witnessmark.judge import examples
from witnessmark.model.events import Coverage, Event, Kind, Process, Stream, Token
from witnessmark.model.unifiedlog import Canary, LogLook, Sounding, UnifiedLog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from witnessmark.judge.api import CaseEvidence
    from witnessmark.model.run import Form

PIDS = (77, 78)
TIMES = (examples.T0 - examples.SECOND, examples.T0 + 20 * examples.SECOND)
TEXTS = ("witnessmark canary 00000000000000aa", "witnessmark canary 00000000000000bb")


def logged(
    *,
    kept: Sequence[int] = (0, 1),
    hidden: bool = False,
    asked: bool = True,
    failed: bool = False,
    kind: str = "unifiedlog",
    oldest_days: float = 2.0,
    intact: bool | None = True,
    dense_days: Sequence[float] = (0.5, 1.0),
    form: Form = "script",
) -> CaseEvidence:
    """The example's case as a unified log without eslogger has it: canaries, and nothing of it.

    ``kept``: which canaries it holds; ``dense_days``: how long ago the minutes lie of which it
    holds what there was.
    """
    bare = examples.drop_exec(oldest_days=oldest_days, intact=intact, form=form)
    assert bare.source is not None
    assert bare.collection is not None
    said = tuple(
        _said(place, "<private>" if hidden else TEXTS[place]) for place in range(2) if place in kept
    )
    written = tuple(
        Canary(
            text=TEXTS[place],
            pid=PIDS[place],
            began_ns=TIMES[place] - examples.SECOND // 10,
            ended_ns=TIMES[place] + examples.SECOND // 10,
            problem="logger ended with 1" if failed and place else None,
        )
        for place in range(2)
    )
    taken = bare.collection.look.taken_ns if bare.collection.look else examples.T0
    soundings = tuple(
        Sounding(at_ns=int(taken - days * examples.DAY), records=10) for days in dense_days
    )
    return replace(
        bare,
        source=replace(bare.source, kind=kind, path=None, unified_log=UnifiedLog()),
        collection=replace(
            bare.collection,
            log=LogLook(canaries=written, soundings=soundings) if asked else None,
        ),
        stream=Stream(
            host=examples.HOST,
            source=examples.SOURCE,
            events=said,
            coverage=Coverage(lines=len(said), events=len(said)),
        ),
        detections=(),
    )


def _said(place: int, message: str) -> Event:
    return Event(
        id=f"{examples.HOST}/{examples.SOURCE}/{place + 1}",
        host=examples.HOST,
        source=examples.SOURCE,
        line=place + 1,
        kind=Kind.LOG,
        time_ns=TIMES[place],
        process=Process(token=Token(pid=PIDS[place]), path="/usr/bin/logger"),
        message=message,
        subsystem=":",
    )
