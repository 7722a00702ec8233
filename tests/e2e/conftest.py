"""What several end-to-end modules look at, played once."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.e2e.broken import FAULTS, play

from witnessmark.standin import state as standin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.broken import Run


@pytest.fixture(scope="session")
def run() -> Iterator[Run]:
    """A clean host and one for each fault, all at once; they are gone before it is looked at."""
    with tempfile.TemporaryDirectory(prefix="wm-") as name:
        try:
            played = play(Path(name), FAULTS)
        finally:
            standin.shutdown(Path(name) / "st", remove=True)
        yield played
