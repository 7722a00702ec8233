"""Small synthetic evidence for EXAMPLES: one drop that is run two seconds after it was written."""

from __future__ import annotations

from witnessmark.judge.api import CaseEvidence, Controls
from witnessmark.model.detections import Answer, Branch, Detection, DropRef, ExecRef
from witnessmark.model.events import Coverage, Event, FileRef, Kind, Process, Stream, Token
from witnessmark.model.hosts import Role, Source
from witnessmark.model.run import (
    Act,
    Case,
    Collection,
    FileFact,
    Form,
    HostFacts,
    Listing,
    PhaseResult,
    RetentionProfile,
    Step,
    StoreLook,
    Witness,
)
from witnessmark.model.scenario import (
    Attack,
    Expectation,
    ExpectedAnswer,
    Phase,
    RecordPattern,
    Scenario,
)

T0 = 1_800_000_000 * 10**9
SECOND = 10**9
DAY = 86_400 * SECOND
MARK = "wm-example-001a"
PATH = f"/Users/purple/Downloads/witnessmark/example/001/{MARK}.sh"
CACHED = f"/Users/purple/Library/Caches/org.witnessmark/example/{MARK}.sh"
SHELL, RUNNER, PAYLOAD = 400, 400, 401
HOST, SOURCE = "example", "eslogger"
_WITNESS = (Witness(mark=MARK, pid=PAYLOAD, ppid=RUNNER),)


def drop_exec(
    *,
    witnesses: tuple[Witness, ...] = _WITNESS,
    status: int | None = 0,
    without: str | None = None,
    controls: bool = True,
    strip_parent: bool = False,
    detected: bool = True,
    received_after_s: float = 0.1,
    oldest_days: float = 40.0,
    intact: bool | None = True,
    left: tuple[str, ...] = (),
    alive: bool = False,
    looked: bool = True,
    expect: ExpectedAnswer = ExpectedAnswer.FIRES,
    role: Role = Role.ORGANISATION,
    analytic: str | None = "embedded",
    skipped: str | None = None,
    coverage: Coverage | None = None,
    path: str = PATH,
    form: Form = "script",
    strip_script: bool = False,
    offset_s: float = 0.0,
) -> CaseEvidence:
    """Evidence of one drop-exec case on one source, whole unless an argument breaks it."""
    case = _case(expect)
    events = tuple(
        item
        for item in (_drop(path), _exec(path, form, strip_parent, strip_script))
        if item.kind.value != without
    )
    return CaseEvidence(
        case=case,
        act=_act(case, witnesses, status, left, alive, looked, skipped, path, form),
        facts=HostFacts(
            name=HOST,
            origin="stand-in",
            clock_offset_s=offset_s,
            clock_offset_end_s=offset_s,
            clock_uncertainty_s=0.0,
            left_behind=() if looked else None,
        ),
        source=Source(
            name=SOURCE, kind="eslogger", role=role, analytic=analytic, path="/var/log/es.ndjson"
        ),
        collection=_collection(intact),
        stream=Stream(
            host=HOST,
            source=SOURCE,
            events=events,
            coverage=coverage or Coverage(lines=2, events=2),
        ),
        detections=(_detection(path, received_after_s),) if detected and without != "exec" else (),
        controls=Controls(before=controls, after=controls, reason="the control did not fire"),
        retention=RetentionProfile(id="ir-30d", title="30 days", required="30d", why="example"),
        oldest_ns=int(T0 - oldest_days * DAY),
        as_of_ns=T0 + 60 * SECOND,
    )


def _case(expect: ExpectedAnswer) -> Case:
    fires = expect is ExpectedAnswer.FIRES
    return Case(
        id=f"x01-example:{HOST}",
        index=1,
        host=HOST,
        scenario=Scenario(
            id="x01-example",
            title="example",
            what="a drop that is run",
            why="example",
            limits="synthetic",
            attack=Attack(technique="T1659"),
            family="drop-exec",
            branch="B",
            expect=Expectation(answer=expect, branch="B" if fires else "none", reason="example"),
            records=(
                RecordPattern(id="drop", event=("close",), step="drop", fields=("path",)),
                RecordPattern(
                    id="exec", event=("exec",), step="exec", fields=("target.parent", "args")
                ),
            ),
        ),
    )


def _act(
    case: Case,
    witnesses: tuple[Witness, ...],
    status: int | None,
    left: tuple[str, ...],
    alive: bool,
    looked: bool,
    skipped: str | None,
    path: str,
    form: Form,
) -> Act:
    steps = (
        Step(step="drop", path=path, to=None, pid=SHELL, ppid=1, status=0),
        Step(step="exec", path=path, to=None, pid=PAYLOAD, ppid=RUNNER, status=status or 0),
    )
    phases = tuple(
        PhaseResult(
            phase=phase,
            mark=MARK[:-1] + phase.value[0],
            started_ns=T0 + number * 4 * SECOND,
            finished_ns=T0 + (number * 4 + 3) * SECOND,
            status=status if phase is Phase.ATTACK else 0,
            steps=steps if phase is Phase.ATTACK else (),
        )
        for number, phase in enumerate(Phase)
    )
    listing = Listing(taken_ns=T0, paths=("/Users/purple",))
    after = Listing(
        taken_ns=T0 + 12 * SECOND,
        paths=("/Users/purple", *left),
        processes=(PAYLOAD,) if alive else (),
    )
    return Act(
        case_id=case.id,
        phases=() if skipped else phases,
        witnesses=witnesses,
        files=(FileFact(path=path, form=form),),
        before=listing if looked else None,
        after=after if looked else None,
        skipped=skipped,
    )


def _process(pid: int, path: str, parent: int | None) -> Process:
    return Process(
        token=Token(pid=pid, pidversion=pid * 10),
        path=path,
        parent=Token(pid=parent, pidversion=parent * 10) if parent else None,
        ppid=parent,
    )


def _drop(path: str) -> Event:
    return Event(
        id=f"{HOST}/{SOURCE}/1",
        host=HOST,
        source=SOURCE,
        line=1,
        kind=Kind.CLOSE,
        seq=0,
        global_seq=1,
        time_ns=T0 + 4 * SECOND,
        process=_process(SHELL, "/bin/sh", 1),
        file=FileRef(path=path, dev=1, ino=7),
        modified=True,
    )


def _exec(path: str, form: Form, strip_parent: bool, strip_script: bool) -> Event:
    image = path if form == "executable" else "/bin/sh"
    named = form == "script" and not strip_script
    return Event(
        id=f"{HOST}/{SOURCE}/2",
        host=HOST,
        source=SOURCE,
        line=2,
        kind=Kind.EXEC,
        seq=0,
        global_seq=2,
        time_ns=T0 + 6 * SECOND,
        process=_process(PAYLOAD, "/bin/sh", RUNNER),
        target=_process(PAYLOAD, image, None if strip_parent else RUNNER),
        script=FileRef(path=path) if named else None,
        args=("/bin/sh", path) if named else (f"{MARK}",),
        cwd="/Users/purple",
    )


def _detection(path: str, received_after_s: float) -> Detection:
    when = T0 + 6 * SECOND
    return Detection(
        answer=Answer.FIRED,
        branch=Branch.B,
        rules=("B1", "B3", "B5"),
        host=HOST,
        exec=ExecRef(
            pid=PAYLOAD,
            pidversion=PAYLOAD * 10,
            seq=2,
            event_id=f"{HOST}/{SOURCE}/2",
            path="/bin/sh",
            script=path,
            time_ns=when,
        ),
        drop=DropRef(seq=1, event_id=f"{HOST}/{SOURCE}/1", path=path, time_ns=T0 + 4 * SECOND),
        gap_s=2.0,
        severity="high",
        received_ns=when + int(received_after_s * SECOND),
    )


def _collection(intact: bool | None) -> Collection:
    look = StoreLook(
        taken_ns=T0 + 30 * SECOND,
        start=0,
        end=100,
        size=100,
        intact=intact,
        problem=None if intact is not None else "the store could not be read",
    )
    return Collection(host=HOST, source=SOURCE, look=look)
