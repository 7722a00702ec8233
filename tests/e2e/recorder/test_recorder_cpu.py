"""A host shares one CPU with its recorder, unless it is told to spread."""

import os

import pytest

from witnessmark.standin.cpu import one_cpu
from witnessmark.standin.probe import refusal

CPUS = os.sched_getaffinity(0)
pytestmark = pytest.mark.skipif(len(CPUS) < 2, reason="this machine has one CPU only")
SEEN = (
    'while read -r a b; do [ "$a" = Cpus_allowed_list: ] && : > "cpus-$b"; done < /proc/$$/status'
)


@pytest.mark.e2e
@pytest.mark.skipif(bool(refusal()), reason=str(refusal()))
@pytest.mark.parametrize(("options", "count"), [((), 1), (("--spread",), len(CPUS))])
def test_the_host_runs_on(options: tuple[str, ...], count: int, host: object) -> None:
    host.run(["/bin/sh", "-c", SEEN], *options)  # type: ignore[attr-defined]
    (name,) = [item.name for item in host.home.iterdir() if item.name.startswith("cpus-")]  # type: ignore[attr-defined]
    numbers: set[int] = set()
    for part in name.removeprefix("cpus-").split(","):
        first, _, last = part.partition("-")
        numbers |= set(range(int(first), int(last or first) + 1))
    assert len(numbers & CPUS) == count


def test_the_binding_is_undone() -> None:
    with one_cpu():
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == CPUS


def test_where_binding_is_not_allowed_nothing_is_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setaffinity", refused)
    with one_cpu():
        assert os.sched_getaffinity(0) == CPUS
