"""What time it is in a stream of records, some of which may carry a wrong time.

A clock that is the newest time ever seen is moved by one record dated ahead, and all that is judged
by age is forgotten at once. Here a moment counts only once several records in a row have passed it.
"""

from __future__ import annotations

IN_A_ROW = 4
"""How many records must agree that time has gone on: three wrong ones in a row move nothing."""
BATCH = 256
QUARTER = BATCH // 4


class Pace:
    """The earliest time among the last records: it lags by a few, and one stray cannot lead it."""

    def __init__(self) -> None:
        self.now_ns = 0
        self._one: int | None = None
        self._two: int | None = None
        self._three: int | None = None

    @property
    def recent(self) -> tuple[int, ...]:
        """The last times, oldest first, as many as there are and decide with the next one."""
        return tuple(item for item in (self._three, self._two, self._one) if item is not None)

    def move(self, time_ns: int) -> None:
        """Take in the next record's time."""
        one, two, three = self._one, self._two, self._three
        self._three, self._two, self._one = two, one, time_ns
        if three is not None and two is not None and one is not None:
            self.now_ns = min(time_ns, one, two, three)
        else:
            self.now_ns = min(item for item in (time_ns, one, two) if item is not None)


class Ages:
    """Time by which the old may be forgotten: three quarters of the last 256 records passed it."""

    def __init__(self) -> None:
        self._times: list[int] = []

    def move(self, time_ns: int) -> int | None:
        """Take in the next record's time; the time to prune by, once in a batch."""
        self._times.append(time_ns)
        return None if len(self._times) < BATCH else self._by_now()

    @property
    def room(self) -> int:
        """How many records may come before the next one completes a batch."""
        return BATCH - 1 - len(self._times)

    def passed(self, times: list[int]) -> None:
        """Take in times that complete no batch."""
        self._times += times

    def _by_now(self) -> int:
        self._times.sort()
        now_ns = self._times[QUARTER]
        self._times.clear()
        return now_ns
