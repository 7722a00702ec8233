"""The process snapshot at the start of a capture."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from witnessmark.model.events import SnapshotRow
from witnessmark.telemetry.ps import decode

LISTING = b"""\
    1     0 /sbin/launchd
  412     1 /Applications/Google Chrome.app/Contents/MacOS/Google Chrome
99999   412 -zsh
  500     1
ps: some warning
  412     1 /private/tmp/second
    0     0 kernel_task
"""


def test_rows_with_spaces_in_names() -> None:
    assert decode(LISTING) == (
        SnapshotRow(pid=1, ppid=0, path="/sbin/launchd"),
        SnapshotRow(
            pid=412, ppid=1, path="/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
        ),
        SnapshotRow(pid=99999, ppid=412, path="-zsh"),
        SnapshotRow(pid=500, ppid=1, path=""),
    )


def test_names_that_are_not_utf8_are_kept_readable() -> None:
    (row,) = decode(b"7 1 /a\xffb\n")
    assert row.path == "/a\ufffdb"


@given(st.binary(max_size=200))
def test_any_bytes(raw: bytes) -> None:
    for row in decode(raw):
        assert row.pid > 0
