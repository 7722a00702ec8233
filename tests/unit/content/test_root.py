"""Where the content lies: in the checkout, or inside the wheel."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import witnessmark.content as content
from witnessmark.errors import Unsupported

if TYPE_CHECKING:
    from pathlib import Path


def _installed(top: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = top / "witnessmark" / "content"
    package.mkdir(parents=True)
    here = package / "__init__.py"
    shutil.copy(content.__file__, here)
    monkeypatch.setattr(content, "__file__", str(here))
    return top / "witnessmark"


def test_checkout() -> None:
    assert (content.root() / "analytics" / "an0994" / "analytic.yaml").is_file()


def test_checkout_in_a_path_with_spaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = tmp_path / "my work"
    _installed(top / "src", monkeypatch)
    (top / "analytics").mkdir()
    assert content.root() == top


def test_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = _installed(tmp_path / "site-packages", monkeypatch)
    (package / "_content").mkdir()
    assert content.root() == package / "_content"


def test_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _installed(tmp_path / "site-packages", monkeypatch)
    with pytest.raises(Unsupported, match="reinstall"):
        content.root()
