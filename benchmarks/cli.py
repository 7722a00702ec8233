"""How long a newcomer waits: ``--help`` and the whole demo, as whole processes.

Ratios are taken against starting the same Python with nothing to do, in the same run.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time

HELP_BAR_S, DEMO_BAR_S = 0.2, 15.0
ROUNDS = 7


def timed(argv: list[str], cwd: str) -> float:
    """Wall seconds of one whole process."""
    started = time.perf_counter()
    subprocess.run(argv, cwd=cwd, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> int:
    """Print the table; exit 1 if a bar is missed."""
    with tempfile.TemporaryDirectory() as folder:
        bare = [sys.executable, "-c", "pass"]
        tool = [sys.executable, "-m", "witnessmark"]
        timed(bare, folder), timed([*tool, "--help"], folder)
        pairs = [(timed([*tool, "--help"], folder), timed(bare, folder)) for _ in range(ROUNDS)]
        helps = statistics.median(pair[0] for pair in pairs)
        ratio = statistics.median(pair[0] / pair[1] for pair in pairs)
        demo = min(timed([*tool, "demo", "--quiet"], folder) for _ in range(2))
    print(f"--help   median {helps:.3f} s (bar {HELP_BAR_S} s), {ratio:.1f}x an empty Python")
    print(f"demo     best of 2 {demo:.1f} s (bar {DEMO_BAR_S} s)")
    return int(helps > HELP_BAR_S or demo > DEMO_BAR_S)


if __name__ == "__main__":
    sys.exit(main())
