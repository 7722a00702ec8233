"""Every test has a time limit, where the plugin for it is installed (make test installs it).

With pytest-xdist (``-n 2 --dist loadgroup``) the tests that boot stand-ins run one after the other
in one process, and the others beside them: they would slow each other down, and share no fixture.
"""

from pathlib import Path

import pytest

LIMIT_S = 120
BOOTING = Path(__file__).parent / "e2e"


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if config.pluginmanager.hasplugin("xdist") and item.path.is_relative_to(BOOTING):
            item.add_marker(pytest.mark.xdist_group("booting"))
    if config.pluginmanager.hasplugin("timeout"):
        for item in items:
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(LIMIT_S))
