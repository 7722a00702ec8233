"""Telemetry of a few hosts with planted behaviour, and the two commands over it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from witnessmark.cli import cli

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@dataclass(frozen=True)
class Said:
    """What a command said."""

    status: int
    output: str

    @property
    def detections(self) -> list[dict[str, Any]]:
        rows = [json.loads(line) for line in self.output.splitlines() if line.startswith("{")]
        return sorted((row for row in rows if row["type"] == "detection"), key=str)


def run(*args: str | Path, stdin: bytes | None = None) -> Said:
    result = CliRunner().invoke(cli, [str(item) for item in args], input=stdin)
    error = result.exception
    if error is not None and not isinstance(error, SystemExit):
        if not hasattr(error, "exit_code"):
            raise error
        return Said(error.exit_code, f"{result.output}{error}")
    return Said(result.exit_code, result.output)


@pytest.fixture
def witnessmark() -> Any:
    return run


@pytest.fixture(scope="session")
def telemetry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for each of two hosts, one with tokens as arrays, every story planted."""
    folder = tmp_path_factory.mktemp("telemetry")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        generate: Any = import_module("generate")
        patch.setattr(generate, "EVERY_S", 10.0)
        patch.setattr(generate.daily, "RATE", 1.0)
        for number, name in ((0, "mac1"), (2, "mac3")):
            with (folder / f"{name}.ndjson").open("wb") as file:
                generate.host(name, 1_500_000, number=number, write=file.write)
    return folder
