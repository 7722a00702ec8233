"""Branch B: a drop that executes, within the window (B5, B6); dedupe and suppression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from witnessmark.analytic import drop_rules
from witnessmark.analytic.baseline import Subject
from witnessmark.analytic.identity import developer_id
from witnessmark.analytic.misses import exec_ref, seconds
from witnessmark.model.detections import Answer, Branch, Detection, DropRef

if TYPE_CHECKING:
    from witnessmark.analytic.baseline import Baseline
    from witnessmark.analytic.executions import Executions, Found
    from witnessmark.analytic.identity import Identity
    from witnessmark.analytic.invocation import Invocation
    from witnessmark.analytic.misses import Misses
    from witnessmark.analytic.parameters import Parameters
    from witnessmark.analytic.provenance import Provenance
    from witnessmark.analytic.tasks import Image
    from witnessmark.analytic.trace import Trace
    from witnessmark.model.events import Event

RANK = {Answer.UNDETERMINED: 0, Answer.SUPPRESSED: 1, Answer.FIRED: 2}
NO_QUARANTINE = "quarantine unknown: the source has recorded no extended attribute of any file"
POSSIBLE = "possible drop: written through a memory mapping, perhaps"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    answer: Answer
    reason: str | None = None
    workflow: str | None = None
    simulated: tuple[str, ...] = ()


class BranchB:
    """Judges executions of drops."""

    def __init__(
        self,
        params: Parameters,
        identity: Identity,
        executions: Executions,
        provenance: Provenance,
        baseline: Baseline,
        misses: Misses,
        trace: Trace,
        *,
        resolution_ns: int,
    ) -> None:
        self._trace = trace
        self._identity = identity
        self._executions = executions
        self._provenance = provenance
        self._baseline = baseline
        self._misses = misses
        self._quarantine = params.require_quarantine
        self._window_ns = int(params.drop_exec_window * 1e9)
        self._high_ns = int(params.high_severity_within * 1e9)
        self._skew_ns = int(params.clock_skew_tolerance * 1e9)
        self._dedupe_ns = int(params.dedupe_window * 1e9)
        self._grain_ns = resolution_ns if resolution_ns > 1 else 0
        self._told: dict[object, tuple[int, Answer]] = {}

    def on_exec(
        self,
        event: Event,
        image: Image,
        runs: Invocation | None,
        script: str | None,
        branch_a: bool,
    ) -> Detection | None:
        """The detection of an execution, if it is one of a drop."""
        found = self._executions.find(event, image.process, script)
        found = found or self._provenance.find(event, image, script)
        if found is not None:
            return self._judge(event, image, found, script, branch_a)
        missing = self._executions.missing(event, image.process, runs)
        if missing is not None:
            return self._open("B3", event, missing.reason, missing.unknown)
        open_volume = self._provenance.missing(event, image, script)
        if open_volume is not None:
            return self._open("B7", event, open_volume)
        near = self._executions.near_miss(event, image.process, runs)
        if near is not None:
            self._misses.add("B3", event, script, near)
        elif self._trace.on:
            self._trace.say(*self._executions.why_none(event, image.process, script))
        return None

    def _open(
        self, rule: str, event: Event, missing: str, simulated: tuple[str, ...] = ()
    ) -> Detection:
        """Undetermined, because a fact is missing that could change the answer."""
        self._trace.say(rule, None, missing)
        return Detection(
            answer=Answer.UNDETERMINED,
            branch=Branch.B,
            rules=(rule,),
            host=event.host,
            exec=exec_ref(event, None),
            reason=missing,
            simulated=simulated,
            received_ns=event.received_ns,
        )

    def prune(self, now_ns: int) -> None:
        """Forget alerts that no longer hold back another."""
        if len(self._told) > 1_000:
            limit = now_ns - self._dedupe_ns
            self._told = {key: item for key, item in self._told.items() if item[0] > limit}

    def _judge(
        self, event: Event, image: Image, found: Found, script: str | None, branch_a: bool
    ) -> Detection | None:
        gap = event.time_ns - found.drop.time_ns
        self._trace.touched(found.file, found.drop)
        for rule, text in drop_rules.told(found) if self._trace.on else ():
            self._trace.say(rule, True, text)
        verdict = self._in_window(event, found, script, gap)
        if verdict is None:
            return None
        if verdict.answer is Answer.FIRED:
            verdict = self._held_back(event, image, found, script) or verdict
        if verdict.reason is not None and verdict.answer is Answer.UNDETERMINED:
            self._trace.say("baseline" if verdict.simulated else "B5", None, verdict.reason)
        if self._repeats(event, found, verdict.answer):
            return None
        if -self._skew_ns <= gap < 0:
            gap = 0  # one source's order rules over its clock
        return Detection(
            answer=verdict.answer,
            branch=Branch.B,
            rules=drop_rules.rules(found),
            host=event.host,
            exec=exec_ref(event, script),
            clauses=drop_rules.clauses(found),
            drop=DropRef(
                seq=found.drop.seq,
                event_id=found.drop.event_id,
                path=found.drop.path,
                time_ns=found.drop.time_ns,
                writer=found.drop.writer.path,
            ),
            gap_s=gap / 1e9,
            severity=self._severity(image, found, script, gap, branch_a),
            workflow=verdict.workflow,
            reason=verdict.reason,
            simulated=verdict.simulated,
            inferred=found.inferred,
            received_ns=event.received_ns,
        )

    def _in_window(
        self, event: Event, found: Found, script: str | None, gap: int
    ) -> _Verdict | None:
        """B5, or None with a near miss noted."""
        if gap < -self._skew_ns:
            reason = f"clock unusable: it stepped back {seconds(-gap)} since the drop"
            return _Verdict(answer=Answer.UNDETERMINED, reason=reason)
        if self._grain_ns and abs(gap - self._window_ns) < self._grain_ns:
            reason = "clock unusable: too coarse for the window"
            return _Verdict(answer=Answer.UNDETERMINED, reason=reason)
        if gap > self._window_ns:
            text = f"{seconds(gap)} > {seconds(self._window_ns)}"
            self._misses.add("B5", event, script, text)
            return None
        if self._quarantine and not found.file.quarantined:
            if not self._executions.sees_quarantine:
                return _Verdict(answer=Answer.UNDETERMINED, reason=NO_QUARANTINE)
            self._misses.add("B5", event, script, "no quarantine attribute was set on the file")
            return None
        if self._trace.on:
            self._trace.say("B5", True, f"{seconds(gap)} <= {seconds(self._window_ns)}")
        return _Verdict(answer=Answer.FIRED, reason=POSSIBLE if found.drop.possible else None)

    def _held_back(
        self, event: Event, image: Image, found: Found, script: str | None
    ) -> _Verdict | None:
        """What the baseline makes of it."""
        subject = Subject(
            image=image.process,
            script=script,
            ancestry=image.task.ancestry,
            time_ns=event.time_ns,
            writer=found.drop.writer,
        )
        held = self._baseline.find(Branch.B, subject)
        if held is None:
            return None
        if held.certain:
            self._trace.say("baseline", False, f"workflow {held.workflow} suppresses it")
            return _Verdict(answer=Answer.SUPPRESSED, reason=held.reason, workflow=held.workflow)
        return _Verdict(answer=Answer.UNDETERMINED, reason=held.reason, simulated=held.simulated)

    def _severity(
        self, image: Image, found: Found, script: str | None, gap: int, branch_a: bool
    ) -> str:
        ran_image = found.how in ("image", "bundle", "volume") and script is None
        if ran_image and developer_id(image.process):
            severity, why = "info", "its image has a valid Developer ID (B5)"
        elif gap <= self._high_ns:
            severity, why = "high", f"within {seconds(self._high_ns)} of the drop"
        elif branch_a or self._identity.fetcher(found.drop.writer):
            why = "branch A holds too" if branch_a else "a browser or download tool wrote it"
            severity = "high"
        else:
            severity, why = "medium", f"more than {seconds(self._high_ns)} after the drop"
        self._trace.say("B6", True, f"severity {severity}: {why}")
        return severity

    def _repeats(self, event: Event, found: Found, answer: Answer) -> bool:
        """One alert per file key in the dedupe window; a stronger answer is told all the same."""
        keys: list[object] = [found.key]
        if found.file.ino is not None and found.key in found.file.keys:
            keys.append((found.file.ino, found.file.birth_ns))
        for key in keys:
            told = self._told.get(key)
            recent = told is not None and event.time_ns - told[0] < self._dedupe_ns
            if told is not None and recent and RANK[told[1]] >= RANK[answer]:
                ago = seconds(event.time_ns - told[0])
                self._trace.say("dedupe", False, f"an alert for this file was given {ago} before")
                return True
        for key in keys:
            self._told[key] = (event.time_ns, answer)
        return False
