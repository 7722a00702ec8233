"""docs/validators.md, written from the validators: ``python -m witnessmark.judge.describe``.

What an auditor reads there is each validator's own docstring and what its EXAMPLES really give.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

from witnessmark.judge.table import WORST
from witnessmark.validators import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from witnessmark.judge.api import Example, Validator
    from witnessmark.model.verdicts import Finding

HEAD = """# Validators

A validator is one pure function in `validators/`: it reads the evidence of one case on one source
and says what it found about one link. This page is written from their docstrings and from what
their EXAMPLES really give; a test holds it to them (`python -m witnessmark.judge.describe`
writes it anew).

| status | means |
|---|---|
| `pass` | proved |
| `fail` | disproved: somebody could look, and it is not so |
| `error` | nobody could look, which is never the same as *no* |
| `skip` | does not apply, with the reason |
| `pending` | cannot be proved yet, with the first date on which it can |

A link takes the worst of its findings, `error` first. Select one validator's tests of a bag with
`pytest --witnessmark-bag PATH -k NAME`, or a whole link's with `-m LINK`.
"""


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join([HEAD, *(line for name in NAMES for line in _section(name))])


def _section(name: str) -> Iterator[str]:
    module = importlib.import_module(f"witnessmark.validators.{name}")
    check: Validator = module.check
    yield f"## {name}\n"
    yield f"Link: **{check.link.value}**\n"
    yield _paragraphs(check.doc)
    yield "\n| example | gives | because |\n|---|---|---|"
    yield from _rows(check, module.EXAMPLES)
    yield ""


def _paragraphs(doc: str) -> str:
    return "\n".join(line.strip() for line in doc.splitlines())


def _rows(check: Validator, examples: Sequence[Example]) -> Iterator[str]:
    for item in examples:
        worst = _worst(check(item.evidence))
        said = worst.message.replace("|", "\\|")
        yield f"| {item.name} | `{worst.status.value}` | {said} |"


def _worst(found: Sequence[Finding]) -> Finding:
    return min(found, key=lambda item: WORST.index(item.status))


if __name__ == "__main__":
    sys.stdout.write(page())
