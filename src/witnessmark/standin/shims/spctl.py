"""spctl(8) of a stand-in host: only ``--status``, and only what the manifest says.

``{"gatekeeper": "enabled"}`` or ``"disabled"``. A stand-in assesses no code.
"""

from __future__ import annotations

from .host import Stop, complain, manifest, unknown

_SAID = {"enabled": "assessments enabled", "disabled": "assessments disabled"}


def main(arguments: list[str], root: str) -> int:
    try:
        if arguments not in (["--status"], ["status"]):
            raise Stop("a stand-in has no Gatekeeper to assess anything; only --status works", 2)
        said = manifest(root).get("gatekeeper")
        if said not in _SAID:
            unknown("whether Gatekeeper is on", "gatekeeper")
        print(_SAID[str(said)])
    except Stop as stop:
        return complain("spctl", stop)
    return 0 if said == "enabled" else 1
