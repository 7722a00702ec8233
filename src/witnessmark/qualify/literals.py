"""The strings of a JSON line, each with its place; all else of the line stays as it was written."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

Place = tuple[str, ...]
"""The keys that lead to a string; ``[]`` stands for a place in a list."""
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^"{}\[\],:]+')


def is_json(line: str) -> bool:
    """Whether a line is one JSON object."""
    try:
        return line.lstrip().startswith("{") and isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def rewritten(line: str, change: Callable[[Place, str], str]) -> str:
    """The line with every key and value that ``change`` gives anew; written as the sensor writes.

    A key's place ends with ``{}``. Whatever is not changed keeps its bytes.
    """
    slashes, ascii_only = "\\/" in line, line.isascii()
    stack: list[list[str]] = []
    """Of each object its latest key and whether a key comes next; ``[]`` of each list."""
    out = []
    for token in _TOKEN.findall(line):
        if token[0] == '"':
            top = stack[-1] if stack else ["", ""]
            is_key = top[1] == "key"
            said = json.loads(token, strict=False)
            place = tuple(item[0] for item in (stack[:-1] if is_key else stack))
            new = change((*place, "{}") if is_key else place, said)
            if is_key:
                top[0] = said
            token = token if new == said else _literal(new, slashes=slashes, plain=ascii_only)
        else:
            _follow(stack, token)
        out.append(token)
    return "".join(out)


def _follow(stack: list[list[str]], token: str) -> None:
    match token:
        case "{":
            stack.append(["", "key"])
        case "[":
            stack.append(["[]", "list"])
        case "}" | "]":
            stack.pop()
        case ":":
            stack[-1][1] = "value"
        case "," if stack and stack[-1][1] != "list":
            stack[-1][1] = "key"


def _literal(text: str, *, slashes: bool, plain: bool) -> str:
    written = json.dumps(text, ensure_ascii=plain or any("\ud800" <= c < "\ue000" for c in text))
    return written.replace("/", "\\/") if slashes else written
