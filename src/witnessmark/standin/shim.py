"""Puts the commands of shims/ where a Mac has them, each a file that the kernel runs by its name.

A shim in Python is a script whose first line names the interpreter itself, so that running it is
one exec. Only where that line cannot hold the interpreter's path (a space in it, or too long) a
shell stands before it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import witnessmark
from witnessmark.standin.layout import LIBRARY, PYTHON
from witnessmark.standin.tools import SHIMS

_SOURCES = Path(__file__).parent / "shims"
_LONGEST_LINE = 120
"""Linux reads 127 bytes of a script's first line before version 5.1."""
_CODE = """\
import sys
sys.path.append({library!r})
from witnessmark.standin.shims.{name} import main
sys.stdout.reconfigure(errors="surrogateescape")
sys.exit(main(sys.argv[1:], {root!r}))
"""


def install_shims(root: Path, *, own_root: bool = False) -> None:
    """Writes every shim anew; never through a link, which could lead to the machine's own file."""
    for folder, names in SHIMS.items():
        for name in names:
            target = root / folder / name
            target.unlink(missing_ok=True)
            target.write_text(_own(name) if own_root else _text(name, root), encoding="utf-8")
            target.chmod(0o755)


def _own(name: str) -> str:
    """For a host whose `/` is its own."""
    return _written(name, "", Path(PYTHON), LIBRARY)


def _text(name: str, root: Path, python: Path | None = None) -> str:
    library = str(Path(witnessmark.__file__).parents[1])
    return _written(name, str(root), python or Path(sys.executable).resolve(), library)


def _written(name: str, root: str, python: Path, library: str) -> str:
    shell = _SOURCES / f"{name}.sh"
    if shell.exists():
        return shell.read_text(encoding="utf-8").replace("@ROOT@", _quoted(root))
    code = _CODE.format(library=library, name=name, root=root)
    first = f"#!{python} -IBS"
    if len(first) <= _LONGEST_LINE and not any(char.isspace() for char in str(python)):
        return f"{first}\n{code}"
    return f'#!/bin/sh\nexec {_quoted(str(python))} -IBS -c {_quoted(code)} "$@"\n'


def _quoted(text: str) -> str:
    """One word of sh."""
    return "'" + text.replace("'", "'\\''") + "'"
