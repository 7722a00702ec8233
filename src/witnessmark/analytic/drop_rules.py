"""Which rules tied an execution to a drop (B1-B4, B7), each in the words that a trace gives it."""

from __future__ import annotations

from posixpath import basename
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.analytic.executions import Found

MOVES = ("rename", "link", "clone", "copyfile")
_RUNS = {
    "image": "the image is the dropped file",
    "script": "the script is the dropped file",
    "operand": "the interpreter's script operand is the dropped file",
    "bundle": "the image is the dropped bundle's, through App Translocation",
    "volume": "what it runs lies on a volume",
    "package": "the installer runs it as a package's script",
}
_CONTAINED = {
    "volume": "the volume was mounted from the dropped image",
    "package": "the package that it belongs to was dropped",
}


def rules(found: Found) -> tuple[str, ...]:
    """The rule ids of an execution in the window."""
    return tuple(sorted({"B5", *(rule for rule, _ in told(found))}))


def clauses(found: Found) -> tuple[str, ...]:
    """The ways in which the rules held: how the content came, what ran it, and whether it moved."""
    ways = [f"B1 {found.drop.how}", f"B3 {found.how}"]
    moved = basename(found.drop.path).casefold() != basename(found.key).casefold()
    moved = moved and found.how in ("image", "script", "operand")
    return (*ways, "B2 moved") if moved else tuple(ways)


def told(found: Found) -> Iterator[tuple[str, str]]:
    """Each rule with the facts that it was met by."""
    drop = found.drop
    who = f"{drop.path} got its content by {drop.how} from {drop.writer.path}"
    yield "B1", f"{who} (pid {drop.writer.token.pid})"
    if drop.how in MOVES:
        yield "B2", f"the {drop.how} is the drop, not what came before it"
    guess = " (inferred from a wrapper's words)" if found.unwrapped else ""
    yield "B3", _RUNS[found.how] + guess
    if found.how == "bundle":
        yield "B4", "by its name" if found.inferred else "by its inode"
    if found.how in _CONTAINED:
        yield "B7", _CONTAINED[found.how] + (" (inferred)" if found.inferred else "")
