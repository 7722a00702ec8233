"""How a host is seen from outside of it, and how its init is started: one for each mode."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import layout, namespace
from .child import Child
from .numbers import HostNumbers, Numbers
from .paths import HostPaths, Translator
from .station import hand_over
from .view import HostView, View

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Eyes:
    """Prefix mode: the host is a folder, and all else is this machine's."""

    translator: Translator
    view: View = field(default_factory=View)
    numbers: Numbers = field(default_factory=Numbers)

    def start(self, argv: Sequence[str | bytes], program: bytes) -> Child:
        """The host's init, traced and not yet let go."""
        return Child(argv, program)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostEyes(Eyes):
    """Namespace mode: the host has a root, processes and users of its own."""

    root: Path
    host: str
    state: Path | None
    translator: Translator = field(default_factory=HostPaths)
    view: View = field(default_factory=HostView)
    numbers: Numbers = field(default_factory=HostNumbers)

    def start(self, argv: Sequence[str | bytes], program: bytes) -> Child:
        root, uid, gid = self.root.resolve(), os.geteuid(), os.getegid()
        layout.prepare(root)
        found = layout.layout(root)

        def enter() -> None:
            if self.state is not None:
                hand_over(self.state)
            namespace.enter(root, found, self.host, uid, gid)

        return Child(
            argv,
            program,
            fork=namespace.fork,
            enter=enter,
            environment={**os.environ, **found.environment},
        )
