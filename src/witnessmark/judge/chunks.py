"""Holds what was collected by a command against the receipts of its chunks."""

from __future__ import annotations

import hashlib

import msgspec


class _Receipt(msgspec.Struct):
    at: int
    size: int
    sha256: str


_RECEIPT = msgspec.json.Decoder(_Receipt)


def disagreement(raw: bytes, receipts: bytes) -> str | None:
    """In what bytes and receipts contradict each other, in words; None if they agree.

    What lies between two chunks, or after the last, was received by nobody.
    """
    at = 0
    for number, line in enumerate(receipts.splitlines(), start=1):
        try:
            told = _RECEIPT.decode(line)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return f"receipt {number} of its chunks cannot be read"
        if told.at != at or told.size < 0:
            return f"receipt {number} of its chunks is not of the bytes that follow the one before"
        at = told.at + told.size
        if hashlib.sha256(raw[told.at : at]).hexdigest() != told.sha256:
            return f"chunk {number} is not as it was received"
    if raw[at:]:
        return f"its last {len(raw) - at} bytes have no receipt"
    return None
