"""How long a scenario's script waits on purpose, read from its text, for the plan to tell."""

from __future__ import annotations

import re

_CALL = re.compile(r"(?m)^\s*wm_wait[ \t]+(\S.*?)\s*$")
_WINDOW = re.compile(r'"?\$\(\(\s*\$?\{?WM_WINDOW\}?\s*(?:([+-])\s*([0-9]{1,6}))?\s*\)\)"?')
_PLAIN = re.compile(r'"?\$\{?WM_WINDOW\}?"?')


def waits(script: str, window_s: int) -> tuple[float | None, ...]:
    """Seconds of each ``wm_wait`` in a script, in order; None for one that cannot be told."""
    return tuple(_seconds(found[1], window_s) for found in _CALL.finditer(script))


def _seconds(word: str, window_s: int) -> float | None:
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", word):
        return float(word)
    if _PLAIN.fullmatch(word):
        return float(window_s)
    found = _WINDOW.fullmatch(word)
    if found is None:
        return None
    more = int(found[2] or 0)
    return float(window_s - more if found[1] == "-" else window_s + more)
