"""How many weakened analytics are noticed, and by whom: ``make mutate``.

The catalogue is played once on a stand-in Mac (or a run is named with --bag); its evidence is then
judged by every mutant. So are the examples of the rules, and the tests that are named after the
mutant's rule are run. A mutant that nobody notices is a rule that nobody tests: exit 1.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from tests.rules.examples import EXAMPLES, Example
from tests.rules.mutants import MUTANTS, Mutant

from witnessmark.analytic import detect
from witnessmark.journal.standing import open_run
from witnessmark.judge import answer, evidence, match
from witnessmark.judge.seen import engine_for
from witnessmark.standin.launch import refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from witnessmark.bag.read import Bag
    from witnessmark.judge.api import CaseEvidence

TOP = Path(__file__).parents[2]
MOST_NAMES = 3
PLUGINS = ("no:randomly", "no:cacheprovider", "tests.rules.weaken")
PYTEST = ("-m", "pytest", "-q", "-x", *(f"-p{name}" for name in PLUGINS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """Who told a mutant from the analytic."""

    mutant: Mutant
    scenarios: tuple[str, ...]
    examples: tuple[str, ...]
    tests: str | None
    """The first test that failed."""

    @property
    def anybody(self) -> bool:
        return bool(self.scenarios or self.examples or self.tests)


def noticed_by_examples(mutant: Mutant, examples: Sequence[Example] = EXAMPLES) -> list[Example]:
    """The examples that get another answer than they should."""
    with mutant.in_force():
        found = [detect(item.stream, mutant.parameters(item.parameters)) for item in examples]
    return [item for item, said in zip(examples, found, strict=True) if not item.holds(said)]


class Played:
    """The cases of a bag, and what the analytic itself answers for them."""

    def __init__(self, bag: Bag) -> None:
        self._bag = bag
        sets = evidence.assemble(bag, bag.record.finished_ns)
        played = [item.analysed for each in sets for item in each.cases if not item.case.control]
        self._cases = [item for item in played if item.source is not None and match.acted(item)]
        self._right = self._answers(None)

    def __len__(self) -> int:
        return len(self._cases)

    def noticed(self, mutant: Mutant) -> tuple[str, ...]:
        """The scenarios of which a case gets another answer."""
        with mutant.in_force():
            found = self._answers(mutant)
        wrong = [name for name, said in found.items() if said != self._right[name]]
        return tuple(dict.fromkeys(name.partition(":")[0].partition(".")[0] for name in wrong))

    def _answers(self, mutant: Mutant | None) -> Mapping[str, str]:
        told: dict[tuple[str, str], tuple[object, ...]] = {}
        said = {}
        for case in self._cases:
            key = (case.case.host, case.source.name if case.source else "")
            if key not in told:
                told[key] = self._detections(case, mutant)
            asked = replace(case, detections=told[key])
            said[case.case.id] = answer.answered(asked).answer.value
        return said

    def _detections(self, case: CaseEvidence, mutant: Mutant | None) -> tuple[object, ...]:
        params = evidence.parameters(self._bag)
        params = params if mutant is None else mutant.parameters(params)
        host = next(item for item in self._bag.record.plan.hosts if item.name == case.case.host)
        if case.stream is None:
            return ()
        engine = engine_for(self._bag, host, case.stream, params)
        found = [item for event in case.stream.events for item in engine.feed(event)]
        return tuple(found + engine.finish())


def noticed_by_tests(mutant: Mutant) -> str | None:
    """The first test named after the mutant's rule that fails with it, or None."""
    return _first_failure(mutant.rule, "--weaken", str(MUTANTS.index(mutant)))


def _first_failure(rule: str, *weaken: str) -> str | None:
    done = subprocess.run(
        [sys.executable, *PYTEST, *weaken, "-k", f"test_{rule}", "tests/unit/analytic"],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"the tests of {rule} could not be run:\n{done.stdout[-2000:]}")
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed[0].split("::", 1)[-1].split(" - ")[0] if failed else None


def unsound() -> str | None:
    """What fails with the analytic as it is; whoever fails anyhow notices nothing."""
    wrong = noticed_by_examples(Mutant(rule="", name="the analytic itself"))
    return f"{wrong[0].rule}: {wrong[0].name}" if wrong else _first_failure("")


def score(mutants: Sequence[Mutant], played: Played | None) -> list[Noticed]:
    """Who notices each mutant. The tests run beside, in processes of their own."""
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        tests = pool.map(noticed_by_tests, mutants)
        here = [
            (played.noticed(item) if played is not None else (), noticed_by_examples(item))
            for item in mutants
        ]
        return [
            Noticed(
                mutant=item,
                scenarios=scenarios,
                examples=tuple(f"{one.rule}: {one.name}" for one in examples),
                tests=failed,
            )
            for item, (scenarios, examples), failed in zip(mutants, here, tests, strict=True)
        ]


def table(found: Sequence[Noticed]) -> Table:
    """One row per mutant."""
    view = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("rule", "weakened so", "scenarios", "examples", "first test that fails"):
        view.add_column(name, overflow="fold")
    for item in found:
        view.add_row(
            item.mutant.rule,
            item.mutant.name,
            _few(item.scenarios),
            str(len(item.examples) or "-"),
            item.tests or "-",
            style="" if item.anybody else "bold red",
        )
    return view


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more if names else "-"


def _play(folder: Path) -> Path:
    """Play the whole catalogue once."""
    command = [str(Path(sys.executable).parent / "witnessmark"), "demo", "--quiet"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder / "reports/latest"


def main() -> int:
    """Print the table; 1 if a mutant was noticed by nobody, 2 if the analytic itself fails."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--bag", type=Path, help="a run to judge instead of playing one")
    bag = ask.parse_args().bag
    if (failure := unsound()) is not None:
        sys.stderr.write(f"without any mutant this fails already: {failure}\n")
        return 2
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 200)
    with tempfile.TemporaryDirectory() as folder:
        why = None if bag else refusal()
        played = None if why else Played(open_run(bag or _play(Path(folder))))
        found = score(MUTANTS, played)
    console.print(table(found))
    unnoticed = [item for item in found if not item.anybody]
    cases = f"{len(played)} cases" if played is not None else f"no case, for {why}"
    seen = sum(bool(item.scenarios) for item in found)
    console.print(
        f"\n{len(found) - len(unnoticed)} of {len(found)} mutants are noticed: {seen} by the "
        f"scenarios ({cases}), {sum(bool(item.examples) for item in found)} by the examples, "
        f"{sum(bool(item.tests) for item in found)} by the tests named after their rule."
    )
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
