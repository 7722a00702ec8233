"""Branch A: a browser spawns something that loads a script or an executable (A1-A7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.analytic.alerts import RESPONSIBLE, alert
from witnessmark.analytic.baseline import Subject
from witnessmark.analytic.identity import unknown_signing
from witnessmark.analytic.kleene import Known, both, opposite
from witnessmark.analytic.lineage import RESPONSIBLE_UNKNOWN, XPCPROXY
from witnessmark.analytic.loading import loads
from witnessmark.analytic.misses import exec_ref, seconds
from witnessmark.analytic.tasks import Candidate
from witnessmark.model.detections import Branch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.analytic.baseline import Baseline
    from witnessmark.analytic.identity import Identity
    from witnessmark.analytic.lineage import Lineage
    from witnessmark.analytic.misses import Misses
    from witnessmark.analytic.parameters import Parameters
    from witnessmark.analytic.tasks import Image
    from witnessmark.analytic.trace import Trace
    from witnessmark.model.detections import Detection
    from witnessmark.model.events import Event, Process, Token

SIGNING_UNKNOWN = "signing unknown"
SPAWN_UNKNOWN = "spawn time unknown"
NO_BROWSER = "no browser is among its spawn-time ancestors or responsible for it"
_EXCLUDED = {
    True: "excluded: a helper of the browser's own bundle, or a crash reporter",
    None: "a helper of the browser or a crash reporter, if its signature, which is unknown, agrees",
}


class BranchA:
    """Gathers the execs of each browser-spawned process; one alert per process (A6)."""

    def __init__(
        self,
        params: Parameters,
        identity: Identity,
        lineage: Lineage,
        baseline: Baseline,
        misses: Misses,
        trace: Trace,
    ) -> None:
        self._trace = trace
        self._identity = identity
        self._lineage = lineage
        self._baseline = baseline
        self._misses = misses
        self._depth = params.max_depth
        self._window_ns = int(params.spawn_load_window * 1e9)
        self._open: dict[int, Candidate] = {}

    def on_exec(self, event: Event, image: Image, script: str | None) -> bool:
        """Take in an exec; whether branch A holds for it (B6 asks)."""
        trace = self._trace
        if image.process.path == XPCPROXY:
            trace.say("A3", False, "xpcproxy is transparent: the next exec in this pid counts")
            return False
        found = self.candidate(event, image)
        if found is None:
            self._no_browser(event, image, script)
            return False
        if trace.on:
            self._say_whose(found)
        late = self._too_far(event, image, found)
        qualifies = self._qualifies(event, image, found)
        if late is not None:
            if qualifies and found.unknown is None:
                self._misses.add("A4", event, script, late)
            else:
                trace.say("A4", False, late)
            return False
        if qualifies is False:
            return False
        return self._take(event, image, found, qualifies, script)

    def candidate(self, event: Event, image: Image) -> Candidate | None:
        """The browser-spawned process that an exec belongs to, which may begin with it (A1, A2)."""
        task = image.task
        task.execs += 1
        if task.candidate is None:
            self._responsible(event, image)
        found = task.candidate
        if found is not None and found.first_ns is None:
            found.first_ns = event.time_ns
        return found

    def due(self, now_ns: int | None) -> Iterator[Detection]:
        """Alerts of the processes whose window has closed (None: of all)."""
        ready = [
            key for key, found in self._open.items() if now_ns is None or now_ns > self._ends(found)
        ]
        for key in ready:
            found = self._open.pop(key)
            found.told = True
            yield alert(found)

    @property
    def waits(self) -> bool:
        """Whether an alert is waited for."""
        return bool(self._open)

    def _responsible(self, event: Event, image: Image) -> None:
        """A2: the responsible edge makes a process c only under launchd."""
        answers = image.process.responsible
        if answers is None and image.task.from_init and self._could_answer(image.process):
            begun = image.task.spawn_ns or event.time_ns
            image.task.candidate = Candidate(None, RESPONSIBLE, begun, True, RESPONSIBLE_UNKNOWN)
            return
        if answers is None or answers.pid == image.process.token.pid:
            return
        if not image.task.from_init:
            if self._trace.on:
                self._say_elsewhere(answers)
            return
        found = self._lineage.resolve(answers)
        spawn_ns = image.task.spawn_ns
        begun = spawn_ns if spawn_ns is not None else event.time_ns
        if found is None:
            image.task.candidate = Candidate(None, RESPONSIBLE, begun, True, RESPONSIBLE_UNKNOWN)
            return
        listed = self._identity.browser(found.process)
        if listed is not None and not listed.needs_responsible_browser:
            image.task.candidate = Candidate(found.process, RESPONSIBLE, begun, True)

    def _could_answer(self, process: Process) -> bool:
        """Whether a browser may be responsible for a process of which the source cannot say it."""
        unknown = "responsible" in process.simulated
        return unknown and self._lineage.browser_lives(besides=process.token.pid)

    def _too_far(self, event: Event, image: Image, found: Candidate) -> str | None:
        """Why an exec is too deep or too late below c; None if it is neither."""
        task = image.task
        if task.depth > self._depth:
            return f"depth {task.depth} > {self._depth}"
        deep = f"depth {task.depth} <= {self._depth}"
        if task.depth == 0 and task.execs == 1:
            self._trace.say("A4", True, f"{deep}; the first program of the spawned process")
            return None  # c itself, whenever it runs its first program
        begun = found.spawn_ns if found.spawn_ns is not None else found.first_ns
        gap = event.time_ns - (begun or event.time_ns)
        window = seconds(self._window_ns)
        if gap > self._window_ns:
            return f"{seconds(gap)} > {window} after the browser's spawn"
        if self._trace.on:
            text = f"{deep}; {seconds(gap)} <= {window} after the browser's spawn"
            self._trace.say("A4", True, text)
        return None

    def _qualifies(self, event: Event, image: Image, found: Candidate) -> Known:
        """A4, after A5."""
        process = image.process
        excluded = self._identity.excluded(process, found.browser)
        what, why = loads(self._identity, event, process)
        if excluded is not False:
            self._trace.say("A5", None if excluded is None else False, _EXCLUDED[excluded])
        self._trace.say("A4", what, why)
        return both(what, opposite(excluded))

    def _take(
        self, event: Event, image: Image, found: Candidate, qualifies: Known, script: str | None
    ) -> bool:
        ref = exec_ref(event, script)
        marked: tuple[str, ...] = ()
        reason = found.unknown
        if reason is not None and not qualifies:
            return False  # an unknown parent matters only where all else holds (A7)
        if reason == RESPONSIBLE_UNKNOWN:
            marked = tuple({"responsible"} & image.process.simulated)
        if reason is None and qualifies is None:
            reason, marked = SIGNING_UNKNOWN, unknown_signing(image.process, found.browser)
        elif (
            reason is None
            and not found.exact
            and not (image.task.depth == 0 and image.task.execs == 1)
        ):
            reason = SPAWN_UNKNOWN
        subject = Subject(
            image=image.process,
            script=script,
            ancestry=image.task.ancestry,
            time_ns=event.time_ns,
        )
        held = self._baseline.find(Branch.A, subject)
        if held is not None and not held.certain and reason is None:
            reason, marked = held.reason, held.simulated
        if held is not None and held.certain:
            found.suppressed.append((ref, event, held.workflow, held.reason))
            self._trace.say("baseline", False, f"workflow {held.workflow} suppresses it")
        elif reason is not None:
            found.undecided.append((ref, event, reason, marked))
            self._trace.say("A4", None, reason)
        else:
            found.matched.append((ref, event))
        if not found.told:
            self._open.setdefault(id(found), found)
        else:
            self._trace.say("A6", False, "the one alert of its spawned process was given before")
        return reason is None

    def _ends(self, found: Candidate) -> int:
        begun = found.spawn_ns if found.exact and found.spawn_ns is not None else found.first_ns
        return (begun or 0) + self._window_ns

    def _no_browser(self, event: Event, image: Image, script: str | None) -> None:
        parent = image.task.ancestry[0] if image.task.ancestry else None
        if parent is not None and self._identity.looks_like_browser(parent.path):
            reason = f"{parent.path!r} has a browser's name, not its signature or place"
            self._misses.add("A1", event, script, reason)
        else:
            self._trace.say("A1", False, NO_BROWSER)

    def _say_elsewhere(self, answers: Token) -> None:
        found = self._lineage.resolve(answers)
        if found is not None and self._identity.browser(found.process) is not None:
            text = f"{found.process.path} is responsible, but the spawn parent is not launchd"
            self._trace.say("A2", False, text)

    def _say_whose(self, found: Candidate) -> None:
        """A1, A2 and A7 as they were settled when the candidate began."""
        if found.unknown is not None:
            self._trace.say("A7", None, found.unknown)
            return
        browser = found.browser
        assert browser is not None
        answers = found.edge == RESPONSIBLE
        text = f"the browser {browser.path} (pid {browser.token.pid})"
        verb = "answers for" if answers else "spawned"
        self._trace.say("A1", True, f"{text} {verb} the process")
        if answers:
            self._trace.say("A2", True, "by the responsible edge, and launchd is its parent")
