"""What a unified log keeps of a run, however it was read: canaries, notes, and a last look.

The last look asks for the whole run, and tells what of it is kept, how far back the log reaches,
and whether it does so without holes.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from witnessmark.collect import canaries
from witnessmark.collect.feeds import SecondLook
from witnessmark.collect.logasked import DEFAULT, Log
from witnessmark.errors import HostError
from witnessmark.model.run import StoreLook
from witnessmark.model.unifiedlog import DENSE, Canary, LogLook, Sounding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from witnessmark.collect.logasked import Line
    from witnessmark.hosts.transport import Transport
    from witnessmark.model.unifiedlog import UnifiedLog

BACK_S: Final = 300.0
"""How far behind ours a host's clock may be for its records to be found at all."""
AGES_S: Final = (3600.0, 6 * 3600.0, 86400.0, 3 * 86400.0, 7 * 86400.0, 30 * 86400.0)
"""How long ago minutes are sounded, if the log is said to reach back so far."""
MINUTE_S: Final = 60
_SECOND = 10**9


class Kept:
    """What both ways have in common: canaries, notes, and the last look."""

    def __init__(
        self, transport: Transport, place: UnifiedLog, raw: Path, *, events: bool = False
    ) -> None:
        self.log = Log(transport, place, events=events)
        self._transport, self._place = transport, place
        self._notes = raw.with_name(f"{raw.name.removesuffix('.ndjson')}.log.ndjson")
        self.first_ns = 0
        self.canaries: list[Canary] = []
        self._config = ""
        self._config_problem: str | None = None

    def begin(self) -> None:
        """Ask how the log is configured, and remember from when on it is looked at."""
        self.first_ns = time.time_ns() - int(BACK_S * _SECOND)
        try:
            self._config = self.log.config()
        except HostError as problem:
            self._config_problem = str(problem)

    def note(self, receipt: Mapping[str, object]) -> None:
        """Keep what was asked and answered."""
        with self._notes.open("ab") as out:
            out.write(json.dumps(receipt).encode() + b"\n")

    def noted(self) -> list[dict[str, object]]:
        """All notes that an earlier controller kept."""
        data = self._notes.read_bytes() if self._notes.exists() else b""
        return [json.loads(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]

    def speak(self) -> Canary:
        """Write a canary."""
        said = canaries.write(self._transport)
        self.canaries.append(said)
        self.note(
            {
                "canary": said.text,
                "pid": said.pid,
                "began_ns": said.began_ns,
                "ended_ns": said.ended_ns,
                "problem": said.problem,
            }
        )
        return said

    def again(self) -> None:
        """What an earlier controller wrote down of itself."""
        for item in self.noted():
            if "canary" in item:
                self.canaries.append(
                    Canary(
                        text=str(item["canary"]),
                        pid=item["pid"] if isinstance(item["pid"], int) else None,
                        began_ns=int(str(item["began_ns"])),
                        ended_ns=int(str(item["ended_ns"])),
                        problem=str(item["problem"]) if item["problem"] else None,
                    )
                )
            if "first_ns" in item:
                self.first_ns = int(str(item["first_ns"]))

    def second(self, had: Counter[bytes], found: Iterable[Line], size: int) -> SecondLook:
        """What is still there of what was collected, and how far back the log reaches."""
        now = time.time_ns()
        still = Counter(line.key for line in found)
        head, problem = b"", None
        soundings: tuple[Sounding, ...] = ()
        try:
            oldest = self.log.first(1, predicate=DEFAULT)
            head = b"".join(line.raw + b"\n" for line in oldest)
            problem = None if oldest else "it keeps no record at the default level"
            soundings = tuple(self._soundings(now, oldest))
        except HostError as error:
            problem = str(error)
        intact = all(still[key] >= count for key, count in had.items()) if had else None
        nothing = None if had else "no record of it was collected that could be looked for again"
        return SecondLook(
            look=StoreLook(taken_ns=now, start=0, end=size, intact=intact, problem=nothing),
            head=head,
            log=LogLook(
                canaries=tuple(self.canaries),
                config=self._config,
                config_problem=self._config_problem,
                oldest_problem=problem,
                soundings=soundings,
            ),
        )

    def _soundings(self, now: int, oldest: list[Line]) -> Iterable[Sounding]:
        since = oldest[0].time_ns if oldest else None
        for age in AGES_S if since is not None else ():
            at = now - int(age * _SECOND)
            if since is None or at < since:
                return
            start = at // _SECOND
            try:
                found = self.log.first(DENSE, predicate=DEFAULT, start=start, end=start + MINUTE_S)
            except HostError:
                yield Sounding(at_ns=at, records=None)
            else:
                yield Sounding(at_ns=at, records=len(found))
