"""The seccomp filter that stops a host's processes at the calls in `syscalls.CALLS`, no others.

Classic BPF as seccomp(2) takes it: ``struct sock_filter {u16 code; u8 jt, jf; u32 k}``. A stopped
call carries its position in `CALLS` as SECCOMP_RET_DATA. Nothing can slip through unrecorded:
calls of another ABI (i386, x32) and io_uring, whose requests bypass system calls, answer ENOSYS.
"""

from __future__ import annotations

import errno
import struct

from .syscalls import CALLS, O_WRITES, ROOM, Architecture, Call, Op

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _ARGS = 0, 4, 16

ALLOW = 0x7FFF0000
TRACE = 0x7FF00000
DENY = 0x00050000 | errno.ENOSYS

_MAP_SHARED, _MAP_ANONYMOUS, _PROT_WRITE = 0x1, 0x20, 0x2

Instruction = tuple[int, int, int, int]


def program(arch: Architecture, *, room: bool = False) -> bytes:
    """The whole filter for one architecture, ready for SECCOMP_SET_MODE_FILTER.

    With ``room`` it also stops what takes room on a disk (`syscalls.ROOM`).
    """
    code: list[Instruction] = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, arch.audit),
        (_RETURN, 0, 0, DENY),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if arch.foreign_bit:
        code += [(_AT_LEAST, 0, 1, arch.foreign_bit), (_RETURN, 0, 0, DENY)]
    code += _when(arch.numbers["io_uring_setup"], [(_RETURN, 0, 0, DENY)])
    for position, call in enumerate((*CALLS, *(ROOM if room else ()))):
        number = arch.numbers.get(call.name)
        if number is not None:
            code += _when(number, _verdict(call, TRACE | position))
    code.append((_RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _when(number: int, block: list[Instruction]) -> list[Instruction]:
    return [(_EQUAL, 0, len(block), number), *block]


def _verdict(call: Call, trace: int) -> list[Instruction]:
    if call.only_writes and call.flags is not None:
        return [
            (_LOAD, 0, 0, _low_word(call.flags)),
            (_ANY_BIT, 0, 1, O_WRITES),
            (_RETURN, 0, 0, trace),
            (_RETURN, 0, 0, ALLOW),
        ]
    if call.op is Op.MAP and call.flags is not None and call.value is not None:
        return [  # only a file mapped shared and writable can change without a write(2)
            (_LOAD, 0, 0, _low_word(call.flags)),
            (_ANY_BIT, 4, 0, _MAP_ANONYMOUS),
            (_ANY_BIT, 0, 3, _MAP_SHARED),
            (_LOAD, 0, 0, _low_word(call.value)),
            (_ANY_BIT, 0, 1, _PROT_WRITE),
            (_RETURN, 0, 0, trace),
            (_RETURN, 0, 0, ALLOW),
        ]
    return [(_RETURN, 0, 0, trace)]


def _low_word(argument: int) -> int:
    return _ARGS + 8 * argument  # little endian, as both architectures are
