"""Every measurement, one after the other: ``make bench`` (or one by name: ``run.py recorder``)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NO_BENCHMARKS = ("run", "generate")


def main() -> int:
    """Run the named benchmarks, or all; the exit status says whether every bar was met."""
    found = sorted(item.stem for item in HERE.glob("*.py") if item.stem not in NO_BENCHMARKS)
    names = sys.argv[1:] or found
    status = 0
    for name in names:
        print(f"== {name}", flush=True)
        status |= subprocess.run([sys.executable, HERE / f"{name}.py"], check=False).returncode
    return status


if __name__ == "__main__":
    sys.exit(main())
