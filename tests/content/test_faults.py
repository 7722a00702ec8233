"""Every shipped fault is what it says, and docs/faults.md says exactly what is shipped.

`python tests/content/test_faults.py` writes the page's tables anew.
"""

import re
from pathlib import Path

import pytest

from witnessmark.content import faults
from witnessmark.standin.faults import LAYERS

BASE = Path(__file__).parents[2]
PAGE = BASE / "docs/faults.md"
NAMES = sorted(path.stem for path in (BASE / "inventory/faults").glob("*.yaml"))


def actions(layer: str) -> str:
    """The table of one layer's actions."""
    rows = [
        f"| `{name}` | {action.what} | {_settings(action.needs, action.may)} |"
        for name, action in LAYERS[layer].items()
    ]
    return "\n".join(["| action | what happens | own settings |", "|---|---|---|", *rows])


def shipped() -> str:
    """The table of the faults under inventory/faults/."""
    rows = [
        f"| `{fault.id}` | {_line(fault.title)} | {_line(fault.expect)} |"
        for fault in map(faults.load, NAMES)
    ]
    return "\n".join(["| fault | what is broken | what a run must say |", "|---|---|---|", *rows])


def rewritten(page: str) -> str:
    """The page with its tables as they should be."""
    tables = {"shipped": shipped(), **{layer: actions(layer) for layer in LAYERS}}
    for name, table in tables.items():
        begin, end = f"<!-- table: {name} -->", "<!-- end -->"
        pattern = re.compile(f"(?s){re.escape(begin)}.*?{re.escape(end)}")
        assert pattern.search(page), f"{PAGE.name} has no place for the table {name!r}"
        text = f"{begin}\n{table}\n{end}"
        page = pattern.sub(lambda _, text=text: text, page, count=1)
    return page


def _settings(needs: object, may: object) -> str:
    words = [f"`{key}`: {rule.words}" for key, rule in {**needs, **may}.items()]  # type: ignore[dict-item]
    return "; ".join(words)


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_fault_loads_and_says_what_it_does(name: str) -> None:
    fault = faults.load(name)
    assert fault.id == name
    assert fault.title.strip()
    assert fault.expect.strip(), "a fault that nobody expects anything of proves nothing"
    assert fault.faults


def test_the_page_shows_exactly_what_is_shipped() -> None:
    page = PAGE.read_text("utf-8")
    assert page == rewritten(page), f"run: python {Path(__file__).relative_to(BASE)}"


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text("utf-8")), "utf-8")
