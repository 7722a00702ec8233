"""How long report.html takes for a thousand cases, and how large it is.

The time is also given as a ratio to writing verdicts.json of the same verdicts in the same run. The
cases are one small example repeated, with everything that a failing case can say.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from witnessmark.judge import examples
from witnessmark.judge.run import judge_case, validators
from witnessmark.model.verdicts import RunVerdict
from witnessmark.report import html, verdicts_json

if TYPE_CHECKING:
    from collections.abc import Callable

CASES, HOSTS, ROUNDS = 1000, 20, 3
BAR_S, BAR_BYTES = 3.0, 4 * 1024 * 1024
LONG = "20261124t042002z-1f0c9a"


def verdicts() -> RunVerdict:
    """A thousand cases on twenty hosts, one in ten blind, with paths as long as real ones."""
    good, blind = (
        judge_case(examples.drop_exec(**changes), validators())
        for changes in ({}, {"without": "exec"})
    )
    cases = []
    for number in range(CASES):
        host = f"mac{number % HOSTS}"
        base = good if number % 10 else blind
        said = tuple(
            replace(item, message=item.message.replace("/example/", f"/{LONG}/"))
            for item in base.findings
        )
        name = f"p11-quarantined-download.v{number // HOSTS}:{host}"
        cases.append(replace(base, id=name, host=host, findings=said))
    return RunVerdict(
        run_id=LONG,
        origin="stand-in",
        started="2026-11-24T04:20:02Z",
        finished="2026-11-24T04:20:12Z",
        as_of="2026-11-24T04:20:12Z",
        tool="witnessmark benchmark",
        bag_sha256="0" * 64,
        cases=tuple(cases),
        controls=(),
        hosts=tuple({"name": f"mac{number}", "facts": {}} for number in range(HOSTS)),
        sources=({"name": "eslogger", "kind": "eslogger", "role": "organisation"},),
    )


def best(render: Callable[[RunVerdict], str], run: RunVerdict) -> tuple[float, int]:
    """The least of some rounds in seconds, and the bytes that came out."""
    seconds, size = [], 0
    for _ in range(ROUNDS):
        started = time.perf_counter()
        size = len(render(run).encode())
        seconds.append(time.perf_counter() - started)
    return min(seconds), size


def main() -> int:
    """Print the table; exit 1 if a bar is missed."""
    run = verdicts()
    json_s, json_bytes = best(verdicts_json.render, run)
    html_s, html_bytes = best(html.render, run)
    print(
        f"verdicts.json  {json_s:6.3f} s  {json_bytes / 1e6:5.2f} MB   {CASES} cases, {HOSTS} hosts"
    )
    ratio = html_s / json_s
    print(
        f"report.html    {html_s:6.3f} s  {html_bytes / 1e6:5.2f} MB   {ratio:.1f}x the JSON"
        f" (bars {BAR_S:g} s, {BAR_BYTES / 1e6:.1f} MB)"
    )
    return int(html_s > BAR_S or html_bytes > BAR_BYTES)


if __name__ == "__main__":
    sys.exit(main())
