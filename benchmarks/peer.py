"""The nearest peer beside us: a test of atomic-operator over SSH to the same stand-in Mac.

It opens a new connection for every test, accepts any host key, and neither takes an inventory nor
reads anything back; a case of ours does all that. Each tool's own scripts are left out: the peer's
test is the shell's `:`, and ours is what ``case.py`` measures. It is installed from the package
index into an environment of its own; without one the comparison is left out, and says so.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import case

from witnessmark import inventory
from witnessmark.content import root
from witnessmark.standin import state as standin

PEER = ("atomic-operator==0.9.0", "attrs", "setuptools<81")
ROUNDS = 10

DRIVER = """
import json, logging, os, statistics, sys, time, warnings
warnings.simplefilter("ignore")
from atomic_operator import AtomicOperator
from atomic_operator.base import Base
Base.get_abs_path = staticmethod(os.path.abspath)  # 0.9.0 calls it on the class: a key file fails
logging.disable(logging.CRITICAL)
said, times = json.loads(sys.argv[1]), []
for _ in range(said.pop("rounds")):
    AtomicOperator._AtomicOperator__test_responses.clear()  # kept from run to run
    started = time.perf_counter()
    answer = AtomicOperator().run(techniques=["T1204.002"], **said)
    times.append((time.perf_counter() - started) * 1e3)
    if "witnessed" not in json.dumps(answer):
        sys.exit("the peer's test did not run: " + json.dumps(answer))
print(statistics.median(times), file=sys.stderr)
"""

TECHNIQUE = """\
attack_technique: T1204.002
display_name: "one command"
atomic_tests:
- name: one command
  auto_generated_guid: {guid}
  description: runs one command
  supported_platforms: [linux]
  input_arguments: {{}}
  executor: {{name: sh, elevation_required: false, command: "echo wit''nessed"}}
"""


def peer_ms(folder: Path, python: Path) -> float:
    """Milliseconds of the peer's one test over SSH, the median of a few."""
    state = folder / "state"
    standin.boot(state, ["mac1"], tied=True)
    try:
        (host,) = inventory.load(
            [root() / "inventory/standin.yaml", state / "inventory.yaml"]
        ).hosts
        atomic = folder / "atomics/T1204.002/T1204.002.yaml"
        atomic.parent.mkdir(parents=True)
        atomic.write_text(TECHNIQUE.format(guid=uuid.uuid4()))
        said = {
            "rounds": ROUNDS,
            "atomics_path": str(folder / "atomics"),
            "hosts": [host.address],
            "username": host.user,
            "ssh_port": host.port,
            "ssh_key_path": str(host.key_file),
        }
        done = subprocess.run(
            [python, "-c", DRIVER, json.dumps(said)],
            cwd=folder, capture_output=True, text=True, timeout=300,
            check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise SystemExit(f"peer: {done.stderr.strip()[-2000:]}")
        return float(done.stderr.split()[-1])
    finally:
        standin.shutdown(state, remove=True)


def installed(folder: Path) -> Path | None:
    """The Python of an environment that has the peer, or None where it cannot be had."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv/bin/python"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PEER]
    done = subprocess.run(pip, check=False, capture_output=True)
    return python if done.returncode == 0 else None


def main() -> int:
    """Measure both; exit 1 if the peer is the faster one."""
    folder = Path(tempfile.mkdtemp(prefix="wm-"))
    try:
        python = installed(folder)
        if python is None:
            print("peer      not to be had here: no package index")
            return 0
        theirs = peer_ms(folder, python)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    state = Path(tempfile.mkdtemp(prefix="wm-"))
    try:
        ours = case.measure(state)
    finally:
        standin.shutdown(state, remove=True)
        shutil.rmtree(state, ignore_errors=True)
    times = f"{theirs / ours:.1f} times our overhead"
    print(f"peer      {theirs:6.1f} ms for one test over SSH, {times}")
    return int(theirs < ours)


if __name__ == "__main__":
    sys.exit(main())
