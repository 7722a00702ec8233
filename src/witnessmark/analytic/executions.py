"""What an exec executes: the image, the script, or the interpreter's script operand (B3, B4)."""

from __future__ import annotations

from dataclasses import dataclass
from posixpath import basename
from typing import TYPE_CHECKING, NamedTuple

from witnessmark.analytic.invocation import Invocation, Runs, parse
from witnessmark.analytic.unwrap import inner
from witnessmark.model.events import FileRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.analytic.identity import Identity
    from witnessmark.analytic.keys import Paths
    from witnessmark.analytic.kleene import Known
    from witnessmark.analytic.origins import Origins
    from witnessmark.analytic.tracked import Content, File
    from witnessmark.model.events import Event, Process

MOST_WORDS = 64
LONGEST_WORD = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The drop behind an execution."""

    file: File
    drop: Content
    key: str
    how: str
    """``image``, ``script``, ``operand``, ``bundle``, ``volume`` or ``package``."""
    inferred: bool = False
    unwrapped: bool = False
    """Read from a wrapper's words, because the source has no exec of its own for them (B3)."""


class Missing(NamedTuple):
    """Why it is open whether a drop was executed, and the fields that the source cannot know."""

    reason: str
    unknown: tuple[str, ...] = ()


class Executions:
    """Reads an exec event against the drops that are known."""

    def __init__(
        self,
        identity: Identity,
        paths: Paths,
        origins: Origins,
        window_ns: int,
        *,
        unwraps: bool = False,
    ) -> None:
        self._unwraps = unwraps
        self._identity = identity
        self._paths = paths
        self._origins = origins
        self._window_ns = window_ns

    def invocation(self, event: Event, image: Process) -> Invocation | None:
        """What an interpreter was asked to run; None for every other image."""
        listed = self._identity.interpreter(image)
        if listed is None or not event.args:
            return None
        return parse(listed.language, event.args)

    def script(self, event: Event, runs: Invocation | None) -> str | None:
        """Path of the script that an exec runs: ES's own, else the operand against cwd."""
        if event.script is not None:
            return event.script.path
        if runs is None or runs.operand is None or runs.runs is not Runs.SCRIPT:
            return None
        return self._operand(event, runs)

    def find(self, event: Event, image: Process, script: str | None) -> Found | None:
        """The latest drop among image, script and operand (B3); else one found ``elsewhere``."""
        best: Found | None = None
        for ref, how in self.refs(event, image, script):
            hit = self._origins.of(ref)
            if hit is not None and (best is None or hit[1].time_ns > best.drop.time_ns):
                key = self._paths.key(ref.path)
                best = Found(file=hit[0], drop=hit[1], key=key, how=how)
        return best or self.elsewhere(event, image)

    def refs(
        self, event: Event, image: Process, script: str | None
    ) -> Iterator[tuple[FileRef, str]]:
        """The files that an exec executes, and how (B3)."""
        yield image.file or FileRef(path=image.path), "image"
        if event.script is not None:
            yield event.script, "script"
        elif script is not None:
            yield FileRef(path=script), "operand"

    def elsewhere(self, event: Event, image: Process) -> Found | None:
        """A drop that runs translocated (B4), or in a wrapper's words (B3)."""
        file = image.file or FileRef(path=image.path)
        return self._translocated(file) or self._wrapped(event, image)

    def missing(self, event: Event, image: Process, runs: Invocation | None) -> Missing | None:
        """The field whose absence leaves it open whether a drop was executed."""
        for ref in (image.file, event.script):
            if ref is not None and ref.truncated and self._could_begin(event, ref.path):
                return Missing("the executed path is truncated")
        if event.script is not None or self._identity.interpreter(image) is None:
            return None
        if event.args is None:
            found = any(self._live(event))
            return _field("args", "args missing", image) if found else None
        if "args" in image.simulated and self._blurred(event):
            return _field("args", "args were joined by spaces", image)
        if runs is None or runs.runs is not Runs.SCRIPT or runs.operand is None:
            return None
        if self._operand(event, runs) is None:
            tail = self._paths.key("/" + runs.operand)
            found = any(key.endswith(tail) for key in self._live(event))
            return _field("cwd", "cwd missing", image) if found else None
        return None

    def why_none(self, event: Event, image: Process, script: str | None) -> tuple[str, Known, str]:
        """Which rule left an exec without a drop, for a trace: nothing here decides."""
        refs = [] if script is None else [event.script or FileRef(path=script)]
        refs.append(image.file or FileRef(path=image.path))
        for ref in refs:
            told = self._origins.why_none(ref, event.time_ns, self._window_ns)
            if told is not None:
                return told
        return "B1", False, f"no drop is known of {' or '.join(ref.path for ref in refs)}"

    @property
    def sees_quarantine(self) -> bool:
        """Whether the source records extended attributes at all."""
        return self._origins.table.sees_quarantine

    def _blurred(self, event: Event) -> bool:
        """Whether a drop's name with a space in it stands in a command line that lost its words."""
        line = self._paths.key(" ".join(event.args or ()))
        names = (basename(key) for key in self._live(event))
        return any(" " in name and name in line for name in names)

    def near_miss(self, event: Event, image: Process, runs: Invocation | None) -> str | None:
        """Why a dropped path in an exec's words was no execution, if there is one."""
        if not len(self._origins.table) or not event.args:
            return None
        if runs is not None and runs.runs is Runs.CHECK:
            path = self._operand(event, runs)
            if path is not None and self._origins.of(FileRef(path=path)) is not None:
                return "the interpreter only parses it"
        for word in event.args[1:MOST_WORDS]:
            if not word or len(word) > LONGEST_WORD:
                continue
            path = self._paths.resolve(word, event.cwd)
            if path is None or self._origins.of(FileRef(path=path)) is None:
                continue
            if self._identity.wrapper(image):
                return f"{word!r} is a wrapper's operand: the exec that it makes is what counts"
            return f"{word!r} is only an argument"
        return None

    def _operand(self, event: Event, runs: Invocation) -> str | None:
        cwd = event.cwd
        if runs.chdir is not None:
            cwd = self._paths.resolve(runs.chdir, cwd)
        return None if runs.operand is None else self._paths.resolve(runs.operand, cwd)

    def _wrapped(self, event: Event, image: Process) -> Found | None:
        """B3 for a source that lacks the exec that a wrapper makes."""
        words = inner(event.args or ()) if self._unwraps and self._identity.wrapper(image) else None
        if words is None:
            return None
        paths = {"image": self._paths.resolve(words[0], event.cwd) if "/" in words[0] else None}
        listed = self._identity.interpreter_called(words[0], paths["image"])
        if listed is not None:
            runs = parse(listed.language, words)
            if runs.runs is Runs.SCRIPT:
                paths["operand"] = self._operand(event, runs)
        for how, path in paths.items():
            hit = None if path is None else self._origins.of(FileRef(path=path))
            if path is not None and hit is not None:
                file, drop = hit
                key = self._paths.key(path)
                return Found(file=file, drop=drop, key=key, how=how, inferred=True, unwrapped=True)
        return None

    def _translocated(self, file: FileRef) -> Found | None:
        mapped = self._origins.translocated(file)
        if mapped is None:
            return None
        key = self._paths.key(mapped[1].path)
        return Found(file=mapped[0], drop=mapped[1], key=key, how="bundle", inferred=mapped[2])

    def _live(self, event: Event) -> Iterator[str]:
        for key, file in self._origins.table.drops():
            assert file.drop is not None
            if event.time_ns - file.drop.time_ns <= self._window_ns:
                yield key

    def _could_begin(self, event: Event, path: str) -> bool:
        key = self._paths.key(path)
        return any(item.startswith(key) for item in self._live(event))


def _field(name: str, reason: str, image: Process) -> Missing:
    return Missing(reason, (name,) if name in image.simulated else ())
