"""launchctl(1) of a stand-in host: ``submit``, ``remove``, ``list`` and ``print`` of such jobs.

The host's init really starts a submitted job, as its own child, and again whenever it has ended,
at most every ten seconds, until it is removed. Jobs from property lists, domains other than the
user's and all other verbs are refused.
"""

from __future__ import annotations

import os

from .host import Stop, complain
from .launchd import ask


def main(arguments: list[str], root: str) -> int:
    try:
        match arguments:
            case ["submit", "-l", label, "--", program, *rest] if label:
                program = found(program)
                ask({"submit": label, "argv": [program, *rest]}, root, label)
            case ["remove", label]:
                ask({"remove": label}, root, label)
            case ["list"]:
                print("\n".join(["PID\tStatus\tLabel", *map(row, jobs(root))]))
            case ["list", label]:
                print(listed(job(label, root)))
            case ["print", target]:
                print(printed(target, job(labelled(target), root)))
            case _:
                raise Stop(
                    "the stand-in's launchctl knows only submit -l LABEL -- PROGRAM ..., "
                    "remove LABEL, list [LABEL] and print user/UID/LABEL"
                )
    except Stop as stop:
        return complain("launchctl", stop)
    return 0


def found(program: str) -> str:
    """A program's path: launchd looks for a bare name on its own search path."""
    if "/" in program:
        return program
    for folder in os.get_exec_path():
        path = f"{folder}/{program}"
        if os.access(path, os.X_OK):
            return path
    raise Stop(f"{program}: No such file or directory")


def jobs(root: str) -> list[dict[str, object]]:
    told = ask({"list": True}, root, "list")["jobs"]
    assert isinstance(told, list)
    return told


def job(label: str, root: str) -> dict[str, object]:
    for item in jobs(root):
        if item["label"] == label:
            return item
    raise Stop(f'Could not find service "{label}" in domain for user', 113)


def labelled(target: str) -> str:
    domain, _, rest = target.partition("/")
    uid, _, label = rest.partition("/")
    if domain != "user" or uid != str(os.getuid()) or not label:
        raise Stop(
            f"a stand-in has no domain but user/{os.getuid()}: nobody is logged in at a screen"
        )
    return label


def row(item: dict[str, object]) -> str:
    pid, status = item["pid"], item["status"]
    return f"{'-' if pid is None else pid}\t{0 if status is None else status}\t{item['label']}"


def listed(item: dict[str, object]) -> str:
    argv = item["argv"]
    assert isinstance(argv, list)
    rows = [f'\t"Label" = "{item["label"]}";']
    if item["status"] is not None:
        rows.append(f'\t"LastExitStatus" = {item["status"]};')
    if item["pid"] is not None:
        rows.append(f'\t"PID" = {item["pid"]};')
    rows.append(f'\t"Program" = "{argv[0]}";')
    words = [f'\t\t"{word}";' for word in argv]
    return "\n".join(["{", *rows, '\t"ProgramArguments" = (', *words, "\t);", "};"])


def printed(target: str, item: dict[str, object]) -> str:
    argv = item["argv"]
    assert isinstance(argv, list)
    rows = [f"\tstate = {'running' if item['pid'] is not None else 'not running'}"]
    rows += [f"\tprogram = {argv[0]}", "\targuments = {", *(f"\t\t{word}" for word in argv), "\t}"]
    if item["pid"] is not None:
        rows.append(f"\tpid = {item['pid']}")
    ended = "(never exited)" if item["status"] is None else item["status"]
    return "\n".join([f"{target} = {{", *rows, f"\tlast exit code = {ended}", "}"])
