"""What must be refused is refused in one sentence that names host, file and mend."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from witnessmark.content import root
from witnessmark.standin import state as standin
from witnessmark.standin.launch import refusal

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(bool(refusal()), reason=str(refusal())),
]
CONSENT = "root/Library/Application Support/witnessmark/consent"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "st"
    standin.boot(folder, ["mac1", "mac2"], tied=True)
    yield folder
    standin.shutdown(folder, remove=True)


def run(state: Path, *args: str) -> tuple[subprocess.CompletedProcess[str], dict[str, object]]:
    done = subprocess.run(
        [
            sys.executable, "-m", "witnessmark", "run", "--profile", "demo", "-s", "p07", "--quiet",
            "-i", root() / "inventory/standin.yaml", "-i", state / "inventory.yaml", *args,
        ],
        cwd=state.parent,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    latest = state.parent / "reports/latest/verdicts.json"
    found = json.loads(latest.read_text()) if latest.exists() else {"cases": []}
    return done, {case["id"].split(".")[-1]: case for case in found["cases"]}


def flat(text: str) -> str:
    return " ".join(text.split())


def test_a_host_without_consent_costs_only_its_own_cases(state: Path) -> None:
    (state / "mac2" / CONSENT).unlink()
    done, cases = run(state)
    assert done.returncode == 1, done.stderr
    assert cases["sh:mac1"]["verdict"] == "detected"
    assert cases["sh:mac2"]["verdict"] == "inconclusive"
    assert cases["sh:mac2"]["first_broken_link"] == "acted"
    assert "mac2: no consent file /Library/Application Support/witnessmark/consent" in flat(
        done.stdout
    )
    assert not (state / "mac2/root/Users/purple/.witnessmark").exists()


def test_a_wrong_host_key_is_refused_and_nothing_is_acted(state: Path) -> None:
    known = state / "known_hosts"
    lines = known.read_text().splitlines()
    changed = []
    for line in lines:
        name, kind, data = line.split()[:3]
        key = bytearray(base64.b64decode(data))
        key[-1] ^= 1
        changed.append(f"{name} {kind} {base64.b64encode(key).decode()}\n")
    known.write_text("".join(changed))
    done, cases = run(state)
    assert done.returncode == 3
    assert {case["links"]["acted"] for case in cases.values()} == {"error"}
    assert f"mac1: its host key is not the one in {known}" in flat(done.stdout)


def test_a_dead_host_delays_nobody(state: Path) -> None:
    standin.shutdown(state, ["mac2"])
    text = (state / "inventory.yaml").read_text()
    lost = '        mac2:\n          ansible_host: "127.0.0.1"\n          ansible_port: 1\n'
    lost += f'          witnessmark_path_prefix: "{state}/mac2/root"\n'
    lost += '          witnessmark_origin: "stand-in"\n'
    lost += f'          witnessmark_destination_root: "{state}/mac2/delivered"\n'
    lost += f'          witnessmark_known_hosts: "{state}/known_hosts"\n'
    (state / "inventory.yaml").write_text(text.rstrip("\n") + "\n" + lost)
    done, cases = run(state)
    assert done.returncode == 1, done.stderr
    assert cases["sh:mac1"]["verdict"] == "detected"
    assert cases["sh:mac2"]["verdict"] == "inconclusive"


def test_an_unknown_retention_profile_is_refused_before_anything_is_acted(state: Path) -> None:
    generated = state / "inventory.yaml"
    generated.write_text(
        generated.read_text().replace(
            'witnessmark_origin: "stand-in"',
            'witnessmark_retention: nope\n          witnessmark_origin: "stand-in"',
        )
    )
    lines = generated.read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.endswith(": nope"))
    done, cases = run(state)
    assert done.returncode == 2
    assert f"{generated}:{line}: witnessmark_retention must be one of " in done.stderr
    assert cases == {}
