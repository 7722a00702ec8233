"""Writes eslogger lines for the command to read.

Its records are synthetic.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


def _token(pid: int, version: int) -> dict[str, int]:
    return {"pid": pid, "pidversion": version, "euid": 501}


def _process(pid: int, version: int, path: str, parent: tuple[int, int] = (1, 1)) -> dict[str, Any]:
    return {
        "audit_token": _token(pid, version),
        "parent_audit_token": _token(*parent),
        "ppid": parent[0],
        "original_ppid": parent[0],
        "start_time": "2026-10-04T00:00:00.000001Z",
        "executable": {"path": path, "path_truncated": False},
        "signing_id": "com.apple.x",
        "team_id": None,
        "codesigning_flags": 0x24000001,
        "is_platform_binary": True,
    }


def _line(number: int, name: str, body: dict[str, Any], second: int = 0) -> bytes:
    record = {
        "time": f"2026-10-04T00:{second // 60:02}:{second % 60:02}.000000001Z",
        "global_seq_num": number,
        "seq_num": number,
        "process": _process(500, 7, "/bin/zsh"),
        "event": {name: body},
    }
    return json.dumps(record).encode() + b"\n"


@pytest.fixture
def drop_and_run() -> Callable[[str], bytes]:
    """Two lines: a file is dropped, and two seconds later zsh becomes an sh that runs it."""

    def build(path: str = "/Users/kim/Downloads/x.sh") -> bytes:
        close = {"target": {"path": path}, "modified": True}
        run = {
            "target": _process(500, 8, "/bin/sh"),
            "args": ["sh", path],
            "cwd": {"path": "/"},
            "script": None,
        }
        return _line(0, "close", close, 5) + _line(1, "exec", run, 7)

    return build
