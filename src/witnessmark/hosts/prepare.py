"""Prepares a fleet for a run and cleans it up, by ansible-runner with ``raw`` and ``script``."""

from __future__ import annotations

import math
import re
import shlex
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from witnessmark import ansible
from witnessmark.content import root
from witnessmark.errors import HostError
from witnessmark.hosts.by_ansible import reach_variables, unusable
from witnessmark.hosts.outcome import Outcome, PrepareResult
from witnessmark.hosts.pack import script
from witnessmark.hosts.reasons import REFUSED, unreachable, why
from witnessmark.plan import check_run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from witnessmark.model.hosts import Host

_TASK_S = 60
_FORKS = 20
TIMER = "lib/deadman.sh"
TOLD = frozenset({"removed", "found", "running", "spared"})


def prepare(
    hosts: Sequence[Host], run_id: str, pack: Mapping[str, bytes]
) -> dict[str, PrepareResult]:
    """`prepared`, waited for: one result per host, in order."""
    results = {item.host: item for item in prepared(hosts, run_id, pack)}
    return {host.name: results[host.name] for host in hosts}


def prepared(
    hosts: Sequence[Host], run_id: str, pack: Mapping[str, bytes]
) -> Iterator[PrepareResult]:
    """Lay ``pack`` (relative path -> text) under ``~/.witnessmark/<run_id>/pack`` on every host.

    Yields one result per host as soon as it is known, so that no host waits for another: one that
    is dead or slow comes last. Consent is read on the host first, and nothing is written where it
    is missing or over. Doing it twice is safe: the second time reports ``changed=False``.
    Raises UsageError for a malformed run id, ContentError for a pack that cannot be carried, and
    HostError without an ``ssh`` client or where ansible-runner did not begin at all.
    """
    check_run_id(run_id)
    deploy = script(_shell("pack.sh"), run_id, pack)
    yield from (_not_lab(host) for host in hosts if not host.lab)

    # A host that must wait for its turn gets its timer when the turn comes (heartbeat.py).
    timed = TIMER in pack and len(hosts) <= _FORKS

    def variables(host: Host) -> dict[str, object]:
        consent = host.path_prefix + host.consent_file
        return {
            # Relative to the home. Ansible turns ~ into ~user, whom a stand-in's machine does not
            # know, and quotes no $HOME with a space in it. (This machine: by_ansible.py.)
            "ansible_remote_tmp": f".witnessmark/{run_id}/tmp",  # noqa: S108 - the home's
            "wm_dead_man": math.ceil(host.dead_man_s) if timed else 0,
            "wm_look": with_arguments("look.sh", consent, run_id),
        }

    willing = [host for host in hosts if host.lab]
    yield from _play("prepare.yaml", willing, variables, {"deploy.sh": deploy})


def looked(hosts: Sequence[Host], run_id: str) -> Iterator[PrepareResult]:
    """What `prepared` would find out first, and nothing is laid on any host.

    One result per host as soon as it is known: consent, links, folders. Raises as `prepared` does.
    """
    check_run_id(run_id)
    yield from (_not_lab(host) for host in hosts if not host.lab)

    def variables(host: Host) -> dict[str, object]:
        text = with_arguments("look.sh", host.path_prefix + host.consent_file, run_id)
        return {"wm_look": f"{text}say changed no\n"}

    yield from _play("look.yaml", [host for host in hosts if host.lab], variables, {})


def teardown(hosts: Sequence[Host], run_id: str | None) -> dict[str, PrepareResult]:
    """Remove a run's folders from every host, or all runs' if ``run_id`` is None.

    Needs neither consent nor the lab flag. Safe to repeat; follows no symbolic link.
    """
    if run_id is not None:
        check_run_id(run_id)
    sweep = with_arguments("sweep.sh", run_id or "")
    results = {
        item.host: item for item in _play("teardown.yaml", hosts, lambda _: {"wm_sweep": sweep}, {})
    }
    return {host.name: results[host.name] for host in hosts}


def cleanup(
    hosts: Sequence[Host], run_id: str | None, *, look: bool = False
) -> dict[str, PrepareResult]:
    """`teardown` that spares runs which are going on, and tells all that it did (``told``).

    A run is going on if its heartbeat on the host changes within five seconds. With ``look``
    nothing is changed.
    """
    if run_id is not None:
        check_run_id(run_id)
    mode = "look" if look else "spare"
    sweep = with_arguments("sweep.sh", run_id or "", mode)
    done = _play("teardown.yaml", hosts, lambda _: {"wm_sweep": sweep}, {})
    results = {item.host: item for item in done}
    return {host.name: results[host.name] for host in hosts}


def _play(
    name: str,
    hosts: Sequence[Host],
    variables: Callable[[Host], dict[str, object]],
    files: Mapping[str, bytes],
) -> Iterator[PrepareResult]:
    lost = {host.name: lost for host in hosts if (lost := unusable(host))}
    yield from lost.values()
    waiting = {host.name: host for host in hosts if host.name not in lost}
    if not waiting:
        return
    if any(host.connection == "ssh" for host in waiting.values()) and shutil.which("ssh") is None:
        raise HostError("no OpenSSH client `ssh` on PATH; install openssh-client")
    tasks: dict[str, list[ansible.TaskResult]] = {name: [] for name in waiting}
    problem = None
    try:
        for task in _tasks(name, list(waiting.values()), variables, files):
            tasks[task.host].append(task)
            found = _judge(waiting[task.host], tasks[task.host])
            if found.ok or task.event != "runner_on_ok":
                del waiting[task.host]
                yield found
    except HostError as error:
        if len(waiting) == len(tasks):
            raise  # it never began, on no host at all
        problem = str(error)
    for host in waiting.values():
        found = _judge(host, tasks[host.name])
        yield replace(found, reason=f"{host.name}: {problem}") if problem else found


def _tasks(
    name: str,
    hosts: Sequence[Host],
    variables: Callable[[Host], dict[str, object]],
    files: Mapping[str, bytes],
) -> Iterator[ansible.TaskResult]:
    with ansible.private_folder() as folder:
        for file, data in files.items():
            (folder / file).write_bytes(data)
        yield from ansible.run_play(
            folder,
            root() / "inventory" / "playbooks" / name,
            {host.name: {**variables(host), **reach_variables(host, folder)} for host in hosts},
            forks=_FORKS,
            task_timeout_s=_TASK_S,
            timeout_s=2 * _TASK_S * -(-len(hosts) // _FORKS),
        )


def _judge(host: Host, tasks: Sequence[ansible.TaskResult]) -> PrepareResult:
    said = [pair for task in tasks for pair in said_lines(task.stdout)]
    facts = dict(said)
    outcome, reason = Outcome.OK, None
    last = tasks[-1] if tasks else None
    if last and last.event == "runner_on_unreachable":
        outcome, reason = Outcome.UNREACHABLE, unreachable(host, last.message)
    elif last is None or last.event != "runner_on_ok" or "changed" not in facts:
        outcome = Outcome.REFUSED if last and last.rc == REFUSED else Outcome.FAILED
        reason = why(host, said, last.stderr or last.message if last else "")
    return PrepareResult(
        host=host.name,
        outcome=outcome,
        reason=reason,
        changed=facts.get("changed") == "yes",
        consent_owner=facts.get("owner", ""),
        consent_expires=facts.get("expires", ""),
        system=facts.get("system", ""),
        told=tuple((code, what) for code, what in said if code in TOLD),
    )


def _not_lab(host: Host) -> PrepareResult:
    return PrepareResult(
        host=host.name,
        outcome=Outcome.REFUSED,
        reason=f"{host.name}: the inventory does not call it a lab machine; "
        "set witnessmark_lab: true on it if it is one",
    )


def _shell(name: str) -> bytes:
    return (root() / "inventory" / "playbooks" / name).read_bytes()


def with_arguments(name: str, *arguments: str) -> str:
    """One of the scripts in inventory/playbooks/ with its arguments, as one text for ``sh -c``."""
    return f"set -- {shlex.join(arguments)}\n{_shell(name).decode()}"


def said_lines(said: str) -> list[tuple[str, str]]:
    """The (code, detail) pairs that such a script printed; other lines are not ours."""
    lines = said.replace("\r", "").splitlines()
    parts = [line.split("\t", 2) for line in lines if re.match("witnessmark\t[a-z-]+\t", line)]
    return [(code, detail) for _, code, detail in parts]
