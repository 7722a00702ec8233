"""What a host in namespaces is given of this machine: its Mac's commands, their libraries, Python.

The same links that lead a prefix host's PATH to the machine's commands say here which file is bound
where, so both modes have the same commands.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import witnessmark

VOLUME = "/System/Volumes/Standin"
"""Where the stand-in's own machinery lies on the host, as a Mac's lies on volumes beside `/`."""
HOME = "/Users/purple"
PYTHON = f"{VOLUME}/bin/python3"
LIBRARY = f"{VOLUME}/lib/witnessmark"
"""The folder to import this package from."""

_COMMANDS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin")
_LIBRARIES = ("/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/share")
_NEEDED = (
    "paramiko",
    "cryptography",
    "nacl",
    "bcrypt",
    "cffi",
    "_cffi_backend",
    "invoke",
    "msgspec",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Paths without the host's root before them; ``files`` and ``trees`` are (machine, host)."""

    covers: tuple[str, ...]
    """Folders that become read-only and hold nothing but what is listed here."""
    folders: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    """(name, where it leads)."""
    files: tuple[tuple[str, str], ...]
    trees: tuple[tuple[str, str], ...]
    home: str
    """Where init begins."""

    @property
    def environment(self) -> dict[str, str]:
        """What init needs to find this package; no log-in sees it."""
        packages = [target for _, target in self.trees if target.startswith(f"{VOLUME}/packages")]
        return {
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
            "PYTHONPATH": os.pathsep.join([LIBRARY, *packages]),
            "PYTHONDONTWRITEBYTECODE": "1",
        }


def layout(root: Path) -> Layout:
    """Reads the host's folders as `tree.build` made them."""
    links, files = [(f"/usr/bin/{name}", PYTHON) for name in ("python3",)], []
    for folder in _COMMANDS:
        for item in sorted((root / folder[1:]).iterdir()):
            if item.name != "python3" and item.resolve().is_file():
                files.append((str(item.resolve()), f"{folder}/{item.name}"))
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    links.append((PYTHON, version))
    files.append((str(Path(sys.executable).resolve()), f"{VOLUME}/bin/{version}"))
    # Some builds look for their library beside them (RPATH), where no distribution puts it.
    for library in Path(sys.base_prefix, "lib").glob("libpython*.so*"):
        files.append((str(library.resolve()), f"{VOLUME}/lib/{library.name}"))
    here = Path(witnessmark.__file__).parent
    trees = [
        *((name, name) for name in _LIBRARIES if Path(name).is_dir()),
        (sysconfig.get_path("stdlib"), f"{VOLUME}/lib/{version}"),
        (str(here), f"{LIBRARY}/witnessmark"),
        *((found, f"{VOLUME}/packages{n}") for n, found in enumerate(_packages())),
    ]
    return Layout(
        covers=("/bin", "/sbin", "/usr", VOLUME),
        folders=("/usr/bin", "/usr/sbin", f"{VOLUME}/bin", f"{VOLUME}/lib"),
        links=tuple(links),
        files=tuple(files),
        trees=tuple(trees),
        home=HOME,
    )


def prepare(root: Path) -> None:
    """Makes what the namespaces are mounted on; harmless where it is there already."""
    for folder in ("dev", "proc", VOLUME[1:]):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name in ("lib", "lib32", "lib64"):  # where the kernel looks for the dynamic linker
        real, link = Path("/usr", name), root / name
        if real.is_dir() and not link.is_symlink():
            link.symlink_to(f"usr/{name}")


def _packages() -> list[str]:
    """The folders that the packages lie in which init imports; never the folder of a checkout."""
    found = []
    for name in _NEEDED:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        file = Path(spec.origin)
        found.append(str(file.parents[1] if file.name == "__init__.py" else file.parent))
    return list(dict.fromkeys(found))
