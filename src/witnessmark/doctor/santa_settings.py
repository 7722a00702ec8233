"""Whether Santa is told to record what the cases do (its profile, com.northpolesec.santa)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from witnessmark.model.verdicts import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FOLDERS: Final = ("Downloads/witnessmark", "Library/Caches/org.witnessmark")
"""Where payloads lie, below the home."""
PROFILE: Final = "inventory/playbooks/lab/santa.mobileconfig"
LONGEST: Final = 4_096
_TYPES: Final = {"santa": "filelog", "santa-json": "json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is known of a sensor's settings."""

    status: Status
    message: str
    mend: str = ""


def santa(
    profile: Mapping[str, Any] | None,
    kind: str,
    home: str,
    fits: Callable[[str, str], bool | None],
) -> Setting:
    """What the profile says of file changes below Downloads and Caches.

    Args:
        profile: its keys; None where it cannot be read.
        kind: ``santa`` or ``santa-json``, which is what the log must be.
        home: the user's home.
        fits: whether a path fits an expression; None where nobody can tell.
    """
    if profile is None:
        return _unknown("Santa's profile cannot be read (Managed Preferences)")
    told = profile.get("EventLogType", "filelog")  # Santa's own default
    if told != _TYPES[kind]:
        return _wrong(f"EventLogType is {str(told)[:40]!r}, and a source of kind {kind} is another")
    regex = profile.get("FileChangesRegex")
    if not isinstance(regex, str) or not regex:
        return _wrong("it has no FileChangesRegex, so Santa records no change of any file")
    if len(regex) > LONGEST:
        return _unknown("FileChangesRegex is too long to be tried")
    regex = regex if regex.startswith("^") else f"^{regex}"  # as Santa does
    prefixes = profile.get("FileChangesPrefixFilters", [])
    if not isinstance(prefixes, list) or not all(isinstance(item, str) for item in prefixes):
        return _unknown("FileChangesPrefixFilters is no list of texts")
    for folder in FOLDERS:
        path = f"{home}/{folder}/payload"
        hidden = next((item for item in prefixes if path.startswith(item)), None)
        if hidden is not None:
            return _wrong(f"FileChangesPrefixFilters leaves out {hidden[:80]!r}, and so ~/{folder}")
        seen = fits(regex, path)
        if seen is None:
            return _unknown("nobody could try FileChangesRegex (is there a perl on the host?)")
        if not seen:
            return _wrong(f"FileChangesRegex does not fit files in ~/{folder}")
    message = "Santa is told to record file changes in ~/Downloads and ~/Library/Caches"
    return Setting(status=Status.PASS, message=message)


def _wrong(message: str) -> Setting:
    return Setting(status=Status.FAIL, message=message, mend=f"change the profile as in {PROFILE}")


def _unknown(message: str) -> Setting:
    return Setting(status=Status.ERROR, message=message)
