"""The analytic with one clause dropped or weakened at a time, a few ways for every rule.

A mutant changes parameters, or replaces a function of the analytic while it is in force; one that
finds nothing to replace fails. What cannot tell a mutant from the analytic does not test that rule.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from witnessmark.analytic import (
    branch_a,
    branch_b,
    drops,
    executions,
    identity,
    keys,
    lineage,
    loading,
    origins,
    provenance,
    tracked,
)
from witnessmark.analytic.invocation import Runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from witnessmark.analytic import Parameters
    from witnessmark.model.events import Token

HOUR_S = 3_600.0


def _as_they_are(params: Parameters) -> Parameters:
    return params


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One weakened analytic."""

    rule: str
    name: str
    parameters: Callable[[Parameters], Parameters] = _as_they_are
    changes: tuple[tuple[Any, str, Any], ...] = ()
    """What is replaced: the class or module, the name, and what stands there instead; a function
    marked by ``around`` is given what stood there."""

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Let the changes hold in this block."""
        with ExitStack() as stack:
            for owner, name, new in self.changes:
                old = getattr(owner, name)
                new = new.make(old) if isinstance(new, Around) else new
                stack.enter_context(patch.object(owner, name, new))
            yield


@dataclass(frozen=True, slots=True)
class Around:
    """Makes what stands in a function's place of the function itself."""

    make: Callable[[Any], Any]


def around(make: Callable[..., Any]) -> Around:
    """``make(old, *args)`` stands in the place of ``old(*args)``."""
    return Around(lambda old: lambda *args, **given: make(old, *args, **given))


def _nothing(*_args: object, **_given: object) -> None:
    return None


def _no(*_args: object, **_given: object) -> bool:
    return False


def _unfolded(old: Any, self: Any, **given: Any) -> None:
    old(self, **(given | {"case_sensitive": True}))


def _one_home(old: Any, self: Any, path: str) -> str:
    key = str(old(self, path))
    head, users, rest = key.partition("/users/")
    return f"/users/one/{rest.partition('/')[2]}" if users and not head else key


def _undying(old: Any, self: Any, key: str) -> None:
    file = self.at(key)
    old(self, key)
    if file is not None and file.ino is not None:
        self._by_ino[file.ino] = file


def _by_name(old: Any, self: Any, image: Any) -> Any:
    found = old(self, image)
    spoof = found is None and self.looks_like_browser(image.path)
    return self._browsers[0][0] if spoof else found


def _anywhere(old: Any, self: Any, event: Any, image: Any) -> None:
    image.task.from_init = True
    old(self, event, image)


def _by_place(self: Any, image: Any, browser: Any) -> bool:
    key = self._paths.key(image.path)
    return any(key.startswith(root) for root in self._bundle_roots(browser))


def _each(old: Any, self: Any, now_ns: int | None) -> Iterator[Any]:
    for item in old(self, now_ns):
        for run in item.matched:
            yield replace(item, exec=run, matched=(run,))


def _now_not_then(old: Any, self: Any, event: Any) -> Any:
    image = old(self, event)
    parent = event.target.parent
    if image is not None and parent is not None and parent.pid == 1:
        image.task.candidate = None
    return image


def _known(old: Any, self: Any, seen: Any) -> Any:
    return old(self, seen)[0], False


def _as_written(old: Any, self: Any, event: Any, ref: Any) -> None:
    old(self, replace(event, modified=True), ref)


def _whatever_size(old: Any, self: Any, event: Any, ref: Any) -> None:
    old(self, event, replace(ref, size=None))


def _created(self: Any, event: Any, ref: Any) -> None:
    key = self._paths.key(ref.path)
    if self._inside(key):
        self._establish(key, self.table.find(key, ref), event, ref)


def _left_behind(old: Any, self: Any, file: Any, key: str) -> None:
    if self._inside(key):
        old(self, file, key)


def _without(how: str) -> Around:
    def refs(old: Any, self: Any, *args: Any) -> Any:
        return ((ref, way) for ref, way in old(self, *args) if way != how)

    return around(refs)


def _any_word(old: Any, self: Any, event: Any, runs: Any) -> Any:
    words = [item for item in event.args or () if item.startswith("/")]
    return words[-1] if words else old(self, event, runs)


def _even_parsed(old: Any, self: Any, event: Any, runs: Any) -> Any:
    if runs is not None and runs.runs is Runs.CHECK:
        return self._operand(event, runs)
    return old(self, event, runs)


def _nameless(old: Any, self: Any, ref: Any) -> Any:
    return old(self, replace(ref, ino=None))


def _forward(old: Any, self: Any, event: Any, found: Any, script: Any, gap: int) -> Any:
    return old(self, event, found, script, max(gap, 0))


def _pid_alone(token: Token) -> tuple[int, None]:
    return (token.pid, None)


def _set(**given: Any) -> Callable[[Parameters], Parameters]:
    return lambda params: replace(params, **given)


def _any_webkit(params: Parameters) -> Parameters:
    plain = tuple(replace(item, needs_responsible_browser=False) for item in params.browsers)
    return replace(params, browsers=plain)


def _wider(params: Parameters) -> Parameters:
    more = ("/opt", "/private/tmp")
    return replace(params, monitored_directories=(*params.monitored_directories, *more))


def _narrower(params: Parameters) -> Parameters:
    return replace(params, monitored_directories=params.monitored_directories[:1])


def _half(params: Parameters) -> Parameters:
    window = params.drop_exec_window / 2
    soon = min(params.high_severity_within, window)
    return replace(params, drop_exec_window=window, high_severity_within=soon)


def _only_monitored(params: Parameters) -> Parameters:
    return replace(params, user_writable_directories=params.monitored_directories)


def _soon_is_late(params: Parameters) -> Parameters:
    return replace(params, high_severity_within=params.drop_exec_window)


def _mutants() -> tuple[Mutant, ...]:
    def one(rule: str, name: str, *changes: tuple[Any, str, Any]) -> Mutant:
        return Mutant(rule=rule, name=name, changes=changes)

    def told(rule: str, name: str, parameters: Callable[[Parameters], Parameters]) -> Mutant:
        return Mutant(rule=rule, name=name, parameters=parameters)

    a, b, who = branch_a.BranchA, branch_b.BranchB, identity.Identity
    line, runs, came = lineage.Lineage, executions.Executions, origins.Origins
    return (
        one("K1", "a process is its pid alone", (lineage, "key", _pid_alone)),
        one("K2", "firmlinks are other paths", (keys, "DATA_VOLUME", "/nowhere")),
        one("K2", "case tells files apart", (keys.Paths, "__init__", around(_unfolded))),
        one("K2", "inodes say nothing", (tracked, "inode", _nothing), (drops, "inode", _nothing)),
        one("K2", "an inode outlives its file", (tracked.Table, "cut", around(_undying))),
        one("K3", "all users have one home", (keys.Paths, "_plain", around(_one_home))),
        one("A1", "nothing is a browser", (who, "browser", _nothing)),
        one("A1", "a browser's name is enough", (who, "browser", around(_by_name))),
        one("A2", "only the parent counts", (a, "_responsible", _nothing)),
        one("A2", "the responsible edge counts anywhere", (a, "_responsible", around(_anywhere))),
        told("A2", "WebKit's services are always a browser's", _any_webkit),
        one("A3", "xpcproxy is a program like others", (branch_a, "XPCPROXY", "")),
        told("A4", "(a) no interpreter is known", _set(interpreters=())),
        told("A4", "(b) only monitored directories", _only_monitored),
        one("A4", "(c) signatures say nothing", (loading, "untrusted", _no)),
        told("A4", "an hour after the spawn will do", _set(spawn_load_window=HOUR_S)),
        told("A4", "at any depth", _set(max_depth=100)),
        told("A4", "never below the spawned process", _set(max_depth=0)),
        one("A5", "nothing is excluded", (who, "excluded", _no)),
        one("A5", "whatever lies in the bundle is", (who, "_helper", _by_place)),
        one("A6", "an alert of every program", (a, "due", around(_each))),
        one("A6", "lineage ends with the browser", (line, "exec", around(_now_not_then))),
        one("A7", "an unknown parent is none", (line, "_spawner", around(_known))),
        one("B1", "closed is written", (drops.Drops, "_close", around(_as_written))),
        one("B1", "a create is a drop", (drops.Drops, "_create", _created)),
        one("B1", "what is moved in is no drop", (drops.Drops, "_strange", _nothing)),
        one("B1", "a folder drops only itself", (tracked.Table, "above", lambda *_: iter(()))),
        told("B1", "more directories are monitored", _wider),
        told("B1", "Caches are not monitored", _narrower),
        told("B2", "no name is temporary", _set(temporary_names=())),
        one("B2", "every rename is a drop", (drops.Drops, "_is_temporary", lambda *_: True)),
        one("B2", "outside, the drop is lost", (drops.Drops, "_arrive", around(_left_behind))),
        one("B3", "the image does not count", (runs, "refs", _without("image"))),
        one("B3", "the script does not count", (runs, "refs", _without("script"))),
        one("B3", "the operand does not count", (runs, "refs", _without("operand"))),
        one("B3", "any word counts", (runs, "script", around(_any_word))),
        one("B3", "what is parsed counts", (runs, "script", around(_even_parsed))),
        told("B3", "a wrapper's words count", _set(unwrap_wrappers=True)),
        one("B4", "translocation hides a drop", (runs, "_translocated", _nothing)),
        one("B4", "a bundle's name is enough", (came, "translocated", around(_nameless))),
        told("B5", "an hour after the drop will do", _set(drop_exec_window=HOUR_S)),
        told("B5", "half the window", _half),
        one("B5", "a clock never steps back", (b, "_in_window", around(_forward))),
        one("B6", "always medium", (b, "_severity", lambda *_: "medium")),
        one("B6", "a download tool says nothing", (who, "fetcher", _no)),
        told("B6", "soon is as late as any", _soon_is_late),
        told("B7", "never through a container", _set(provenance=False)),
        told("B7", "through containers by default", _set(provenance=True)),
        one("B7", "packages say nothing", (provenance.Provenance, "_package", _nothing)),
    )  # fmt: skip


MUTANTS = _mutants()
