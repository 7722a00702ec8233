"""profiles(1) of a stand-in host: ``list`` and ``status -type enrollment``, from the manifest.

``{"profiles": [{"identifier": "org.x.y"}], "enrollment": {"dep": false, "mdm": false}}``.
"""

from __future__ import annotations

from .host import Stop, complain, manifest, unknown

_STATUS = (["status", "-type", "enrollment"], ["status", "-type=enrollment"], ["status"])


def main(arguments: list[str], root: str) -> int:
    try:
        if arguments[:1] in (["list"], ["-L"], ["-P"]):
            lines = listed(manifest(root))
        elif arguments in _STATUS:
            lines = enrolled(manifest(root))
        else:
            raise Stop("the stand-in's profiles knows only list and status -type enrollment")
    except Stop as stop:
        return complain("profiles", stop)
    print("\n".join(lines))
    return 0


def listed(known: dict[str, object]) -> list[str]:
    found = known.get("profiles")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        unknown("which configuration profiles it has", "profiles")
    if not found:
        return ["There are no configuration profiles installed for user 'purple'"]
    lines = [
        f"purple[{number}] attribute: profileIdentifier: {item.get('identifier')}"
        for number, item in enumerate(found, 1)
    ]
    return [*lines, f"There are {len(found)} user configuration profiles installed for 'purple'"]


def enrolled(known: dict[str, object]) -> list[str]:
    found = known.get("enrollment")
    if not isinstance(found, dict) or not {"dep", "mdm"} <= found.keys():
        unknown("whether it is enrolled", "enrollment")
    dep, mdm = ("Yes" if found[key] else "No" for key in ("dep", "mdm"))
    return [f"Enrolled via DEP: {dep}", f"MDM enrollment: {mdm}"]
