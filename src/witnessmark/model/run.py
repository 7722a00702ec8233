"""What was planned and what really happened on the hosts, before anything is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from witnessmark.model.hosts import Host
from witnessmark.model.notice import Announced
from witnessmark.model.parts import Absence, Hole, SensorFact
from witnessmark.model.parts import RetentionProfile as RetentionProfile
from witnessmark.model.scenario import Phase, Scenario
from witnessmark.model.unifiedlog import LogLook

Form: TypeAlias = Literal["script", "executable"]
RUNS = ("exec", "spawn", "browser")
"""Receipt steps that name a process which ran."""
PLAYED = ("exec", "spawn", "source", "installed")
"""Receipt steps by which a payload's code ran, so that it left evidence, if not always an exec."""
STARTED = ("exec", "browser", "parent", "agent", "wrapper", "extract", "fetch")
"""Receipt steps whose parent is the case's own too; a spawn's may be whoever adopted an orphan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One scenario variant on one host; its id is stable across runs."""

    id: str
    index: int
    host: str
    scenario: Scenario
    axes: tuple[tuple[str, str], ...] = ()
    timeout_s: float = 60.0
    lab: bool = False
    """True when lab overrides apply: totalled apart, never counted as coverage."""
    control: str | None = None
    """``before`` or ``after`` for a positive control; None for an ordinary case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Exactly what ``run`` will do, in order, host by host."""

    run_id: str
    profile: str | None
    window_s: float
    late_arrival_s: float
    hosts: tuple[Host, ...]
    cases: tuple[Case, ...]
    notice: Announced | None = None
    """The signed notice that announced the run to the SOC, if one did."""

    def mark(self, case: Case, phase: Phase) -> str:
        """The mark of a phase: unique per run, host, case and phase."""
        return f"wm-{self.run_id}-{case.index:03d}{phase.value[0]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One receipt line: what a scenario script really did (paths in the host's own view)."""

    step: str
    path: str | None
    to: str | None
    pid: int | None
    ppid: int | None
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A line of the evidence file, written by a payload itself while it ran."""

    mark: str
    pid: int
    ppid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseResult:
    """One phase of one case: when it ran on the controller's clock, and how it ended."""

    phase: Phase
    mark: str
    started_ns: int
    finished_ns: int
    status: int | None
    """Exit status; None when it was ended by a signal, a timeout or a lost connection."""
    timed_out: bool = False
    steps: tuple[Step, ...] = ()
    stdout: str = ""
    stderr: str = ""
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFact:
    """What one ``stat`` pass after the attack said of a file; None where it could not be known."""

    path: str
    ino: int | None = None
    size: int | None = None
    birth_ns: int | None = None
    change_ns: int | None = None
    sha256: str | None = None
    form: Form | None = None
    """From the first bytes: a Mach-O or ELF file is an executable, other text is a script."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Files and processes of interest on a host at one moment (paths in the host's own view)."""

    taken_ns: int
    paths: tuple[str, ...] = ()
    processes: tuple[int, ...] = ()
    """Which of the case's processes, or of the groups that they lead, still ran."""
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """All that one case really did on its host."""

    case_id: str
    phases: tuple[PhaseResult, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    files: tuple[FileFact, ...] = ()
    before: Listing | None = None
    after: Listing | None = None
    skipped: str | None = None
    """Why the case does not apply to this host (a need is missing)."""
    error: str | None = None
    """Why the case could not be carried out or watched; a sentence that names the host."""
    started: bool = True
    """False only if it is certain that nothing of the case was ever started on the host."""
    part: int = 0
    """Which part of a resumed run played it; 0 is the first, and the only one of most runs."""

    def phase(self, phase: Phase) -> PhaseResult | None:
        """The result of one phase, or None if it never started."""
        return next((item for item in self.phases if item.phase == phase), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLook:
    """A second look into a source's own store at the end of a run: what retention can say now."""

    taken_ns: int
    start: int
    """Byte offset in the store where collection began."""
    end: int
    size: int | None = None
    intact: bool | None = None
    """Whether the bytes collected are still there unchanged; None when it could not be read."""
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """What a host said of itself, in every bag. Empty strings mean that it did not say."""

    name: str
    origin: str
    os: str = ""
    os_version: str = ""
    os_build: str = ""
    machine: str = ""
    chip: str = ""
    user: str = ""
    home: str = ""
    names: tuple[str, ...] = ()
    """What it calls itself: its host names, serial number and hardware UUID, as far as it says."""
    clock_offset_s: float | None = None
    """Seconds that its clock was ahead of the controller's when the run reached it."""
    clock_offset_end_s: float | None = None
    """The same after its last case; None when it could not be asked again."""
    clock_uncertainty_s: float | None = None
    """By how much any of these measurements may be wrong, either way; None: nobody knows."""
    have: tuple[str, ...] = ()
    gatekeeper: str = ""
    """The first line of ``spctl --status``."""
    sip: str = ""
    """The first line of ``csrutil status``."""
    safari_safe_downloads: str = ""
    """Safari's AutoOpenSafeDownloads: 1, 0, or absent where it could be read and is not set."""
    log_config: str = ""
    """The first line of ``log config --status``, which asks for root."""
    xprotect: str = ""
    """Version of XProtect's rules, the system's own policy on malware."""
    extensions: tuple[str, ...] = ()
    """System extensions that are activated and enabled, each with its version."""
    sensors: tuple[SensorFact, ...] = ()
    """What is deployed for each source."""
    consent_owner: str = ""
    consent_expires: str = ""
    standin: str = ""
    """A stand-in's mode and why it is that one, as it was booted; empty for a Mac."""
    problem: str | None = None
    left_behind: tuple[str, ...] | None = None
    """What of the run was still on the host after teardown; None when nobody could look."""
    offsets_s: tuple[float | None, ...] = ()
    """The clock offset as each part of a resumed run measured it; empty for a run in one piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What was collected of one source of one host; the bytes lie beside it in the bag."""

    host: str
    source: str
    chunks: tuple[tuple[int, int | None], ...] = ()
    """(end byte offset in the raw file, received_at in ns UTC; None: nobody saw when) per chunk."""
    start: int = 0
    look: StoreLook | None = None
    problem: str | None = None
    holes: tuple[Hole, ...] = ()
    """Where one controller stopped and the next went on; empty for a run in one piece."""
    grain_ns: int = 0  # how long before its chunk's time a record may have come, between two looks
    log: LogLook | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """run.json: the plan and all that was seen of it, apart from the raw evidence itself."""

    format: int
    tool: str
    started_ns: int
    finished_ns: int
    plan: Plan
    facts: tuple[HostFacts, ...]
    acts: tuple[Act, ...]
    collections: tuple[Collection, ...]
    deliveries: tuple[Collection, ...] = ()
    """What arrived at the destination of each source that has one, named as the source."""
    retention: tuple[RetentionProfile, ...] = ()
    faults: tuple[str, ...] = ()
    """Faults that a stand-in was given on purpose, in words."""
    absences: tuple[Absence, ...] = ()
    """When no controller was there; the part of number N of the run follows the Nth of them."""
