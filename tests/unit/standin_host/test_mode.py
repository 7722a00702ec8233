"""Which mode a host gets, and that whatever is missing is named."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from witnessmark.errors import Unsupported
from witnessmark.standin import mode
from witnessmark.standin.mode import Chosen, Mode, choose

if TYPE_CHECKING:
    from collections.abc import Callable

if sys.platform != "linux":
    pytest.skip("a stand-in's namespaces are Linux's", allow_module_level=True)


@pytest.fixture
def reason(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    def give(why: str | None) -> None:
        monkeypatch.setattr(mode, "refusal", lambda: why)

    return give


def test_the_better_mode_is_taken_where_it_can_be_had(
    reason: Callable[[str | None], None],
) -> None:
    reason(None)
    assert choose(None).mode is Mode.NAMESPACE
    assert choose(Mode.NAMESPACE) == Chosen(mode=Mode.NAMESPACE, why="asked for")
    assert choose(Mode.PREFIX) == Chosen(mode=Mode.PREFIX, why="asked for")


def test_where_it_cannot_the_reason_is_kept_and_a_wish_is_refused(
    reason: Callable[[str | None], None],
) -> None:
    reason("clone: Operation not permitted")
    assert choose(None) == Chosen(
        mode=Mode.PREFIX, why="no namespaces here: clone: Operation not permitted"
    )
    assert choose(Mode.PREFIX).why == "asked for"
    with pytest.raises(Unsupported, match="clone: Operation not permitted"):
        choose(Mode.NAMESPACE)


WITHOUT = """
import sys
from witnessmark.standin import layout, mode, namespace, view
{change}
print(mode.try_it())
"""


@pytest.mark.skipif(mode.refusal() is not None, reason=f"no namespaces here: {mode.refusal()}")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("", "None"),
        ("namespace._CLONE = 99999", "clone: Function not implemented"),
        ("namespace._MOUNT_SETATTR = 99999", "mount_setattr: Function not implemented"),
        ("namespace._PIVOT_ROOT = 99999", "pivot_root: Function not implemented"),
        ("namespace.MAC_UID = -1", "uid_map: Invalid argument"),
        ("mode._IMPORTS = 'import nothing'", "ModuleNotFoundError: No module named 'nothing'"),
        ("view._OPENAT2 = 99999", "the host cannot be looked into: Function not implemented"),
    ],
)
def test_each_step_that_fails_is_named(change: str, said: str) -> None:
    code = WITHOUT.format(change=change)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.strip() == said, done.stderr
