"""Makes attacker-shaped text safe to show: control characters become visible, never active."""

from __future__ import annotations

import unicodedata


def visible(text: str) -> str:
    """The text with every control, format and surrogate character written as ``\\xNN``/``\\uNNNN``.

    Terminal escapes, bidirectional overrides and line breaks in telemetry thus stay inert, and so
    does ``##[``, which a GitHub runner obeys wherever it stands in a job's output.
    """
    if not text.isprintable():
        text = "".join(_shown(char) for char in text)
    return text.replace("##[", "#\\x23[")


def _shown(char: str) -> str:
    if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        code = ord(char)
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    return char
