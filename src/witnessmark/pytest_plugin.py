"""``pytest --witnessmark-bag PATH``: one test per validator and case of an evidence bag.

The entry module imports only pytest, so that it costs nothing where it is not used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from witnessmark.model.verdicts import RunVerdict

    Judged = pytest.StashKey[Sequence[RunVerdict]]

JUDGED: Judged = pytest.StashKey()
LINKS = ("acted", "recorded", "delivered", "detected", "retained", "cleaned")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the option that names a bag."""
    group = parser.getgroup("witnessmark", "evidence bags")
    group.addoption(
        "--witnessmark-bag",
        action="append",
        default=[],
        metavar="PATH",
        help="Judge an evidence bag (a run folder such as reports/latest) as tests; repeatable.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register one mark per link, so that ``-m recorded`` selects a link, and judge the bags.

    They are judged before anything is collected, and before xdist starts its workers, so that a
    path without a bag is one usage error and not one per worker.
    """
    for link in LINKS:
        config.addinivalue_line("markers", f"{link}: findings about the link {link!r} of a case")
    if paths := config.getoption("--witnessmark-bag"):
        from witnessmark.pytest_items import judged

        config.stash[JUDGED] = judged(paths)


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """With a bag and no path of its own on the command line, the bag alone is the test suite."""
    named = config.args_source is pytest.Config.ArgsSource.ARGS
    return True if config.getoption("--witnessmark-bag") and not named else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the bags' items before -k, -m and --lf choose among all items."""
    if JUDGED in config.stash:
        from witnessmark.pytest_items import collect

        added = list(collect(session, config.stash[JUDGED]))
        items.extend(added)
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and hasattr(reporter, "_numcollected"):
            reporter._numcollected += len(added)  # else pytest's summary counts below zero
