"""Qualifying a stand-in: an unknown shape comes home with its record, and nothing stays there."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from witnessmark.cli import cli
from witnessmark.content import root
from witnessmark.qualify.store import check
from witnessmark.standin import state as standin
from witnessmark.standin.launch import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(bool(refusal()), reason=str(refusal())),
    pytest.mark.timeout(300),
]

ODD = [{"layer": "sensor", "action": "reshape", "event": "close", "path": "*-qualify-write"}]
CONSENT = "root/Library/Application Support/witnessmark/consent"


@pytest.fixture(scope="module")
def state() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="wm-") as name:
        folder = Path(name) / "st"
        try:
            names, also = ["odd-mac", "no-consent"], ("santa", "osquery")
            standin.boot(folder, names, {"odd-mac": ODD}, also=also, timeout_s=90.0)
            consent = folder / "odd-mac" / CONSENT
            consent.write_text("owner: Jane Roe\nexpires: 2999-01-01\n")
            (folder / "no-consent" / CONSENT).unlink()
            yield folder
        finally:
            standin.shutdown(folder, remove=True)


def lies(state: Path, host: str) -> set[str]:
    home = state / host / "root/Users/purple"
    return {str(item.relative_to(home)) for item in home.rglob("*")}


def qualify(state: Path, host: str, out: Path) -> tuple[int, str]:
    files = (root() / "inventory/standin.yaml", state / "inventory.yaml")
    inventories = [word for file in files for word in ("-i", str(file))]
    done = CliRunner().invoke(
        cli, ["qualify", host, "-q", "--out", str(out), *inventories], standalone_mode=False
    )
    if done.exception is not None:
        return getattr(done.exception, "exit_code", -1), str(done.exception)
    return int(done.return_value or 0), done.output


def test_an_unknown_shape_is_an_error_with_the_record(state: Path, tmp_path: Path) -> None:
    before, out = lies(state, "odd-mac"), tmp_path / "pack"
    status, said = qualify(state, "odd-mac", out)
    assert status == 1, said
    assert "of a shape that no decoder knows" in said
    unknown = (out / "eslogger.stand-in.unknown").read_text("utf-8")
    assert "qualify-write" in unknown
    manifest = json.loads((out / "pack.json").read_text("utf-8"))
    assert manifest["origin"] == "stand-in"
    assert manifest["sources"][0]["unknown"] == 1
    assert [item["kind"] for item in manifest["sources"]] == ["eslogger", "santa", "osquery"]
    assert check(out) == []
    assert lies(state, "odd-mac") == before
    everything = "".join(item.read_text("utf-8") for item in out.iterdir()).casefold()
    for secret in ("purple", "jane", "roe", "odd-mac", str(state).casefold()):
        assert secret not in everything
    good = [line for line in said.splitlines() if line.startswith("ok")]
    assert len(good) >= 13, said


def test_without_consent_nothing_is_done(state: Path, tmp_path: Path) -> None:
    before = lies(state, "no-consent")
    status, said = qualify(state, "no-consent", tmp_path / "pack")
    assert status == 3
    assert "no consent file" in said
    assert not (tmp_path / "pack").exists()
    assert lies(state, "no-consent") == before
    store = state / "no-consent/root/private/var/log/eslogger.ndjson"
    assert "-qualify-" not in store.read_text("utf-8")
