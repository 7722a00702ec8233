"""The test items that the pytest plugin makes of a bag; imported only when a bag is named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.errors import WitnessmarkError
from witnessmark.journal.standing import open_run
from witnessmark.judge.run import exit_code, judge
from witnessmark.model.verdicts import CaseVerdict, Finding, RunVerdict, Status
from witnessmark.report.junit import unproved
from witnessmark.report.plain import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NOTHING_ACTED = 3
NOTHING_ASSESSED = 4
UNSAFE = re.compile("[^A-Za-z0-9@._:-]|(?<=:):")
"""What may not stand in an item's name: brackets and ``::`` make --lf run everything again."""


class BrokenLink(Exception):  # noqa: N818 - it is what it says
    """A link of a case failed."""


class CouldNotLook(Exception):  # noqa: N818 - it is what it says
    """Nobody could tell whether a link of a case held."""


def judged(paths: Sequence[str]) -> list[RunVerdict]:
    """The bags, each judged once.

    Raises:
        pytest.UsageError: if a path holds no bag, one that was altered, or one in which nothing
            was acted.
    """
    found = []
    for path in paths:
        try:
            run = judge(open_run(Path(path)))
        except WitnessmarkError as problem:
            raise pytest.UsageError(visible(str(problem))) from problem
        if exit_code(run) == NOTHING_ACTED:
            raise pytest.UsageError(
                visible(f"{path}: no case was acted, so there is nothing to test")
            )
        found.append(run)
    return found


def collect(session: pytest.Session, runs: Sequence[RunVerdict]) -> Iterator[pytest.Item]:
    """One item per validator, case and source of every bag, in the bags' order."""
    for number, run in enumerate(runs, start=1):
        # The node id stays the same from run to run, so that --lf finds its failures again.
        name = "witnessmark" if number == 1 else f"witnessmark-{number}"
        node = Bag.from_parent(session, name=name, nodeid=name, run=run)
        yield from node.collect()


class Bag(pytest.Collector):
    """A sealed bag, judged."""

    def __init__(self, *, run: RunVerdict, **rest: Any) -> None:
        super().__init__(**rest)
        self._run = run

    def collect(self) -> Iterator[pytest.Item]:
        """The items of this bag."""
        if exit_code(self._run) == NOTHING_ASSESSED:
            yield Assessed.from_parent(self, name="assessed")
        many = len({case.source for case in self._run.cases}) > 1
        for case in self._run.cases:
            for validator in dict.fromkeys(found.validator for found in case.findings):
                source = f"@{case.source}" if many else ""
                name = UNSAFE.sub(_encoded, f"{validator}@{case.id}{source}")
                yield Link.from_parent(self, name=name, case=case, validator=validator)


class Told(pytest.Item):
    """An item of a bag: it says what was found, without a traceback."""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The findings themselves."""
        if isinstance(excinfo.value, BrokenLink | CouldNotLook):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where pytest says that the item is from."""
        return Path("witnessmark"), None, self.name


class Assessed(Told):
    """There only if nothing of a bag was assessed: what passes beside it proves no coverage."""

    def setup(self) -> None:
        """Always an error: nobody could judge."""
        raise CouldNotLook("no case was assessed, so nothing here says anything about coverage")

    def runtest(self) -> None:
        """Never reached."""


class Link(Told):
    """All that one validator found about one case."""

    def __init__(self, *, case: CaseVerdict, validator: str, **rest: Any) -> None:
        super().__init__(**rest)
        self._case = case
        self._found = [item for item in case.findings if item.validator == validator]
        self.add_marker(self._found[0].link.value)
        self.user_properties.append(("verdict", case.verdict.value))

    def setup(self) -> None:
        """An error, as of a broken fixture, where nobody could look: neither passed nor failed."""
        if self._bad(Status.ERROR):
            raise CouldNotLook(self._told())

    def runtest(self) -> None:
        """Fails on fail; skips, with the reason, what does not apply or is not provable yet."""
        if self._bad(Status.FAIL):
            raise BrokenLink(self._told())
        if waiting := unproved(self._found):
            pytest.skip(visible(waiting))

    def _bad(self, status: Status) -> bool:
        return any(item.status is status for item in self._found)

    def _told(self) -> str:
        bad = [item for item in self._found if item.status in (Status.ERROR, Status.FAIL)]
        head = f"{self._case.id}: {self._case.verdict.value}"
        return "\n".join([visible(head), *(_line(item) for item in bad)])


def _encoded(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found.group().encode("utf-8", "surrogatepass"))


def _line(item: Finding) -> str:
    seen = f" (expected {item.expected}; observed {item.observed})" if item.observed else ""
    return visible(f"  {item.link.value} {item.status.value}: {item.message}{seen}")
