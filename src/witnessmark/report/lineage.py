"""The lineage of an explained exec as a tree of processes, spawn-time parents first (A1, A6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.analytic.explanation import Explanation
    from witnessmark.analytic.trace import Account
    from witnessmark.model.events import Process


@dataclass(slots=True, eq=False)
class Node:
    """A process: the programs that it ran in turn, and what it spawned."""

    pid: int
    programs: list[str] = field(default_factory=list)
    children: dict[int, Node] = field(default_factory=dict)


def tree(item: Explanation) -> Iterator[str]:
    """Lines of the tree around one exec; nothing if the record is no exec."""
    roots = Node(0)
    for account in item.kin:
        if account.image is not None:
            _place(roots, account, here=account is item.account)
    if roots.children:
        yield "lineage, by spawn-time parents"
        yield from _lines(roots, "  ")


def forest(item: Explanation) -> dict[str, object]:
    """The same as plain data: pid, programs, children."""
    roots = Node(0)
    for account in item.kin:
        if account.image is not None:
            _place(roots, account, here=account is item.account)
    return {"processes": [_data(node) for node in roots.children.values()]}


def _place(roots: Node, account: Account, *, here: bool) -> None:
    image = account.image
    assert image is not None
    node = roots
    for process in _chain(account):
        node = node.children.setdefault(process.token.pid, Node(process.token.pid))
        if not node.programs:
            node.programs.append(process.path)
    node = node.children.setdefault(image.process.token.pid, Node(image.process.token.pid))
    text = image.process.path + (f" {account.script}" if account.script else "")
    text += "  <- this record" if here else ""
    if node.programs and node.programs[-1] == image.process.path:
        node.programs[-1] = text
    else:
        node.programs.append(text)


def _chain(account: Account) -> list[Process]:
    """The ancestors, from the top; of a browser-spawned process from the browser's parent on."""
    assert account.image is not None
    chain = list(reversed(account.image.task.ancestry))
    found = account.image.task.candidate
    if found is None or found.browser is None:
        return chain
    pids = [process.token.pid for process in chain]
    if found.browser.token.pid in pids:
        return chain[pids.index(found.browser.token.pid) :]
    return [found.browser, *chain]


def _lines(node: Node, indent: str) -> Iterator[str]:
    for child in node.children.values():
        first, *others = child.programs
        yield f"{indent}{first} (pid {child.pid})"
        yield from (f"{indent}  then {text}" for text in others)
        yield from _lines(child, indent + "  ")


def _data(node: Node) -> dict[str, object]:
    return {
        "pid": node.pid,
        "programs": node.programs,
        "children": [_data(child) for child in node.children.values()],
    }
