"""Builds eslogger records (synthetic: shapes from eslogger's own coding keys); finds samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from witnessmark.model.events import Stream
from witnessmark.telemetry import eslogger
from witnessmark.telemetry.decoder import Decoder, decode

T = "2025-08-07T13:21:35.880814738Z"


class Es:
    """Records as eslogger writes them; ``array`` gives audit tokens as macOS 26's beta did."""

    def __init__(self) -> None:
        self.array = False

    def token(self, pid: int, version: int) -> Any:
        if self.array:
            return [501, 502, 20, 501, 20, pid, 100_001, version]
        names = ("auid", "euid", "egid", "ruid", "rgid", "pid", "asid", "pidversion")
        return dict(zip(names, (501, 502, 20, 501, 20, pid, 100_001, version), strict=True))

    def stat(self, ino: int, **given: Any) -> dict[str, Any]:
        return {
            "st_dev": 16_777_231,
            "st_ino": ino,
            "st_size": 60,
            "st_birthtimespec": "2025-08-07T13:21:35.000000001Z",
            "st_mode": 33_188,
        } | given

    def file(self, path: str, ino: int = 5, **given: Any) -> dict[str, Any]:
        return {"path": path, "path_truncated": False, "stat": self.stat(ino)} | given

    def process(self, pid: int = 400, version: int = 900, **given: Any) -> dict[str, Any]:
        return {
            "audit_token": self.token(pid, version),
            "parent_audit_token": self.token(1, 1),
            "responsible_audit_token": self.token(399, 899),
            "ppid": 1,
            "original_ppid": 1,
            "group_id": pid,
            "session_id": pid,
            "executable": self.file("/bin/zsh", 9),
            "start_time": "2025-08-07T13:20:00.000123Z",
            "signing_id": "com.apple.zsh",
            "team_id": None,
            "cdhash": "AB" * 20,
            "codesigning_flags": 0x24000001,
            "is_platform_binary": True,
            "is_es_client": False,
            "tty": None,
        } | given

    def record(self, name: str, body: Any, **given: Any) -> dict[str, Any]:
        return {
            "schema_version": 1,
            "version": 9,
            "time": T,
            "mach_time": 5,
            "event_type": 999,
            "action_type": 1,
            "seq_num": 0,
            "global_seq_num": 0,
            "thread": {"thread_id": 7},
            "process": self.process(),
            "event": {name: body},
        } | given

    def line(self, name: str, body: Any, **given: Any) -> bytes:
        return json.dumps(self.record(name, body, **given)).encode() + b"\n"

    def numbered(self, *numbers: int, step_ns: int = 1_000) -> list[bytes]:
        """Exits with these global sequence numbers; times follow the numbers."""
        return [
            self.line(
                "exit",
                {"stat": 0},
                global_seq_num=number,
                seq_num=number,
                time=f"2025-08-07T13:21:35.{number * step_ns:09d}Z",
            )
            for number in numbers
        ]

    def decode(self, *lines: bytes, **given: Any) -> Stream:
        stream = decode(eslogger, lines, host="mac", source="es", **given)
        cover = stream.coverage
        accounted = cover.read + len(cover.bad) + cover.blank - cover.more
        assert accounted == cover.lines == len(lines)
        assert len(stream.events) == cover.events + cover.other
        assert sum(number for _, number in cover.kinds) == len(stream.events)
        return stream


@pytest.fixture
def es() -> Es:
    return Es()


SAMPLES = Path(__file__).parents[3].parent / "shared" / "samples"


@pytest.fixture
def sample() -> Any:
    """Finds a file or folder of real lines beside this checkout; skips where it is not."""

    def find(name: str) -> Path:
        path = SAMPLES / name
        if not path.exists():
            pytest.skip(f"the published sample {name} is not beside this checkout")
        return path

    return find


@pytest.fixture
def synthetic() -> Any:
    """Finds a story written by hand in the shape of a kind; the file's name says synthetic."""

    def find(kind: str) -> list[bytes]:
        file = Path(__file__).parent / "data" / f"{kind}.synthetic"
        return file.read_bytes().splitlines(keepends=True)

    return find


@pytest.fixture
def whole() -> Any:
    """Decodes lines and holds that every one of them is accounted for."""

    def build(form: Any, *lines: bytes, **given: Any) -> Stream:
        decoder = Decoder(form, host="mac", source="s", **given)
        events = tuple(decoder.events(lines))
        cover = decoder.coverage()
        stream = Stream(
            host="mac",
            source="s",
            events=events,
            coverage=cover,
            resolution_ns=form.TIME_RESOLUTION,
        )
        assert cover.read + len(cover.bad) + cover.blank == cover.lines + cover.more
        assert cover.lines == len(lines)
        assert len(stream.events) == cover.events + cover.other
        assert sum(number for _, number in cover.kinds) == cover.read - cover.duplicates
        return stream

    return build
