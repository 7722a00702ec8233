"""Bytes that contradict the receipts of their chunks are not what the host said."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from witnessmark.judge.chunks import disagreement

RAW = b"one\ntwo\nthree\n"


def receipt(at: int, size: int, **given: Any) -> bytes:
    digest = hashlib.sha256(RAW[at : at + size]).hexdigest()
    row = {"at": at, "size": size, "sha256": digest, "received_ns": 1, **given}
    return json.dumps(row).encode() + b"\n"


WHOLE = receipt(0, 4) + receipt(4, 10)


def test_bytes_and_receipts_agree() -> None:
    assert disagreement(RAW, WHOLE) is None
    assert disagreement(b"", b"") is None


@pytest.mark.parametrize(
    ("raw", "receipts", "why"),
    [
        (RAW.replace(b"two", b"TWO"), WHOLE, "chunk 2 is not as it was received"),
        (RAW[:-2], WHOLE, "chunk 2 is not as it was received"),
        (RAW + b"more\n", WHOLE, "its last 5 bytes have no receipt"),
        (RAW, receipt(0, 4), "its last 10 bytes have no receipt"),
        (RAW, receipt(4, 10), "receipt 1 of its chunks is not of the bytes that follow"),
        (RAW, receipt(0, 4) + receipt(0, 4), "receipt 2 of its chunks is not of the bytes"),
        (RAW, receipt(0, -4), "receipt 1 of its chunks is not of the bytes"),
        (RAW, b"{}\n", "receipt 1 of its chunks cannot be read"),
        (RAW, b"\xff\n", "receipt 1 of its chunks cannot be read"),
        (RAW, b"", "its last 14 bytes have no receipt"),
    ],
)
def test_each_contradiction_is_named(raw: bytes, receipts: bytes, why: str) -> None:
    assert (disagreement(raw, receipts) or "").startswith(why)
