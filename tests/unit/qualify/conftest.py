"""A capture of one host with synthetic eslogger lines of the probes, and of somebody else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from witnessmark.model.hosts import Origin
from witnessmark.qualify.pack import Capture, Captured
from witnessmark.qualify.private import Private, What
from witnessmark.qualify.probes import ARGUMENTS, MARK, PROBES

RUN = "20261124t042002z-0d0c70"
M = MARK.format(run=RUN)
DOWN = f"/Users/jane/Downloads/witnessmark/{RUN}"


class Lines:
    """Synthetic records in eslogger's shape, numbered as they come."""

    def __init__(self) -> None:
        self.number = 0

    def process(self, pid: int = 900, version: int = 50, path: str = "/bin/sh") -> dict[str, Any]:
        return {
            "audit_token": {"pid": pid, "pidversion": version, "euid": 501},
            "executable": {"path": path, "path_truncated": False},
            "ppid": 1,
            "team_id": "ACME123456",
        }

    def line(self, name: str, body: dict[str, Any], **given: Any) -> bytes:
        self.number += 1
        record = {
            "time": f"2026-10-04T00:00:{self.number % 60:02}.000000001Z",
            "global_seq_num": self.number,
            "seq_num": self.number,
            "process": self.process(),
            "event": {name: body},
        } | given
        return json.dumps(record, ensure_ascii=False).replace("/", "\\/").encode() + b"\n"

    def ran(self, *args: str, script: str | None = None) -> bytes:
        body = {
            "target": self.process(version=51, path="/usr/bin/true"),
            "args": [*args],
            "env": ["HOME=/Users/jane", "SSH_CLIENT=10.1.2.3 50022 22", "API_KEY=abcdef"],
            "cwd": {"path": "/Users/jane"},
            "script": None if script is None else {"path": script},
        }
        return self.line("exec", body)

    def wrote(self, name: str, **given: Any) -> bytes:
        return self.line("close", {"target": {"path": f"{DOWN}/{name}"}, "modified": True} | given)

    def all_probes(self) -> bytes:
        """What a sensor that sees everything writes of the probes."""
        file = lambda name: {"path": f"{DOWN}/{M}-{name}"}  # noqa: E731
        moved = {"destination": {"existing_file": file("replace")}, "source": file("other")}
        new = {"new_path": {"dir": {"path": DOWN}, "filename": f"{M}-rename"}}
        return b"".join(
            (
                self.ran("true", f"{M}-exec"),
                self.ran("true", f"{M}-arguments", *ARGUMENTS),
                self.wrote(f"{M}-write"),
                self.wrote(f"{M}-caches"),
                self.wrote(f"{M}-names a|b'c\"d\u00e9"),
                self.line("setmode", {"target": file("mode"), "mode": 493}),
                self.line("setextattr", {"target": file("attribute"), "extattr": "org.x"}),
                self.line("rename", {"source": file("old"), "destination": new}),
                self.line("rename", moved),
                self.line(
                    "link",
                    {
                        "source": file("first"),
                        "target_dir": {"path": DOWN},
                        "target_filename": f"{M}-link",
                    },
                ),
                self.wrote(f"{M}-copy"),
                self.ran("/bin/sh", f"/x/{M}-script", script=f"/x/{M}-script"),
                self.ran("sh", f"/x/{M}-script", f"{M}-interpreter"),
                self.ran("/bin/sh", f"./{M}-relative", script=f"/x/{M}-relative"),
                self.line("fork", {"child": self.process(pid=901, version=60)}),
                self.line("unlink", {"target": file("remove")}),
            )
        )

    def foreign(self) -> bytes:
        """A record that is nobody's business."""
        other = self.process(pid=77, version=7, path="/Applications/Diary.app/Diary")
        body = {"target": {"path": "/Users/jane/diary of the merger.txt"}, "modified": True}
        return self.line("close", body, process=other)


@pytest.fixture
def lines() -> Lines:
    return Lines()


def capture_of(raw: bytes, *more: Captured, **given: Any) -> Capture:
    """A capture whose first source wrote ``raw``."""
    fields: dict[str, Any] = {
        "origin": Origin.MAC,
        "system": {"os": "Darwin", "os_build": "25A362"},
        "run_id": RUN,
        "privates": (
            Private(what=What.USER, value="jane"),
            Private(what=What.HOST, value="Janes-MacBook-Pro.local"),
        ),
        "pids": (900, 901),
        "done": {probe.name: "did" for probe in PROBES} | {"clone": "missing"},
        "sources": (Captured(kind="eslogger", raw=raw), *more),
    }
    return Capture(**(fields | given))


@pytest.fixture
def captured() -> Any:
    return capture_of
