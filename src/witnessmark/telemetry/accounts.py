"""Keeps account of a stream's records: kinds, times, repetitions, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from witnessmark.model.events import Coverage, Gap, Kind
from witnessmark.telemetry.runs import NOBODY, Own, Run, forget
from witnessmark.telemetry.sequence import SECOND, Counter, Course, Seen

if TYPE_CHECKING:
    from witnessmark.model.events import BadLine
    from witnessmark.telemetry.format import Found

REMEMBERED: Final = 65_536
"""How many records back a repeated line is still recognised."""
MAX_NAMES: Final = 500
"""How many event types are counted by name; more than any source has ever had."""
MORE: Final = "(more)"
# Members of an enum are looked up slowly (until Python 3.12), and each record asks for some.
_OTHER: Final = Kind.OTHER
_BEHIND: Final = (Seen.LATE, Seen.REPEATED)
_RESTARTED: Final = Seen.RESTARTED


@dataclass(frozen=True, slots=True)
class _Loss:
    """Records of whose loss the source told."""

    line: int
    since_ns: int | None
    words: str
    after_ns: int | None = None

    def gap(self, until_ns: int | None) -> Gap:
        """As a gap that ends at a moment, or nobody knows when."""
        return Gap(
            line=self.line,
            time_ns=until_ns,
            missing=1,
            counter=self.words,
            since_ns=self.since_ns,
        )


class Accounts:
    """What a stream's records add up to."""

    def __init__(self) -> None:
        self.since_ns: int | None = None
        """The earlier time of the two records before, if there are two: one alone may be wrong."""
        self._previous_ns: int | None = None
        self._events = self._other = self._notices = self._more = 0
        self._duplicates = self._late = 0
        self._kinds: dict[str, int] = {}
        self._courses: dict[tuple[str | None, ...], Course] = {}
        self._all: dict[tuple[str | None, str], Counter] = {}
        self._each: dict[tuple[str | None, str, str], Counter] = {}
        self._recent: dict[tuple[str | None, str, int], int] = {}
        self._losses: list[Gap] = []
        self._open: list[_Loss] = []
        self._first_ns: int | None = None
        self._last_ns: int | None = None

    def take(self, item: Found, line: int, raw: bytes) -> bool:
        """Whether a record is new. Repetitions count once, whatever they say.

        Raises:
            ValueError: an event without a time, which no decoder may make.
        """
        name, time_ns = item.name, item.time_ns
        if item.lost is not None:
            self._open.append(_Loss(line, self.since_ns, item.lost))
        late = False
        if time_ns is None:
            if item.process is not None:
                raise ValueError(f"{name} without a time")
        elif item.global_seq is not None:
            seen = self._number(item, item.global_seq, line, time_ns, hash(raw))
            if seen is None:
                return False
            late = seen in _BEHIND
        elif self._last_ns is not None and time_ns < self._last_ns - SECOND:
            self._late += 1
        kinds = self._kinds
        if (count := kinds.get(name)) is None:
            name = MORE if len(kinds) >= MAX_NAMES else name
            count = kinds.get(name, 0)
        kinds[name] = count + 1
        if item.seq is not None and name != MORE and time_ns is not None:
            self._own_number(item, name, item.seq, line, time_ns, late)
        if item.process is None:
            self._notices += 1
        elif item.kind is _OTHER:
            self._other += 1
        else:
            self._events += 1
        if time_ns is not None:
            if self._open and item.lost is None:
                self._close(time_ns)
            self._date(time_ns)
        return True

    def run(self, run: Run) -> bool:
        """Take in records that follow each other without a hole, all at once.

        False, and nothing is taken in, if not all of them are simply the next ones: then they must
        be taken one by one. What is the same either way is told by their sums alone.
        """
        counter, times = self._all.get(NOBODY), run.times
        if counter is None or self._open or not counter.follows(run.first, times):
            return False
        own: list[tuple[Counter, str, Own]] = []
        for name, said in run.own.items():
            each = self._each.get((*NOBODY, name))
            if each is None or name == MORE or not each.follows(said.first, said.times):
                return False
            own.append((each, name, said))
        keys = [(*NOBODY, number) for number in range(run.first, run.first + len(times))]
        if not self._recent.keys().isdisjoint(keys):
            return False
        self._recent.update(zip(keys, run.contents, strict=True))
        forget(self._recent, REMEMBERED)
        lows = counter.lead(times)
        for each, name, said in own:
            each.follow(said.times, lows[said.last])
            self._kinds[name] += len(said.times)
        self._events += len(times) - run.others
        self._other += run.others
        for moment in (min(times), max(times), times[-2], times[-1]) if len(times) > 1 else times:
            self._date(moment)
        return True

    def _date(self, time_ns: int) -> None:
        if (previous_ns := self._previous_ns) is not None:
            self.since_ns = previous_ns if previous_ns < time_ns else time_ns
        self._previous_ns = time_ns
        if self._last_ns is None or time_ns > self._last_ns:
            self._last_ns = time_ns
        if self._first_ns is None or time_ns < self._first_ns:
            self._first_ns = time_ns

    def batch(self, number: int) -> None:
        """Note how many things one line said."""
        self._more += number - 1

    def coverage(self, lines: int, blank: int, bad: tuple[BadLine, ...]) -> Coverage:
        """The sums, with what the caller counted itself."""
        counters = (*self._all.values(), *self._each.values())
        gaps = [gap for counter in counters for gap in counter.gaps()]
        backwards_ns = max((each.backwards_ns for each in self._courses.values()), default=0)
        gaps += self._losses
        gaps += [each.gap(None) for each in self._open]
        if backwards_ns:
            gaps = [replace(gap, since_ns=None, time_ns=None) for gap in gaps]
        return Coverage(
            lines=lines,
            events=self._events,
            other=self._other,
            notices=self._notices,
            more=self._more,
            blank=blank,
            first_ns=self._first_ns,
            last_ns=self._last_ns,
            gaps=tuple(sorted(gaps, key=lambda gap: gap.line)),
            bad=bad,
            duplicates=self._duplicates,
            out_of_order=self._late,
            backwards_ns=backwards_ns,
            kinds=tuple(sorted(self._kinds.items())),
        )

    def _number(
        self, item: Found, number: int, line: int, time_ns: int, content: int
    ) -> Seen | None:
        """Take in the number that a sensor gives all its records; None if they repeat."""
        known = (item.host, item.counter, number)
        if self._recent.get(known) == content:
            self._duplicates += 1
            return None
        self._remember(known, content)
        who = (item.host, item.counter)
        counter = self._all.get(who)
        if counter is None:
            counter = self._all[who] = Counter(item.counter or "global", self._course(who))
        seen = counter.see(number, line, time_ns)
        self._late += seen in _BEHIND
        if seen is _RESTARTED:
            for (host, name, _), each in self._each.items():
                if (host, name) == who:
                    each.restart(None, line, time_ns)
        return seen

    def _own_number(
        self, item: Found, name: str, number: int, line: int, time_ns: int, late: bool
    ) -> None:
        """Take in the number that a sensor gives the records of one event type."""
        who = (item.host, item.counter, name)
        counter = self._each.get(who)
        if counter is None:
            # Without a number of all its records, each type's own are all the order there is.
            alone = item.global_seq is None
            course = self._course(who if alone else who[:2])
            counter = self._each[who] = Counter(name, course, leads=alone)
        seen = counter.see(number, line, time_ns, late=late)
        self._late += item.global_seq is None and seen in _BEHIND

    def _course(self, who: tuple[str | None, ...]) -> Course:
        return self._courses.setdefault(who, Course())

    def _remember(self, known: tuple[str | None, str, int], content: int) -> None:
        self._recent.pop(known, None)
        self._recent[known] = content
        forget(self._recent, REMEMBERED)

    def _close(self, time_ns: int) -> None:
        """A record came after a loss that was told of: the loss lies before the second one."""
        for loss in self._open:
            if loss.after_ns is not None:
                self._losses.append(loss.gap(max(loss.after_ns, time_ns)))
        self._open = [
            replace(loss, after_ns=time_ns) for loss in self._open if loss.after_ns is None
        ]
