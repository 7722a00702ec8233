"""open(1) of a stand-in host: what it opens becomes a child of the host's init, as by launchd.

``open X.app``, ``open -a NAME`` (also with ``--args ...``), or an executable file. Files are given
to an application by Apple events, which a stand-in has none of: ``-a`` with a file is refused, and
so is what no application here could open. A script is run itself; there is no Terminal around it.
"""

# ruff: noqa: PTH100, PTH110, PTH112, PTH113, PTH118, PTH119, PTH123
from __future__ import annotations

import os
import plistlib

from .host import Stop, complain
from .launchd import ask

_PLACES = ("Applications", "System/Applications", "Users/purple/Applications")


def main(arguments: list[str], root: str) -> int:
    try:
        for argv in wanted(arguments, root):
            ask({"argv": argv}, root, argv[0])
    except Stop as stop:
        return complain("open", stop)
    return 0


def wanted(arguments: list[str], root: str) -> list[list[str]]:
    """The argv of each thing to be started."""
    words, extra = list(arguments), []
    if "--args" in words:
        at = words.index("--args")
        words, extra = words[:at], words[at + 1 :]
    application, files = "", []
    while words:
        word = words.pop(0)
        if word == "-a" and words:
            application = words.pop(0)
        elif word in ("-g", "-j", "-n", "-F"):
            continue
        elif word.startswith("-"):
            raise Stop(f"the stand-in's open has no option {word}")
        else:
            files.append(word)
    if application and files:
        raise Stop("a stand-in has no Apple events to give a file to an application; use --args")
    if application:
        return [[program(bundle(application, root)), *extra]]
    if not files:
        raise Stop("say what to open: an application, or an executable file")
    return [[openable(file), *extra] for file in files]


def bundle(name: str, root: str) -> str:
    if "/" in name:
        return os.path.abspath(name)
    for place in _PLACES:
        found = os.path.join(f"{root}/{place}", f"{name.removesuffix('.app')}.app")
        if os.path.isdir(found):
            return found
    raise Stop(f"Unable to find application named '{name}'")


def program(folder: str) -> str:
    """An application's executable: as its Info.plist says, else by the bundle's own name."""
    name = os.path.basename(folder).removesuffix(".app")
    try:
        with open(f"{folder}/Contents/Info.plist", "rb") as file:
            name = plistlib.load(file)["CFBundleExecutable"]
    except FileNotFoundError:
        pass
    except Exception as problem:  # plistlib raises whatever its parsers do
        raise Stop(f"{folder}: Info.plist: {problem}") from problem
    found = f"{folder}/Contents/MacOS/{name}"
    if "/" in name or not os.access(found, os.X_OK):
        raise Stop(f"The application {folder} cannot be opened: it has no executable {name}")
    return found


def openable(file: str) -> str:
    if not os.path.exists(file):
        raise Stop(f"The file {os.path.abspath(file)} does not exist.")
    if os.path.isdir(file) and file.rstrip("/").endswith(".app"):
        return program(os.path.abspath(file))
    if os.path.isfile(file) and os.access(file, os.X_OK):
        return os.path.abspath(file)
    raise Stop(f"No application knows how to open {os.path.abspath(file)}.")
