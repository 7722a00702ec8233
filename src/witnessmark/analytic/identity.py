"""Who an image is: a browser, its helper, an interpreter, signed or not (A1, A4, A5).

Names and argv[0] never count. Signing decides; paths only where a source says nothing of signing.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from posixpath import basename
from typing import TYPE_CHECKING

from witnessmark.analytic.keys import words
from witnessmark.analytic.kleene import Known, both, either

if TYPE_CHECKING:
    import re

    from witnessmark.analytic.keys import Paths
    from witnessmark.analytic.parameters import Browser, Interpreter, Parameters
    from witnessmark.model.events import Process

CS_ADHOC = 0x2
CS_SIGNED = 0x20000000
_CACHE = 8_192


class Identity:
    """Recognises images by the parameters' lists, on one host's paths."""

    def __init__(self, params: Parameters, paths: Paths) -> None:
        self._paths = paths
        browsers = (*params.browsers, *params.lab_browsers)
        self._browsers = [
            (item, words(item.signing_ids), paths.exactly(item.paths)) for item in browsers
        ]
        self._interpreters = [
            (item, words(item.signing_ids), paths.exactly(item.paths))
            for item in params.interpreters
        ]
        self._reporters = [(item, words(item.signing_ids)) for item in params.crash_reporters]
        self._writable = paths.inside(params.user_writable_directories)
        self._monitored = paths.inside(params.monitored_directories)
        self._fetchers = paths.exactly(params.fetchers)
        self._wrappers = frozenset(params.wrappers)
        names = {item.name for item in browsers}
        names |= {basename(path) for item in browsers for path in item.paths}
        self._names = frozenset(name.lower() for name in names if not set(name) & set("*?["))
        self._known: dict[tuple[object, ...], Browser | None] = {}
        self._run: dict[tuple[str, str | None], Interpreter | None] = {}

    def browser(self, image: Process) -> Browser | None:
        """The listed browser that an image is, or None (A1)."""
        key = (image.path, image.signing_id, image.team_id, image.platform_binary, image.cs_flags)
        if key not in self._known:
            if len(self._known) >= _CACHE:
                self._known.clear()
            self._known[key] = self._find_browser(image)
        return self._known[key]

    def looks_like_browser(self, path: str) -> bool:
        """Whether only the file's name is a browser's: a spoof, if ``browser`` says None (A1)."""
        return basename(path).lower() in self._names

    def interpreter(self, image: Process) -> Interpreter | None:
        """The listed interpreter that an image is, by system path or by signing id (A4a)."""
        key = (self._paths.key(image.path), image.signing_id)
        if key not in self._run:
            if len(self._run) >= _CACHE:
                self._run.clear()
            self._run[key] = self._find_interpreter(*key)
        return self._run[key]

    def interpreter_called(self, word: str, path: str | None) -> Interpreter | None:
        """The interpreter that a wrapper's words name: by its path, or by name where PATH decides.

        Names count here only: such a detection is inferred, and marked so (B3).
        """
        if path is not None:
            return self._find_interpreter(self._paths.key(path), None)
        for item, _, _ in self._interpreters:
            if any(fnmatchcase(word, basename(path)) for path in item.paths):
                return item
        return None

    def wrapper(self, image: Process) -> bool:
        """Whether an image's exec stands only for the exec that it will make (B3)."""
        return basename(image.path) in self._wrappers

    def fetcher(self, image: Process) -> bool:
        """Whether a writer is a browser or a download tool (B6)."""
        return self.browser(image) is not None or bool(
            self._fetchers.match(self._paths.key(image.path))
        )

    def writable(self, image: Process) -> bool:
        """Whether an image lies where any user's process can put one (A4b)."""
        key = self._paths.key(image.path)
        return bool(self._writable.match(key) or self._monitored.match(key))

    def excluded(self, image: Process, browser: Process | None) -> Known:
        """A5: a helper of the browser's own bundle, or a crash reporter."""
        helper = self._helper(image, browser) if browser is not None else False
        return either(helper, self._crash_reporter(image))

    def _find_interpreter(self, key: str, signing_id: str | None) -> Interpreter | None:
        for item, ids, paths in self._interpreters:
            if paths.match(key) or (signing_id and ids.match(signing_id)):
                return item
        return None

    def _find_browser(self, image: Process) -> Browser | None:
        path = self._paths.key(image.path)
        signing = signing_known(image)
        for item, ids, paths in self._browsers:
            if not signing:
                if paths.match(path):
                    return item
                continue
            if not (image.signing_id and ids.match(image.signing_id)):
                continue
            platform_unknown = item.platform and "platform_binary" in image.simulated
            if (
                _signer_matches(item, image)
                or (platform_unknown and paths.match(path))
                or (
                    (item.ad_hoc or (item.team_id is None and not item.platform))
                    and image.team_id is None
                    and paths.match(path)
                )
            ):
                return item
        return None

    def _helper(self, image: Process, browser: Process) -> Known:
        key = self._paths.key(image.path)
        if not any(key.startswith(root) for root in self._bundle_roots(browser)):
            return False
        if not signing_known(image) or not signing_known(browser):
            return None
        if browser.team_id is not None or image.team_id is not None:
            return browser.team_id == image.team_id
        if browser.platform_binary or image.platform_binary:
            return bool(browser.platform_binary and image.platform_binary)
        return both(ad_hoc(image), ad_hoc(browser))

    def _bundle_roots(self, browser: Process) -> list[str]:
        key = self._paths.key(browser.path)
        head, found, _ = key.partition(".app/")
        if not found:
            return []
        roots = [f"{head}.app/"]
        if ".code_sign_clone/" in key:
            # Chrome runs itself from a clone of its bundle; its helpers come from either.
            roots.append(self._paths.key(f"/Applications/{basename(head)}.app") + "/")
        return roots

    def _crash_reporter(self, image: Process) -> Known:
        names: list[re.Pattern[str]] = [ids for _, ids in self._reporters]
        if not signing_known(image):
            return None if any(ids.match(basename(image.path)) for ids in names) else False
        return any(
            image.signing_id is not None
            and ids.match(image.signing_id) is not None
            and (bool(image.platform_binary) if item.platform else image.team_id == item.team_id)
            for item, ids in self._reporters
        )


def signing_known(image: Process) -> bool:
    """Whether the source says anything of an image's signature.

    A team without its signing id says too little to know a browser by: then the path decides.
    """
    if "signing_id" in image.simulated:
        return False
    return image.cs_flags is not None or bool(image.signing_id) or bool(image.team_id)


def ad_hoc(image: Process) -> Known:
    """Whether an image is signed by nobody in particular."""
    return None if image.cs_flags is None else bool(image.cs_flags & CS_ADHOC)


def untrusted(image: Process) -> Known:
    """A4(c): unsigned or ad hoc signed."""
    if image.cs_flags is not None:
        return not image.cs_flags & CS_SIGNED or bool(image.cs_flags & CS_ADHOC)
    return False if image.platform_binary or image.team_id else None


def developer_id(image: Process) -> bool:
    """Whether an image is known to be signed by a developer with a team (B5)."""
    return bool(image.team_id) and untrusted(image) is False


def unknown_signing(*images: Process | None) -> tuple[str, ...]:
    """The simulated fields that a question about signing would have needed."""
    wanted = ("cs_flags", "signing_id", "team_id", "platform_binary")
    marked = frozenset[str]().union(*(image.simulated for image in images if image is not None))
    return tuple(name for name in wanted if name in marked)


def _signer_matches(item: Browser, image: Process) -> bool:
    if item.platform:
        return bool(image.platform_binary)
    return item.team_id is not None and image.team_id == item.team_id
