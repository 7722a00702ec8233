"""Every error that witnessmark raises on purpose.

WitnessmarkError        one clear sentence for the user; `exit_code` is what the CLI returns
├── ContentError        content and inventory: all problems, each with file:line (exit 2)
├── UsageError          a wrong option or path (exit 2)
├── Unsupported         cannot be done here, and is never approximated (exit 2)
├── HostError           a host could not be reached, trusted or prepared; names it (exit 3)
│   ├── HostKeyError    the host's SSH key is not the one in known_hosts
│   └── ServerError     a log server could not be asked, or what it said cannot be relied on
├── NoticeError         a notice is not signed, was altered, or does not announce this (exit 2)
├── JournalError        a run's journal cannot be written or read (exit 2)
├── PackError           a pack would tell whose it is, or is not as it was made (exit 1)
└── BagError            an evidence bag is incomplete or altered (exit 2)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class WitnessmarkError(Exception):
    """A problem the user can mend: the message names the file, line or host and the mend."""

    exit_code = 2

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences
        """What is wrong, one each; a line break within one is of a name that it quotes."""


class ContentError(WitnessmarkError):
    """One or more problems in content or inventory files, all collected before raising."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(*problems)
        self.problems = self.sentences


class UsageError(WitnessmarkError):
    """An option, argument or path that cannot be used as given."""


class Unsupported(WitnessmarkError):  # noqa: N818 - reads as the sentence it raises
    """What was asked cannot be done here; doing something close instead would mislead."""


class HostError(WitnessmarkError):
    """A host could not be reached, trusted, prepared or driven. Names the host and the mend."""

    exit_code = 3


class HostKeyError(HostError):
    """The key that a host offered is not the one recorded for it in known_hosts."""


class ServerError(HostError):
    """A log server could not be asked for a host's records, or its answer cannot be relied on.

    ``lasting``: asking once more would not help (no such index, no right, a wrong certificate).
    """

    def __init__(self, message: str, *, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


class NoticeError(WitnessmarkError):
    """A SOC notice is not signed, was altered, or does not announce what is about to be done."""


class JournalError(WitnessmarkError):
    """A run's journal cannot be written, or a line of it cannot be trusted. Names file and line."""


class PackError(WitnessmarkError):
    """A pack would tell who or where it is of, or is not what was written. Says what to do."""

    exit_code = 1


class BagError(WitnessmarkError):
    """An evidence bag is missing something or its bytes do not match its manifest."""
