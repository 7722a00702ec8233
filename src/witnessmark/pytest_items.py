"""The test items that the pytest plugin makes of a bag; imported only when a bag is named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.bag.read import open_bag
from witnessmark.errors import WitnessmarkError
from witnessmark.judge.run import exit_code, judge
from witnessmark.model.verdicts import CaseVerdict, Finding, Status
from witnessmark.report.junit import unproved

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NOTHING_ACTED = 3
WORST = (Status.ERROR, Status.FAIL)


class BrokenLink(Exception):  # noqa: N818 - it is what it says
    """A link of a case failed, or could not be looked at."""


def collect(session: pytest.Session, paths: Sequence[str]) -> Iterator[pytest.Item]:
    """One item per validator, case and source of every bag, in the bags' order.

    Raises:
        pytest.UsageError: if a path holds no bag, or one that was altered.
    """
    for path in paths:
        # The node id stays the same from run to run, so that --lf finds its failures again.
        node = Bag.from_parent(session, name="witnessmark", nodeid="witnessmark", path=Path(path))
        yield from node.collect()


class Bag(pytest.Collector):
    """A sealed bag, judged once."""

    def __init__(self, *, path: Path, **rest: Any) -> None:
        super().__init__(**rest)
        self._bag = path

    def collect(self) -> Iterator[Link]:
        """The items of this bag."""
        try:
            run = judge(open_bag(self._bag))
        except WitnessmarkError as problem:
            raise pytest.UsageError(str(problem)) from problem
        if exit_code(run) == NOTHING_ACTED:
            raise pytest.UsageError(f"{self._bag}: no case was acted, so there is nothing to test")
        many = len({case.source for case in run.cases}) > 1
        for case in run.cases:
            for name in dict.fromkeys(found.validator for found in case.findings):
                source = f"@{case.source}" if many else ""
                yield Link.from_parent(
                    self, name=f"{name}@{case.id}{source}", case=case, validator=name
                )


class Link(pytest.Item):
    """All that one validator found about one case."""

    def __init__(self, *, case: CaseVerdict, validator: str, **rest: Any) -> None:
        super().__init__(**rest)
        self._case = case
        self._found = [item for item in case.findings if item.validator == validator]
        self.add_marker(self._found[0].link.value)
        self.user_properties.append(("verdict", case.verdict.value))

    def runtest(self) -> None:
        """Fails on fail and on could-not-look; skips, with the reason, where nothing applies."""
        bad = [item for item in self._found if item.status in WORST]
        if bad:
            raise BrokenLink("\n".join(_line(item) for item in bad))
        waiting = unproved(self._found)
        if waiting:
            pytest.skip(waiting)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The findings themselves, without a traceback."""
        if isinstance(excinfo.value, BrokenLink):
            return f"{self._case.id}: {self._case.verdict.value}\n{excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where pytest says that the item is from."""
        return Path("witnessmark"), None, self.name


def _line(item: Finding) -> str:
    seen = f" (expected {item.expected}; observed {item.observed})" if item.observed else ""
    return f"  {item.link.value} {item.status.value}: {item.message}{seen}"
