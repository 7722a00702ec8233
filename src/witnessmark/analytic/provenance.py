"""B7: what is run from a volume of a dropped disk image, or by the installer of a dropped package.

Off by default. Some sources name the image of each volume (Santa's ``dmgpath``). Else ``hdiutil
attach`` tells the image and perhaps the mount point; a mount record that tells only the mount point
is tied to the one attach that is under way (``inferred``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from witnessmark.analytic.executions import Found
from witnessmark.analytic.unwrap import attached
from witnessmark.model.events import FileRef, Kind

if TYPE_CHECKING:
    from witnessmark.analytic.keys import Paths
    from witnessmark.analytic.origins import Origins
    from witnessmark.analytic.parameters import Parameters
    from witnessmark.analytic.tasks import Image
    from witnessmark.analytic.trace import Trace
    from witnessmark.analytic.tracked import Content, File
    from witnessmark.model.events import Event

VOLUMES = "/Volumes/"
MOST_VOLUMES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Where a volume's files come from."""

    hit: tuple[File, Content] | None
    """The dropped image; None if the image is known to be no drop."""
    known: bool = True
    """False if nobody told which image it is."""
    inferred: bool = False
    awaited: bool = False
    """An attach named the mount point; its mount record is still to come."""


UNKNOWN = Volume(hit=None, known=False)


class Provenance:
    """Follows dropped containers to what is run out of them; says nothing if it is switched off."""

    def __init__(self, params: Parameters, paths: Paths, origins: Origins, trace: Trace) -> None:
        self.on = params.provenance
        self._paths = paths
        self._origins = origins
        self._trace = trace
        self._window_ns = int(params.drop_exec_window * 1e9)
        self._attachers = paths.exactly(params.image_attachers)
        self._services = paths.exactly(params.package_services)
        self._images = paths.names(params.image_names)
        self._packages = paths.names(params.package_names)
        self._volumes: dict[str, Volume] = {}
        self._under_way: dict[int, tuple[int, tuple[File, Content] | None]] = {}

    def on_exec(self, event: Event, image: Image) -> None:
        """Note an attach, and which dropped image it is of."""
        if not self.on:
            return
        pid = image.process.token.pid
        self._under_way.pop(pid, None)
        if not self._attachers.match(self._paths.key(image.process.path)):
            return
        asked = attached(event.args or ())
        path = None if asked is None else self._paths.resolve(asked.image, event.cwd)
        if asked is None or path is None:
            return
        hit = self._origins.of(FileRef(path=path))
        given = asked.mount_point
        point = None if given is None else self._paths.resolve(given, event.cwd)
        if point is not None:
            self._mounted(point, Volume(hit=hit, awaited=True))
        else:
            self._under_way[pid] = (event.time_ns, hit)

    def on_exit(self, event: Event) -> None:
        """An attach that has ended mounts nothing more."""
        self._under_way.pop(event.process.token.pid, None)

    def on_mount(self, event: Event) -> None:
        """A volume came or went."""
        origin = event.source_file
        if event.file is None or origin is None:
            return
        key = self._paths.key(event.file.path)
        if event.kind is Kind.UNMOUNT:
            self._volumes.pop(key, None)
        elif self._images.match(self._paths.key(origin.path).rpartition("/")[2]):
            self._mounted(event.file.path, Volume(hit=self._origins.of(origin)))
        elif origin.path.startswith("/dev/"):
            before = self._volumes.get(key)
            if before is not None and before.awaited:
                self._mounted(event.file.path, replace(before, awaited=False))
            else:
                self._mounted(event.file.path, self._attached(event))

    def find(self, event: Event, image: Image, script: str | None) -> Found | None:
        """The drop of the container that what is executed came out of."""
        if not self.on:
            return None
        for path in (script, image.process.path):
            volume = self._volume(path)
            if path is not None and volume is not None and volume.hit is not None:
                file, drop = volume.hit
                key = self._paths.key(path)
                return Found(file=file, drop=drop, key=key, how="volume", inferred=volume.inferred)
        return self._package(event, image)

    def missing(self, event: Event, image: Image, script: str | None) -> str | None:
        """The fact whose absence leaves it open whether this came out of a dropped container."""
        if not self.on:
            return None
        if event.args is None and self._by_installer(image) and self._live(event, packages=True):
            return "args missing, so the package is not known"
        for path in (script, image.process.path):
            volume = self._volume(path)
            unknown = volume is not None and not volume.known
            if path is not None and unknown and self._live(event, packages=False):
                return f"not known which image {path} was mounted from"
        return None

    def _attached(self, event: Event) -> Volume:
        """Of which image a volume is that appears while images are being attached."""
        begun = event.time_ns - self._window_ns
        hits = [hit for since, hit in self._under_way.values() if since >= begun]
        return Volume(hit=hits[0], inferred=True) if len(hits) == 1 else UNKNOWN

    def _mounted(self, point: str, volume: Volume) -> None:
        self._volumes[self._paths.key(point)] = volume
        if len(self._volumes) > MOST_VOLUMES:
            del self._volumes[next(iter(self._volumes))]

    def _volume(self, path: str | None) -> Volume | None:
        if path is None:
            return None
        key = self._paths.key(path)
        for point, volume in reversed(self._volumes.items()):
            if key.startswith(point + "/"):
                return volume
        return UNKNOWN if key.startswith(self._paths.key(VOLUMES) + "/") else None

    def _by_installer(self, image: Image) -> bool:
        above = image.task.ancestry
        return bool(above and self._services.match(self._paths.key(above[0].path)))

    def _package(self, event: Event, image: Image) -> Found | None:
        """The installer gives the package's path to each of its scripts, as their first word."""
        if not self._by_installer(image):
            return None
        for word in event.args or ():
            if not word.startswith("/"):
                continue
            key = self._paths.key(word)
            hit = self._origins.of(FileRef(path=word))
            if hit is not None and self._packages.match(key.rpartition("/")[2]):
                return Found(file=hit[0], drop=hit[1], key=key, how="package")
        return None

    def _live(self, event: Event, *, packages: bool) -> bool:
        """Whether a container was dropped so lately that it could matter."""
        names = self._packages if packages else self._images
        return any(
            file.drop is not None
            and event.time_ns - file.drop.time_ns <= self._window_ns
            and names.match(key.rpartition("/")[2])
            for key, file in self._origins.table.drops()
        )
