"""What went wrong on a host, as one sentence that names the host and the mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from witnessmark.model.hosts import Host

REFUSED = 64
"""Exit status of the shell scripts in inventory/playbooks/ for "must not be used"."""

_CONSENT = "its owner writes `owner: NAME` and `expires: YYYY-MM-DD` into it"
_TCC = (
    "allow it for remote users in System Settings > Privacy & Security > Full Disk Access "
    "(macOS), or correct its owner and mode"
)
_LINK = "remove the link after looking where it leads"

_WHY = {
    "consent-missing": f"no consent file {{consent}} on the host; {_CONSENT}",
    "consent-link": "the consent file {consent} is a symbolic link; its owner writes a plain file",
    "consent-unreadable": "{user} may not read the consent file {consent}; make it readable",
    "consent-twice": "the consent file {consent} has more than one line `{detail}:`; leave one",
    "consent-line": f"the consent file {{consent}} has no line `{{detail}}: ...`; {_CONSENT}",
    "consent-date": "{consent} says expires: {detail}; write the day as YYYY-MM-DD",
    "consent-expired": "consent expired on {detail} (UTC); the owner renews {consent}",
    "link": f"{{detail}} is a symbolic link, which is never followed; {_LINK}",
    "not-private": "{detail} is there already and is no folder that only {user} may write in; look "
    "who made it, then remove it or correct its owner and mode (700)",
    "no-home": "the user's home {detail} does not exist; log in to the Mac once as {user}",
    "folder-missing": "{detail} does not exist; log in to the Mac once as {user} or create it",
    "folder-denied": f"{{user}} may not write in {{detail}}; {_TCC}",
    "unreadable": f"{{user}} may not look into {{detail}}, so nobody can say it is clean; {_TCC}",
    "not-written": "could not write {detail}; is the disk full or read-only?",
    "altered": "{detail} did not arrive as it was sent; is the disk full? then prepare again",
    "no-dead-man": "the dead-man timer could not be started; are `ps` and `sleep` on PATH?",
    "alive": "run {detail} is going on, its controller was heard of just now; stop that first, or "
    "say `witnessmark teardown --run {detail}`",
    "not-removed": "could not remove {detail}; remove it by hand",
    "foreign": "{detail} holds something that is no run's; look at it and remove it by hand",
}

_UNREACHABLE = (
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", "key-changed"),
    ("Host key verification failed", "key-unknown"),
    ("Permission denied", "denied"),
    ("Could not resolve hostname", "name"),
    ("Connection refused", "refused"),
    ("timed out", "timeout"),
    ("Failed to create temporary directory", "tmp"),
    ("No user exists for uid", "uid"),
)

_REACH = {
    "key-changed": "its host key is not the one in {known}; if the host was rebuilt, replace its "
    "line there after checking the key on the host itself",
    "key-unknown": "no host key in {known}; add it after checking it on the host",
    "denied": "login as {user} was refused; check ansible_user and ansible_ssh_private_key_file",
    "name": "its name {address} is not known; correct ansible_host",
    "refused": "nothing listens at {address}:{port}; is Remote Login switched on?",
    "timeout": "{address}:{port} did not answer in time; is the host up and reachable from here?",
    "uid": "the OpenSSH client here needs a named user; add the one that runs this to /etc/passwd",
    "tmp": "could not create a folder in ~/.witnessmark; is the disk full or read-only?",
}


def why(host: Host, said: Sequence[Sequence[str]], otherwise: str) -> str:
    """The sentences for the codes that a script on the host printed, else what is known at all."""
    sentences = [
        _WHY[code].format(detail=detail, **_names(host)) for code, detail in said if code in _WHY
    ]
    last = (otherwise.strip().splitlines() or ["it did not finish in time; is it very slow?"])[-1]
    return f"{host.name}: {'; '.join(sentences) or last}"


def unreachable(host: Host, message: str) -> str:
    """What ssh's message means and how to mend it; the message itself if it is not a known one."""
    for text, code in _UNREACHABLE:
        if text in message:
            return f"{host.name}: {_REACH[code].format(**_names(host))}"
    return f"{host.name}: not reachable by SSH ({' '.join(message.split())})"


def _names(host: Host) -> dict[str, object]:
    return {
        "consent": host.consent_file,
        "user": host.user or "the user",
        "known": host.known_hosts or "~/.ssh/known_hosts",
        "address": host.address,
        "port": host.port,
    }
