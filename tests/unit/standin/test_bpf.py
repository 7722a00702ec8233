"""The seccomp filter, run by a small interpreter of classic BPF: no kernel needed."""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from witnessmark.standin import bpf
from witnessmark.standin.syscalls import ARCHITECTURES, CALLS, ROOM, Architecture, Op

if TYPE_CHECKING:
    from collections.abc import Iterator

X86_64, AARCH64 = ARCHITECTURES["x86_64"], ARCHITECTURES["aarch64"]
I386 = 0x40000003
DENIED = 0x00050000 | errno.ENOSYS


def verdict(
    arch: Architecture, number: int, *args: int, audit: int | None = None, room: bool = False
) -> int:
    """What the filter answers to a call."""
    data = struct.pack("=iIQ", number, audit or arch.audit, 0)
    data += struct.pack("=6Q", *args, *[0] * (6 - len(args)))
    code = list(struct.iter_unpack("=HBBI", bpf.program(arch, room=room)))
    register, at = 0, 0
    while True:
        opcode, jump_true, jump_false, operand = code[at]
        at += 1
        match opcode:
            case 0x20:
                (register,) = struct.unpack_from("=I", data, operand)
            case 0x15:
                at += jump_true if register == operand else jump_false
            case 0x35:
                at += jump_true if register >= operand else jump_false
            case 0x45:
                at += jump_true if register & operand else jump_false
            case 0x06:
                return int(operand)
            case _:
                raise AssertionError(hex(opcode))


def trapped(arch: Architecture, name: str, *args: int) -> bool:
    answer = verdict(arch, arch.numbers[name], *args)
    if answer == bpf.ALLOW:
        return False
    assert CALLS[answer - bpf.TRACE].name == name
    return True


@pytest.mark.parametrize("arch", [X86_64, AARCH64])
def test_reading_is_never_trapped(arch: Architecture) -> None:
    assert not trapped(arch, "openat", 0, 0, os.O_RDONLY | 0o2000000)
    for flag in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC):
        assert trapped(arch, "openat", 0, 0, flag)
    assert trapped(arch, "openat2")
    assert verdict(arch, 63) == bpf.ALLOW  # uname or read: nothing of ours


def test_the_old_opens_of_x86_64() -> None:
    assert not trapped(X86_64, "open", 0, os.O_RDONLY)
    assert trapped(X86_64, "open", 0, os.O_WRONLY)
    assert trapped(X86_64, "creat")


@pytest.mark.parametrize("arch", [X86_64, AARCH64])
def test_only_shared_writable_file_mappings_are_trapped(arch: Architecture) -> None:
    shared, private, anonymous, read, write = 1, 2, 0x20, 1, 2
    assert trapped(arch, "mmap", 0, 0, read | write, shared, 3)
    assert not trapped(arch, "mmap", 0, 0, read, shared, 3)
    assert not trapped(arch, "mmap", 0, 0, read | write, private, 3)
    assert not trapped(arch, "mmap", 0, 0, read | write, shared | anonymous)


@pytest.mark.parametrize("arch", [X86_64, AARCH64])
def test_every_other_call_of_the_table_is_trapped_by_its_own_entry(arch: Architecture) -> None:
    for call in CALLS:
        if call.name in arch.numbers and not call.only_writes and call.op is not Op.MAP:
            assert trapped(arch, call.name), call


@pytest.mark.parametrize("arch", [X86_64, AARCH64])
def test_nothing_slips_through_by_another_door(arch: Architecture) -> None:
    other = I386 if arch is X86_64 else X86_64.audit
    assert verdict(arch, 5, audit=other) == DENIED  # i386's open
    assert verdict(arch, arch.numbers["io_uring_setup"]) == DENIED


@pytest.mark.parametrize("arch", [X86_64, AARCH64])
def test_writes_are_trapped_only_where_a_disk_is_to_be_full(arch: Architecture) -> None:
    for place, call in enumerate(ROOM, start=len(CALLS)):
        number = arch.numbers[call.name]
        assert verdict(arch, number) == bpf.ALLOW
        assert verdict(arch, number, room=True) == bpf.TRACE | place


def test_x32_is_refused() -> None:
    assert verdict(X86_64, 0x40000000 | X86_64.numbers["openat"], 0, 0, os.O_WRONLY) == DENIED
    assert verdict(X86_64, 0x3FFFFFFF) == bpf.ALLOW


def test_both_tables_cover_every_operation() -> None:
    for arch in ARCHITECTURES.values():
        known = {call.op for call in (*CALLS, *ROOM) if call.name in arch.numbers}
        assert known == set(Op)
        assert len(set(arch.numbers.values())) == len(arch.numbers)
        assert arch.numbers.keys() - {"io_uring_setup"} <= {call.name for call in (*CALLS, *ROOM)}


def _headers() -> Iterator[tuple[str, Path]]:
    for name, file in (("x86_64", "asm/unistd_64.h"), ("aarch64", "asm-generic/unistd.h")):
        for folder in (Path("/usr/include"), Path("/usr/include/x86_64-linux-gnu")):
            if (folder / file).exists():
                yield name, folder / file


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_numbers_are_the_kernel_s_own(name: str) -> None:
    header = dict(_headers()).get(name)
    if header is None:
        pytest.skip("this machine has no kernel headers for it")
    lines = (line.split() for line in header.read_text().splitlines())
    defined = {
        line[1].removeprefix("__NR_").removeprefix("3264_"): int(line[2])
        for line in lines
        if len(line) == 3 and line[0] == "#define" and line[2].isdigit()
    }
    known = {call: n for call, n in ARCHITECTURES[name].numbers.items() if call in defined}
    assert known == {call: defined[call] for call in known}
    assert len(known) > 20
