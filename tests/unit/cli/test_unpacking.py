"""Packed files are read like plain ones; what cannot be read of one is counted and told."""

from __future__ import annotations

import builtins
import gzip
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from backports import zstd
from click.testing import CliRunner

from witnessmark.cli import unpacking
from witnessmark.cli.detect import command
from witnessmark.cli.unpacking import BROKEN, CUT, PIECE, packing, unpacked
from witnessmark.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

PACK = {"gzip": gzip.compress, "zstd": zstd.compress}
TEXT = random.Random(1).randbytes(3 * PIECE) + b"a" * (3 * PIECE)


def run(path: Path | str, stdin: bytes | None = None) -> tuple[int, list[Any], str]:
    done = CliRunner().invoke(command, [str(path), "--host", "mac"], input=stdin)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def pieces(data: bytes, size: int) -> Any:
    return (data[place : place + size] for place in range(0, len(data), size))


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("size", [1_000, 1 << 20])
def test_what_was_packed_comes_out_in_small_pieces(kind: str, size: int) -> None:
    packed = PACK[kind](TEXT) + PACK[kind](b"") + PACK[kind](b"end")
    assert packing(packed) == kind
    told: list[str] = []
    out = list(unpacked(pieces(packed, size), told.append))
    assert b"".join(out) == TEXT + b"end"
    assert max(map(len, out)) <= PIECE
    assert not told


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize(("harm", "said"), [("cut", CUT), ("junk", BROKEN)])
def test_what_cannot_be_unpacked_is_told_after_the_rest(kind: str, harm: str, said: str) -> None:
    packed = PACK[kind](TEXT)
    harmed = {"cut": packed[: len(packed) // 2], "junk": packed + b"junk behind the end"}[harm]
    told: list[str] = []
    out = b"".join(unpacked(pieces(harmed, 5_000), told.append))
    assert told == [said]
    assert TEXT.startswith(out)
    assert len(out) > len(TEXT) / 8


def test_what_is_not_packed_stays_as_it_is() -> None:
    assert packing(b"{}") is None
    for data in (b"", b"x", b"{}\n" * 99):
        assert b"".join(unpacked(pieces(data, 7), pytest.fail)) == data


def test_padding_behind_the_end_is_none_of_it() -> None:
    packed = gzip.compress(b"x") + bytes(512)
    assert b"".join(unpacked(iter([packed]), pytest.fail)) == b"x"


@pytest.mark.parametrize("size", [7, 100, 1 << 20])
def test_what_lies_behind_padding_is_read_or_told(size: int) -> None:
    begun = gzip.compress(b"x") + bytes(512)
    more = begun + gzip.compress(b"y") + bytes(512)
    assert b"".join(unpacked(pieces(more, size), pytest.fail)) == b"xy"
    told: list[str] = []
    assert b"".join(unpacked(pieces(begun + b"junk behind it", size), told.append)) == b"x"
    assert told == [BROKEN]


def test_the_name_of_a_damaged_file_cannot_act_on_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b]0;x\x07.gz"
    path.write_bytes(gzip.compress(b"{}" * 999)[:-9])
    done = CliRunner().invoke(command, [str(path)], color=True)
    assert CUT in done.stderr
    assert not set("\x1b\x07") & set(done.stderr)


@pytest.mark.parametrize("kind", PACK)
def test_detect_reads_a_packed_file_and_counts_what_is_cut_off(
    kind: str, tmp_path: Path, drop_and_run: Any
) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.write_bytes(drop_and_run())
    packed.write_bytes(PACK[kind](drop_and_run()))
    code, lines, _ = run(plain)
    assert code == 1
    assert run(packed)[:2] == (1, lines)
    assert run("-", stdin=packed.read_bytes())[:2] == (1, lines)
    more = b"\n" + random.Random(2).randbytes(400_000).hex().encode()
    packed.write_bytes(PACK[kind](drop_and_run() + more)[:-9])
    code, (*_, summary), told = run(packed)
    assert (code, summary["bad_lines"]) == (1, 2), "the long line, and that the rest is missing"
    assert told == f"witnessmark: {packed}: {CUT}\n"


def test_without_the_module_zstd_is_refused_with_the_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def none(name: str, *args: Any) -> Any:
        if name in ("compression", "backports"):
            raise ImportError(name)
        return real(name, *args)

    path = tmp_path / "a.zst"
    path.write_bytes(zstd.compress(b"{}"))
    monkeypatch.setattr(builtins, "__import__", none)
    with pytest.raises(UsageError, match=r"\.\[zstd\]"):
        unpacking.zstd()
    with pytest.raises(UsageError, match="zstd -dc FILE"):
        run(path)
