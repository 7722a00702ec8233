"""csrutil(8) of a stand-in host: only ``status``, and only what the manifest says.

``{"sip": "enabled"}`` or ``"disabled"``.
"""

from __future__ import annotations

from .host import Stop, complain, manifest, unknown


def main(arguments: list[str], root: str) -> int:
    try:
        if arguments != ["status"]:
            raise Stop("a stand-in has no System Integrity Protection; only status works")
        said = manifest(root).get("sip")
        if said not in ("enabled", "disabled"):
            unknown("the state of System Integrity Protection", "sip")
    except Stop as stop:
        return complain("csrutil", stop)
    print(f"System Integrity Protection status: {said}.")
    return 0
