"""Scenarios, validators, analytics and inventories: where they lie and how they are read."""

from __future__ import annotations

from pathlib import Path

from witnessmark.errors import Unsupported


def root() -> Path:
    """Folder that holds ``scenarios/``, ``validators/``, ``analytics/`` and ``inventory/``.

    That is the checkout's top folder if we run from its ``src/`` (an editable install included),
    else ``witnessmark/_content`` inside the installed wheel.

    Raises:
        Unsupported: neither exists, so the installation is incomplete.
    """
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent.parent
    if package.parent.name == "src" and (checkout / "analytics").is_dir():
        return checkout
    bundled = package / "_content"
    if bundled.is_dir():
        return bundled
    raise Unsupported(f"no content beside {package}: reinstall witnessmark, its wheel carries it")
