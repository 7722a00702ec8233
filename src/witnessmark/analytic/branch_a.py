"""Branch A: a browser spawns something that loads a script or an executable (A1-A7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.analytic.baseline import Subject
from witnessmark.analytic.identity import unknown_signing, untrusted
from witnessmark.analytic.kleene import Known, both, opposite
from witnessmark.analytic.lineage import RESPONSIBLE_UNKNOWN, XPCPROXY
from witnessmark.analytic.misses import exec_ref, seconds
from witnessmark.analytic.tasks import Candidate
from witnessmark.model.detections import Answer, Branch, BrowserRef, Detection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.analytic.baseline import Baseline
    from witnessmark.analytic.identity import Identity
    from witnessmark.analytic.lineage import Lineage
    from witnessmark.analytic.misses import Misses
    from witnessmark.analytic.parameters import Parameters
    from witnessmark.analytic.tasks import Image
    from witnessmark.model.detections import ExecRef
    from witnessmark.model.events import Event

SIGNING_UNKNOWN = "signing unknown"
SPAWN_UNKNOWN = "spawn time unknown"
RESPONSIBLE = "responsible"


class BranchA:
    """Gathers the execs of each browser-spawned process; one alert per process (A6)."""

    def __init__(
        self,
        params: Parameters,
        identity: Identity,
        lineage: Lineage,
        baseline: Baseline,
        misses: Misses,
    ) -> None:
        self._identity = identity
        self._lineage = lineage
        self._baseline = baseline
        self._misses = misses
        self._depth = params.max_depth
        self._window_ns = int(params.spawn_load_window * 1e9)
        self._open: dict[int, Candidate] = {}

    def on_exec(self, event: Event, image: Image, script: str | None) -> bool:
        """Take in an exec; whether branch A holds for it (B6 asks)."""
        task = image.task
        if image.process.path == XPCPROXY:
            return False  # A3: the exec that follows in this pid is the service itself
        task.execs += 1
        if task.candidate is None and task.from_init:
            self._responsible(event, image)
        found = task.candidate
        if found is None:
            self._note_spoof(event, image, script)
            return False
        if found.first_ns is None:
            found.first_ns = event.time_ns
        late = self._too_far(event, image, found)
        qualifies = self._qualifies(event, image, found)
        if qualifies is False:
            return False
        if late is not None:
            if qualifies and found.unknown is None:
                self._misses.add("A4", event, script, late)
            return False
        return self._take(event, image, found, qualifies, script)

    def due(self, now_ns: int | None) -> Iterator[Detection]:
        """Alerts of the processes whose window has closed (None: of all)."""
        ready = [
            key for key, found in self._open.items() if now_ns is None or now_ns > self._ends(found)
        ]
        for key in ready:
            found = self._open.pop(key)
            found.told = True
            yield _alert(found)

    def _responsible(self, event: Event, image: Image) -> None:
        """A2: the responsible edge makes a process c only under launchd."""
        answers = image.process.responsible
        if answers is None or answers.pid == image.process.token.pid:
            return
        spawn_ns = image.task.spawn_ns
        begun = spawn_ns if spawn_ns is not None else event.time_ns
        found = self._lineage.resolve(answers)
        if found is None:
            image.task.candidate = Candidate(None, RESPONSIBLE, begun, True, RESPONSIBLE_UNKNOWN)
            return
        listed = self._identity.browser(found.process)
        if listed is not None and not listed.needs_responsible_browser:
            image.task.candidate = Candidate(found.process, RESPONSIBLE, begun, True)

    def _too_far(self, event: Event, image: Image, found: Candidate) -> str | None:
        """Why an exec is too deep or too late below c; None if it is neither."""
        task = image.task
        if task.depth > self._depth:
            return f"depth {task.depth} > {self._depth}"
        if task.depth == 0 and task.execs == 1:
            return None  # c itself, whenever it runs its first program
        begun = found.spawn_ns if found.spawn_ns is not None else found.first_ns
        gap = event.time_ns - (begun or event.time_ns)
        if gap > self._window_ns:
            return f"{seconds(gap)} > {seconds(self._window_ns)} after the browser's spawn"
        return None

    def _qualifies(self, event: Event, image: Image, found: Candidate) -> Known:
        """A4, after A5."""
        process = image.process
        loads: Known = (
            event.script is not None
            or self._identity.interpreter(process) is not None
            or self._identity.writable(process)
            or untrusted(process)
        )
        return both(loads, opposite(self._identity.excluded(process, found.browser)))

    def _take(
        self, event: Event, image: Image, found: Candidate, qualifies: Known, script: str | None
    ) -> bool:
        ref = exec_ref(event, script)
        marked: tuple[str, ...] = ()
        reason = found.unknown
        if reason is not None and not qualifies:
            return False  # an unknown parent matters only where all else holds (A7)
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
        elif reason is not None:
            found.undecided.append((ref, event, reason, marked))
        else:
            found.matched.append((ref, event))
        if not found.told:
            self._open.setdefault(id(found), found)
        return reason is None

    def _ends(self, found: Candidate) -> int:
        begun = found.spawn_ns if found.exact and found.spawn_ns is not None else found.first_ns
        return (begun or 0) + self._window_ns

    def _note_spoof(self, event: Event, image: Image, script: str | None) -> None:
        parent = image.task.ancestry[0] if image.task.ancestry else None
        if parent is not None and self._identity.looks_like_browser(parent.path):
            reason = f"{parent.path!r} has a browser's name, not its signature or place"
            self._misses.add("A1", event, script, reason)


def _alert(found: Candidate) -> Detection:
    if found.matched:
        ref, event = found.matched[0]
        return _detection(found, Answer.FIRED, ref, event, [item[0] for item in found.matched])
    if found.undecided:
        ref, event, reason, marked = found.undecided[0]
        refs = [item[0] for item in found.undecided]
        return _detection(found, Answer.UNDETERMINED, ref, event, refs, reason, marked)
    ref, event, workflow, said = found.suppressed[0]
    refs = [item[0] for item in found.suppressed]
    return _detection(found, Answer.SUPPRESSED, ref, event, refs, said, (), workflow)


def _detection(
    found: Candidate,
    answer: Answer,
    ref: ExecRef,
    event: Event,
    refs: list[ExecRef],
    reason: str | None = None,
    marked: tuple[str, ...] = (),
    workflow: str | None = None,
) -> Detection:
    browser = found.browser
    rules = ["A1", *(["A2"] if found.edge == RESPONSIBLE else []), "A4"]
    rules += ["A7"] if found.unknown else []
    return Detection(
        answer=answer,
        branch=Branch.A,
        rules=tuple(rules),
        host=event.host,
        exec=ref,
        matched=tuple(refs),
        browser=None
        if browser is None
        else BrowserRef(pid=browser.token.pid, path=browser.path, edge=found.edge),
        gap_s=None if found.spawn_ns is None else (ref.time_ns - found.spawn_ns) / 1e9,
        severity="high",
        workflow=workflow,
        reason=reason,
        simulated=marked,
        received_ns=event.received_ns,
    )
