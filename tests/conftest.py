"""The whole suite runs in two processes, and every test has a time limit.

``make test`` shares the test files out with ``-n auto`` (pytest-xdist): one process begins with
those that boot stand-ins, the other with the rest, until the two meet. So hosts are seldom booted
twice at once, and no file is ever split. With a path, or without ``-n``, all run in one process.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

LIMIT_S = 120
PROCESSES = 2
"""A user may have but 128 inotify instances, and each stand-in takes two."""
HERE = Path(__file__).parent
BOOTING = HERE / "e2e"
TOGETHER = {
    f"tests/e2e/{name}.py": "one run over every fault"
    for name in ("test_any_sensor_fault", "test_faults", "test_touched")
}
"""Files that look at one and the same run: one process plays it once."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sets the limits, and puts what takes longest at the end that is begun with."""
    if config.pluginmanager.hasplugin("timeout"):
        for item in items:
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(LIMIT_S))
    if hasattr(config, "workerinput"):  # else the random order alone decides
        items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if not item.path.is_relative_to(BOOTING):
        return 2
    return int(item.location[0] not in TOGETHER)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """What ``-n auto`` of our Makefile means."""
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return PROCESSES if whole else 0


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling | None:
    """Whole files go to whichever process has nothing left to do."""
    from xdist.scheduler import LoadScopeScheduling

    class FromBothEnds(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return TOGETHER.get(file, file)

        def _assign_work_unit(self, node: object) -> None:
            if node is not self.nodes[0]:
                self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
            super()._assign_work_unit(node)

    config.option.loadscopereorder = False
    return FromBothEnds(config, log)
