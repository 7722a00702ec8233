"""Where each kind of alert says what: dotted paths, tried in order, through objects and lists."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Places = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The places of one kind. ``pid`` to ``time`` begin at a process, the others at the alert."""

    rule: Places
    host: Places = ()
    key: Places = ()
    processes: Places = ()
    """The processes that it is about; a parent among them needs ``actor`` to tell it apart. An
    empty place is the alert itself, if it says anything of a process."""
    actor: Places = ()
    """The pid of the one process that matched."""
    event_time: Places = ()
    """When that was, where no process says it of itself."""
    count: Places = ()
    more: Places = ()
    """How many findings besides the one that is shown."""
    workflow: Places = ()
    pid: Places = ("pid",)
    path: Places = ("path",)
    folder: Places = ()
    """The folder of ``path``, for kinds that tell a file's name and its folder apart."""
    script: Places = ("script",)
    args: Places = ("args",)
    time: Places = ("time",)


SHAPES: Final[Mapping[str, Shape]] = {
    "ndjson": Shape(
        rule=("rule.id", "rule.name", "rule"),
        host=("host.name", "host"),
        key=("id",),
        processes=("processes", "process"),
        event_time=("event_time",),
        count=("count",),
        workflow=("suppressed_by",),
    ),
    # Elastic Security's alert documents; their keys hold dots.
    "elastic": Shape(
        rule=("kibana.alert.rule.uuid", "kibana.alert.rule.rule_id", "kibana.alert.rule.name"),
        host=("host.name", "host.hostname"),
        key=("kibana.alert.uuid",),
        processes=("process",),
        event_time=("kibana.alert.original_time",),
        more=("kibana.alert.suppression.docs_count",),
        path=("executable",),
        script=("Ext.script.path",),
        time=(),
    ),
    # Jamf Protect: related processes hold parents too, so only the one that matched counts.
    "jamf": Shape(
        rule=("match.facts.uuid", "match.facts.name"),
        host=("host.hostname", "host.serial"),
        key=("match.uuid",),
        processes=("related.processes",),
        actor=("match.event.pid", "match.event.process.pid"),
        event_time=("match.event.timestamp",),
        time=(),
    ),
    # Microsoft Defender: alerts of Graph (security/alerts_v2), or of the older API (/api/alerts).
    # An alert of a custom detection has its rule's name as title, and its id as detectorId.
    "defender": Shape(
        rule=("detectorId", "title"),
        host=("evidence.deviceDnsName", "computerDnsName"),
        key=("id",),
        processes=("evidence",),
        pid=("processId",),
        path=("imageFile.fileName", "fileName"),
        folder=("imageFile.filePath", "filePath"),
        args=("processCommandLine",),
        time=("processCreationDateTime", "processCreationTime"),
    ),
    # CrowdStrike Falcon: an alert of alerts/entities/alerts/v2. Its process_id is Falcon's own
    # number; local_process_id is the pid.
    "crowdstrike": Shape(
        rule=("pattern_id", "name", "display_name"),
        host=("device.hostname",),
        key=("composite_id", "id"),
        processes=("",),
        pid=("local_process_id",),
        path=("filepath",),
        args=("cmdline",),
        time=("process_start_time", "context_timestamp", "timestamp"),
    ),
    # Splunk Enterprise Security: notables as JSON, whole or within result (as an export or an
    # alert action gives them), with the fields of the data model Endpoint.Processes.
    "splunk-notable": Shape(
        rule=("result.search_name", "search_name", "result.rule_name", "rule_name"),
        host=("result.dest", "dest", "result.orig_host", "orig_host"),
        key=("result.event_id", "event_id"),
        processes=("result", ""),
        pid=("process_id",),
        path=("process_path", "process_exec"),
        args=("process",),
        time=("orig_time", "_time"),
    ),
}
NAMES: Final = tuple(item.name for item in fields(Shape))
"""What ``fields`` of an inventory may name."""


def shape(kind: str, own: Iterable[tuple[str, str]] = ()) -> Shape:
    """The shape of a kind, with the places that an inventory names instead.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in SHAPES:
        raise ValueError(f"{kind} is no kind of alerts; known are {', '.join(SHAPES)}")
    return replace(SHAPES[kind], **{name: (place,) for name, place in own})


def found(item: object, place: str) -> list[object]:
    """All that lies at a dotted path; keys may hold dots themselves, lists are walked through."""
    if isinstance(item, list):
        return [each for part in item for each in found(part, place)]
    if not place:
        return [item]
    if not isinstance(item, dict):
        return []
    words = place.split(".")
    for size in range(len(words), 0, -1):
        key = ".".join(words[:size])
        if key in item:
            return found(item[key], ".".join(words[size:]))
    return []
