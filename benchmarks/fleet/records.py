"""Writes eslogger records as macOS does: full tokens and stats, escaped slashes, any key order.

Foundation's encoder keeps no order of keys, so each object is written in one of several orders.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from random import Random
from typing import Final

ORDERS: Final = 6
SIGNED: Final = 0x20012301
PLATFORM: Final = 0x26012301
AD_HOC: Final = 0x20000002
NUMBERS: Final = {
    "exec": 9, "fork": 11, "close": 12, "create": 13, "exit": 15, "rename": 25, "unlink": 32,
    "setextattr": 62,
}  # fmt: skip


@dataclass(frozen=True)
class Image:
    """A program: where it lies and who signed it."""

    path: str
    signing_id: str
    team: str | None = None
    flags: int = SIGNED
    platform: bool = False


@dataclass
class File:
    """A file with what stays the same when it moves."""

    path: str
    ino: int
    birth_ns: int
    size: int = 4096


@dataclass
class Proc:
    """A process, with its present image written out."""

    pid: int
    version: int
    image: Image
    parent: Proc | None
    parent_token: str
    start_ns: int
    uid: int
    responsible: str = ""
    """Another's token as JSON; empty: its own."""
    file: File | None = None
    token: str = ""
    texts: dict[int, str] = field(default_factory=dict)
    """The image as written so far, by the order of its keys."""


def quoted(text: str) -> str:
    """A JSON string in Foundation's spelling."""
    return json.dumps(text, ensure_ascii=False).replace("/", "\\/")


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def time_text(time_ns: int) -> str:
    """RFC 3339 with nine digits."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return f"{_second(seconds)}.{rest:09}Z"


def _orders(pairs: dict[str, str], seed: str) -> list[str]:
    """The same object in several orders, as %-templates."""
    rng = Random(seed)
    found = []
    for _ in range(ORDERS):
        items = [f'"{key}":{value}' for key, value in pairs.items()]
        rng.shuffle(items)
        found.append("{" + ",".join(items) + "}")
    return found


_STAT = _orders(
    {
        "st_dev": "16777231", "st_ino": "%(ino)d", "st_mode": "%(mode)d", "st_nlink": "1",
        "st_uid": "%(uid)d", "st_gid": "20", "st_rdev": "0", "st_size": "%(size)d",
        "st_blocks": "8", "st_blksize": "4096", "st_flags": "0", "st_gen": "0",
        "st_atimespec": '"%(birth)s"', "st_mtimespec": '"%(birth)s"',
        "st_ctimespec": '"%(birth)s"', "st_birthtimespec": '"%(birth)s"',
    },
    "stat",
)  # fmt: skip
_FILE = _orders({"path": "%(path)s", "path_truncated": "false", "stat": "%(stat)s"}, "file")
_PROC = _orders(
    {
        "audit_token": "%(token)s", "parent_audit_token": "%(parent)s",
        "responsible_audit_token": "%(responsible)s", "ppid": "%(ppid)d",
        "original_ppid": "%(ppid)d", "group_id": "%(pid)d", "session_id": "1",
        "executable": "%(file)s", "start_time": '"%(start)s"', "signing_id": "%(signing_id)s",
        "team_id": "%(team)s", "cdhash": '"%(cdhash)s"', "codesigning_flags": "%(flags)d",
        "is_platform_binary": "%(platform)s", "is_es_client": "false", "tty": "null",
    },
    "process",
)  # fmt: skip
_RECORD = _orders(
    {
        "schema_version": "1", "version": "%(version)d", "time": '"%(time)s"',
        "mach_time": "%(mach)d", "event_type": "%(number)d", "action_type": "1",
        "action": '{"result":{"result":{"flags":0},"result_type":0}}', "seq_num": "%(seq)d",
        "global_seq_num": "%(all)d", "thread": '{"thread_id":%(thread)d}',
        "process": "%(process)s", "event": '{"%(kind)s":%(body)s}',
    },
    "record",
)  # fmt: skip
EXEC: Final = _orders(
    {
        "target": "%(target)s", "args": "%(args)s", "env": "%(env)s", "script": "%(script)s",
        "cwd": "%(cwd)s", "dyld_exec_path": "%(dyld)s", "image_cputype": "16777228",
        "image_cpusubtype": "2", "last_fd": "2",
        "fds": '[{"fd":0,"fdtype":1},{"fd":1,"fdtype":1},{"fd":2,"fdtype":1}]',
    },
    "exec",
)  # fmt: skip


def token(pid: int, version: int, uid: int, *, arrays: bool) -> str:
    """An audit token: an object, or on early macOS 26 an array."""
    if arrays:
        return f"[{uid},{uid},20,{uid},20,{pid},100001,{version}]"
    return (
        f'{{"pid":{pid},"pidversion":{version},"euid":{uid},"ruid":{uid},"auid":{uid},'
        '"egid":20,"rgid":20,"asid":100001}'
    )


def file_text(file: File, uid: int, mode: int = 33188, order: int = 0) -> str:
    """``es_file_t``."""
    order += file.ino
    said = {"ino": file.ino, "size": file.size, "uid": uid, "mode": mode}
    stat = _STAT[order % ORDERS] % (said | {"birth": time_text(file.birth_ns)})
    return _FILE[order // ORDERS % ORDERS] % {"path": quoted(file.path), "stat": stat}


def destination(file: File, new: bool, inner: str, outer: str) -> str:
    """A destination in either of its shapes, with what its event says beside and inside."""
    if not new:
        text = file_text(file, 501)
        return f'{{{outer}"destination_type":0,"destination":{{"existing_file":{text}}}}}'
    folder, _, name = file.path.rpartition("/")
    text = file_text(File(folder, hash_of(folder) % 1_000_000, file.birth_ns), 501, 16877)
    path = f'{{"dir":{text},"filename":{quoted(name)}{inner}}}'
    return f'{{{outer}"destination_type":1,"destination":{{"new_path":{path}}}}}'


def process_text(proc: Proc, file: File, parent_pid: int, order: int) -> str:
    """``es_process_t``."""
    image = proc.image
    return _PROC[order % ORDERS] % {
        "token": proc.token, "parent": proc.parent_token,
        "responsible": proc.responsible or proc.token, "ppid": parent_pid, "pid": proc.pid,
        "file": file_text(file, 0, 33261, order // ORDERS), "start": time_text(proc.start_ns),
        "signing_id": quoted(image.signing_id), "flags": image.flags,
        "team": "null" if image.team is None else quoted(image.team),
        "cdhash": f"{hash_of(image.path):040X}", "platform": "true" if image.platform else "false",
    }  # fmt: skip


@lru_cache(maxsize=4096)
def hash_of(text: str) -> int:
    """A number of 160 bits that stays the same from run to run."""
    return Random(text).getrandbits(160)


def record(
    kind: str, *, version: int, time_ns: int, seq: int, number: int, process: str, body: str
) -> bytes:
    """One line."""
    return (
        _RECORD[number % ORDERS]
        % {
            "version": version, "time": time_text(time_ns), "mach": time_ns // 42,
            "number": NUMBERS[kind], "seq": seq, "all": number, "thread": 400_000 + number % 997,
            "process": process, "kind": kind, "body": body,
        }
    ).encode() + b"\n"  # fmt: skip
