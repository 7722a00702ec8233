"""Writes docs/sources.md from the decoders: ``python -m witnessmark.telemetry.describe``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from witnessmark.telemetry.format import COLUMNS, SECOND, Fill
from witnessmark.telemetry.kinds import every

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.telemetry.format import Format

_SIGNS: Final = {Fill.PRESENT: "yes", Fill.DERIVED: "derived", Fill.NEVER: "-"}
_INTRODUCTION: Final = """\
# Sources: what each kind of telemetry can tell

Made of the decoders themselves (`python -m witnessmark.telemetry.describe > docs/sources.md`); a
test holds it to them. [`witnessmark decode`](commands/decode.md) prints what a file says;
[`witnessmark detect --kind`](commands/detect.md) runs the analytic over it; an inventory's `kind`
names what a host's source is, and [its place](places.md) where that is got from. The
[unified log](unified-log.md) has a page of its own.

**yes**: the source's own records say it, where the event has it. **derived**: worked out from what
they say. **-**: no record of this source can say it. That is *unknown*, and never *no*: where an
answer would need it, the analytic says undetermined and the case is not assessed.

A source without a loss signal cannot show that nothing was lost: its records prove what they show,
but their absence proves nothing.
"""
_RULES: Final = """\
## Lines

Every line becomes an event or a notice (what a sensor says of itself, or of things that AN0994 has
no use for), or is counted as bad, blank or repeated. A bad line costs only itself; its reason is
one sentence. A line may be as long as memory allows. Each event keeps the file, the line and the
byte offset that it came from. Times without a zone are refused, never guessed; pids of zero or
less are no processes.
"""


def page() -> str:
    """The whole page."""
    forms = list(every())
    parts = (_INTRODUCTION, *_sources(forms), *_table(forms), _RULES, *_notes(forms))
    return "\n".join(parts)


def _sources(forms: list[Format]) -> Iterator[str]:
    yield "## Kinds\n"
    yield "| kind | what it is | times | what shows a loss |"
    yield "|---|---|---|---|"
    for form in forms:
        loss = "; ".join(form.LOSS_SIGNALS) or "nothing"
        yield f"| `{form.KIND}` | {form.TITLE} | {_resolution(form)} | {loss} |"
    yield ""


def _table(forms: list[Format]) -> Iterator[str]:
    yield "## Columns\n"
    yield "Kinds of events first, then fields; host, line, time, pid and path are always there.\n"
    yield f"| column | {' | '.join(form.KIND for form in forms)} |"
    yield f"|---{'|---' * len(forms)}|"
    for name in COLUMNS:
        yield f"| `{name}` | {' | '.join(_SIGNS[form.FILLS[name]] for form in forms)} |"
    yield ""


def _notes(forms: list[Format]) -> Iterator[str]:
    yield "## Notes\n"
    for form in forms:
        yield f"### {form.KIND}\n"
        yield (form.__doc__ or "").strip().replace("``", "`") + "\n"


def _resolution(form: Format) -> str:
    units = ((SECOND, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns"))
    size, unit = next(item for item in units if item[0] <= form.TIME_RESOLUTION)
    return f"{form.TIME_RESOLUTION // size} {unit}"


if __name__ == "__main__":
    print(page(), end="")
