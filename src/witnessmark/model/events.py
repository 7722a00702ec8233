"""What a sensor said happened, in one narrow shape for every source.

``None`` always means *this source did not say*, never *no*. Times are integers, nanoseconds since
the Unix epoch, UTC. Paths are as the source wrote them; the analytic makes canonical keys (K2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """Event kinds, named as Endpoint Security names them."""

    EXEC = "exec"
    FORK = "fork"
    EXIT = "exit"
    CREATE = "create"
    CLOSE = "close"
    RENAME = "rename"
    LINK = "link"
    UNLINK = "unlink"
    CLONE = "clone"
    COPYFILE = "copyfile"
    SETEXTATTR = "setextattr"
    SETMODE = "setmode"
    MOUNT = "mount"
    UNMOUNT = "unmount"
    DENIED = "denied"
    """An execution that the source says was stopped: ``target`` never ran."""
    LOG = "log"
    """A line of a log that a process wrote: what it says is ``message``."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An audit token, as far as the source gives it. (pid, pidversion) names one process image.

    Pid 0 is the kernel, or a process that acted and whose pid the source did not say.
    """

    pid: int
    pidversion: int | None = None
    euid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRef:
    """A file as an event names it; dev and ino survive renames where the source gives them."""

    path: str
    dev: int | None = None
    ino: int | None = None
    size: int | None = None
    birth_ns: int | None = None
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process image. Signing fields are ``None`` where the source cannot know them."""

    token: Token
    path: str
    parent: Token | None = None
    responsible: Token | None = None
    ppid: int | None = None
    original_ppid: int | None = None
    group_id: int | None = None
    session_id: int | None = None
    start_ns: int | None = None
    signing_id: str | None = None
    team_id: str | None = None
    cdhash: str | None = None
    cs_flags: int | None = None
    platform_binary: bool | None = None
    file: FileRef | None = None
    simulated: frozenset[str] = frozenset()
    """Names of fields that the recording host could not know and did not really measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One record of a source, normalised.

    ``process`` acted; for exec it is the image *before*, ``target`` the image *after* (same pid,
    pidversion + 1). ``file`` is the object of a file event; for rename, link, clone and copyfile
    ``source_file`` is where it came from and ``file`` where it went; for mount and unmount ``file``
    is the mount point and ``source_file`` the device.
    """

    id: str
    """``<host>/<source>/<line number>`` (contracts.md); what a line holds besides its first event
    is told apart by ``.2``, ``.3`` and so on."""
    host: str
    source: str
    line: int
    kind: Kind
    time_ns: int
    process: Process
    seq: int | None = None
    global_seq: int | None = None
    received_ns: int | None = None
    """When the collector received the record, where known."""
    target: Process | None = None
    parent: Process | None = None
    """The target's parent, where the record itself describes more of it than its pid."""
    script: FileRef | None = None
    """Set by ES only when a script is executed directly (``./x.sh``), not for ``sh x.sh``."""
    args: tuple[str, ...] | None = None
    cwd: str | None = None
    dyld_exec_path: str | None = None
    child: Process | None = None
    file: FileRef | None = None
    source_file: FileRef | None = None
    modified: bool | None = None
    mapped_writable: bool | None = None
    existed: bool | None = None
    """For rename and create: whether the destination existed before."""
    xattr: str | None = None
    mode: int | None = None
    exit_status: int | None = None
    message: str | None = None
    subsystem: str | None = None
    """``subsystem:category`` of a log line."""
    offset: int = 0
    """Byte offset at which the line begins in its stream, so that its raw bytes can be found."""
    numbered_apart: bool = False
    """Whether others of the source's records are numbered by another counter: ``global_seq`` then
    shows what was lost, but not what came first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Sequence numbers that never arrived: the sensor or its pipe lost ``missing`` records."""

    line: int
    time_ns: int | None
    missing: int
    counter: str
    """``global``, the event type whose own counter jumped, ``restart`` (the sensor began to count
    anew), or the source's own words for a loss that it told of. With the last two nobody knows how
    many records are missing (``missing`` is then 1)."""
    since_ns: int | None = None
    """The loss lies between this and ``time_ns``, as far as no single record is trusted: the
    earlier time of the two records before the hole, and the later of the two behind it. None:
    nobody knows, as where times run backwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that no decoder could use, with the reason; the line itself stays in the bag."""

    line: int
    reason: str
    time_ns: int | None = None
    """The earlier time of the two good records before it, so that its window is known even if one
    of them has a wrong time."""
    unknown_shape: bool = False
    """True when the line is valid JSON of a record shape that the decoder does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of a stream could be trusted: what makes silence mean something, or not.

    Every line is accounted for:
    ``lines + more == events + other + notices + len(bad) + blank + duplicates + elsewhere``.
    """

    lines: int = 0
    events: int = 0
    """Records of the kinds that the model knows."""
    other: int = 0
    """Records of other event types: in the stream as ``Kind.OTHER``, named in ``kinds``."""
    notices: int = 0
    """Lines that tell of no process: what a sensor says of itself, or of things that AN0994 has no
    use for. Named in ``kinds``, and no event of the stream."""
    more: int = 0
    """Events that a line holds besides its first (an osquery batch)."""
    blank: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    gaps: tuple[Gap, ...] = ()
    bad: tuple[BadLine, ...] = ()
    elsewhere: int = 0
    """Records that name another host: in no other sum, and no event of the stream."""
    duplicates: int = 0
    """Lines left out because the same bytes came before under the same global sequence number."""
    out_of_order: int = 0
    backwards_ns: int = 0
    """How far times run backwards against the sequence numbers at most, if by more than a second:
    some record's time is wrong then, or the host's clock was set."""
    kinds: tuple[tuple[str, int], ...] = ()
    """How many records of each event type, under the source's own name for it, sorted."""

    @property
    def read(self) -> int:
        """How many records of the source's own could be read, new or repeated."""
        return self.events + self.other + self.notices + self.duplicates


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRow:
    """A process that was already running when capture began (ps-like: no pidversion, see K1)."""

    pid: int
    ppid: int
    path: str
    start_ns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Everything one source said about one host: what the analytic and the validators read."""

    host: str
    source: str
    events: tuple[Event, ...]
    coverage: Coverage
    hosts: tuple[str, ...] = ()
    """By what names the records call their hosts, sorted; empty where they name none."""
    snapshot: tuple[SnapshotRow, ...] = ()
    home_dirs: tuple[str, ...] = field(default=())
    """Home directories known on the host; empty means: infer ``/Users/*`` and ``/var/root``."""
    symlinks: tuple[tuple[str, str], ...] = ()
    """(link, target) of directories known to be links, such as a relocated ``~/Downloads`` (K2)."""
    case_sensitive: bool = False
    """Whether the host's volumes tell ``X.sh`` from ``x.sh``; macOS's usually do not (K2)."""
    resolution_ns: int = 1
    """Granularity of the source's times; one that straddles a window leaves it undecided (B5)."""
    lacks_wrapped_execs: bool = False
    """Whether the source has no exec of what a wrapper such as ``env`` or ``sudo`` runs in turn, so
    that the wrapper's own words are all there is (B3); such detections are marked ``inferred``."""
