"""A case's timeline as one inline SVG: a row per moment, and the same moments, the same bytes.

Horizontal places are percentages and letters keep their size, so that it can be read at any width.
Colours come from the page's stylesheet, since its policy allows no style of its own here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from witnessmark.model.verdicts import MomentKind
from witnessmark.report.plain import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from witnessmark.model.verdicts import Moment

ROW, LEFT, WIDTH = 18, 28.0, 70.0
"""Pixels per row; where the drawing begins and how wide it is, in percent."""
TURN = 62.0
"""Right of this, times are written to the left of their mark."""
SHORT = 0.5
"""Percent; a shorter line would hide behind its dot."""
MOST_ROWS = 40
FAR = (MomentKind.WINDOW, MomentKind.DEADLINE)
"""What may lie far behind all that happened; it must not squeeze the rest."""
SHAPES = {
    MomentKind.SETUP: "s",
    MomentKind.ATTACK: "a",
    MomentKind.CLEANUP: "s",
    MomentKind.WINDOW: "w",
    MomentKind.RECORD: "r",
    MomentKind.EXEC: "e",
    MomentKind.ALERT: "x",
    MomentKind.DEADLINE: "d",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """From nanoseconds to percent; what lies outside is drawn at the edge."""

    first: int
    last: int
    zero: int

    def place(self, moment: int) -> float:
        """Percent from the left edge."""
        part = (moment - self.first) / max(1, self.last - self.first)
        return LEFT + WIDTH * min(1.0, max(0.0, part))

    def told(self, moment: int) -> str:
        """Seconds from the beginning of the attack."""
        return f"{(moment - self.zero) / 1e9:+.3f} s"


def timeline(moments: Sequence[Moment]) -> Markup:
    """The drawing; empty if nothing is known to have happened."""
    if not moments:
        return Markup("")
    shown = moments[:MOST_ROWS]
    scale = _scale(shown)
    rows = Markup("").join(_row(item, number, scale) for number, item in enumerate(shown))
    left_out = len(moments) - len(shown)
    rest = Markup('<text y="{}">{} more</text>').format(len(shown) * ROW + 13, left_out)
    height = (len(shown) + bool(left_out)) * ROW
    return Markup(
        '<svg class="t" role="img" aria-label="{}" width="100%" height="{}">{}{}</svg>'
    ).format(f"timeline of {len(moments)} moments", height, rows, rest if left_out else "")


def _scale(moments: Sequence[Moment]) -> Scale:
    near = [item for item in moments if item.kind not in FAR] or list(moments)
    first = min(_ends(item)[0] for item in near)
    last = max(_ends(item)[1] for item in near)
    for item in moments:
        end = _ends(item)[1]
        if item.kind in FAR and end - first <= 2 * (last - first):
            last = max(last, end)
    attack = [item.start_ns for item in near if item.kind is MomentKind.ATTACK]
    return Scale(first=first, last=last, zero=attack[0] if attack else first)


def _ends(item: Moment) -> tuple[int, int]:
    end = item.start_ns if item.end_ns is None else item.end_ns
    return min(item.start_ns, end), max(item.start_ns, end)


def _row(item: Moment, number: int, scale: Scale) -> Markup:
    """Mark, label and time of one moment; the text lies over the mark."""
    top = number * ROW
    start, end = (scale.place(moment) for moment in _ends(item))
    place, turned = _beside(start, end)
    return Markup('{}<text y="{}">{}<tspan{} x="{:.1f}%">{}</tspan></text>').format(
        _mark(item, top, start, end),
        top + 13,
        visible(item.label),
        Markup(' class="z"') if turned else "",
        place,
        _time(item, scale),
    )


def _mark(item: Moment, top: int, start: float, end: float) -> Markup:
    shape = SHAPES[item.kind]
    if item.kind in (MomentKind.RECORD, MomentKind.EXEC):
        dot = Markup('<circle class="{}" cx="{:.1f}%" cy="{}"/>').format(shape, start, top + 9)
        if end - start < SHORT:
            return dot
        return dot + Markup('<rect class="l" x="{:.1f}%" y="{}" width="{:.1f}%"/>').format(
            start, top + 15, end - start
        )
    return Markup('<rect class="{}" x="{:.1f}%" y="{}" width="{:.1f}%"/>').format(
        shape, start, top + 4, max(end - start, 0.4)
    )


def _time(item: Moment, scale: Scale) -> str:
    text = scale.told(item.start_ns)
    if item.end_ns is not None:
        received = item.kind in (MomentKind.RECORD, MomentKind.EXEC)
        text += (", received " if received else " to ") + scale.told(item.end_ns)
    if _ends(item)[1] > scale.last:
        text += " \N{RIGHTWARDS ARROW}"
    return text


def _beside(start: float, end: float) -> tuple[float, bool]:
    """Where a time stands: behind its mark, before it (turned), or on it if it fills the row."""
    if end < TURN:
        return end + 1.5, False
    return (start - 1.5, True) if start > TURN - 2 else (start + 1.5, False)
