"""Runs ansible-runner in a process of its own, as a program: witnessmark.ansible never imports it.

ansible-runner copies its whole environment into its artifacts, so the caller starts this file with
a minimal one. It reads one JSON line on standard input, which the caller then keeps open: when the
caller dies, even by SIGKILL, the pipe closes, the run is cancelled and the private folder deleted.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Tell = Callable[[dict[str, Any]], None]

_TOLD = {"runner_on_ok", "runner_on_failed", "runner_on_unreachable"}
_KEPT = ("rc", "stdout", "stderr", "msg", "changed")


def main() -> None:
    """Answer one request (``action``: ``inventory`` or ``play``) with JSON objects, one a line.

    A play first tells each task's result as it comes; the last line is the answer itself.
    """
    reply, caller = os.dup(1), os.dup(0)
    os.dup2(2, 1)  # nothing that ansible prints may mix with the reply
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with os.fdopen(caller, "rb", buffering=0) as pipe:
        request = json.loads(pipe.readline())
        threading.Thread(target=_watch, args=(pipe, stop), daemon=True).start()
        folder = Path(request["folder"])
        code = 1
        try:
            with os.fdopen(reply, "w", encoding="utf-8") as out:

                def tell(line: dict[str, Any]) -> None:
                    print(json.dumps(line), file=out, flush=True)

                tell(_ACTIONS[request["action"]](folder, request, stop, tell))
            code = 0
        except Exception:  # noqa: BLE001 - the caller shows it; os._exit below would swallow it
            traceback.print_exc()
        finally:
            end_masters(folder)
            shutil.rmtree(folder, ignore_errors=True)
        # Skips the interpreter's teardown, which would wait for the thread that reads the pipe.
        sys.stderr.flush()
        os._exit(code)


def _watch(pipe: Any, stop: threading.Event) -> None:
    while pipe.read(1):
        pass
    stop.set()


def _inventory(
    folder: Path, request: dict[str, Any], _stop: threading.Event, _tell: Tell
) -> dict[str, Any]:
    import ansible_runner

    listed, errors = ansible_runner.get_inventory(
        "list",
        request["files"],
        response_format=None,  # parsed below: ansible-runner would raise on mixed output
        quiet=True,
        private_data_dir=str(folder),
        timeout=request["timeout_s"],
    )
    return {"listed": listed, "errors": errors}


def _play(
    folder: Path, request: dict[str, Any], stop: threading.Event, tell: Tell
) -> dict[str, Any]:
    import ansible_runner

    def note(event: dict[str, Any]) -> bool:
        if event.get("event") in _TOLD:
            data = event["event_data"]
            told = {key: data.get("res", {}).get(key) for key in _KEPT}
            tell({"result": {"host": data["host"], "event": event["event"], **told}})
        return False  # never written to the artifacts

    runner = ansible_runner.run(
        private_data_dir=str(folder),
        playbook="play.yaml",
        inventory=str(folder / "hosts.yaml"),
        forks=request["forks"],
        timeout=request["timeout_s"],
        quiet=True,
        suppress_env_files=True,
        event_handler=note,
        cancel_callback=stop.is_set,
    )
    if runner.status in ("timeout", "canceled"):
        end_stragglers(folder)
    with runner.stdout as out:
        tail = out.read()[-2000:]
    return {"status": runner.status, "tail": tail}


def end_masters(folder: Path) -> None:
    """Close the SSH connections that ansible left open for reuse."""
    asked = [
        subprocess.Popen(
            ["ssh", "-F", os.devnull, "-O", "exit", "-o", f"ControlPath={socket}", "witnessmark"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for socket in folder.glob("cp/*")
    ]
    for process in asked:
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def end_stragglers(folder: Path) -> None:
    """Kill what a cancelled play left: ansible's workers live in sessions of their own.

    They and their ssh clients are told by the private folder's unique name in their arguments.
    """
    listing = subprocess.run(
        ["ps", "-axo", "pid=,args="], capture_output=True, text=True, check=False
    )
    for line in listing.stdout.splitlines():
        pid, _, args = line.strip().partition(" ")
        if str(folder) not in args:
            continue
        try:
            if (group := os.getpgid(int(pid))) != os.getpgrp():
                os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            pass


_ACTIONS: dict[str, Callable[[Path, dict[str, Any], threading.Event, Tell], dict[str, Any]]] = {
    "inventory": _inventory,
    "play": _play,
}

if __name__ == "__main__":
    main()
