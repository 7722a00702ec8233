"""The burst of benchmarks/recorder.py: nothing lost, nothing out of order, and strace agrees."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

    from .conftest import Host, Recording

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "recorder.py"


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_recorder", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.prefix_only("the burst is a script of this machine")
def test_the_whole_burst(host: Host, benchmark: ModuleType) -> None:
    script = host.folder / "burst.sh"
    script.write_text(benchmark.BURST)
    recording = host.run(benchmark.argv(script, host.home, 1)).check()
    assert recording.returncode == 0

    execs = Counter(tuple(args) for args in recording.execs())
    assert sum(execs.values()) == 2 + 2000 + 2 * 200 + 2 * 100
    for n in range(2000):
        assert execs["/bin/true", f"exec-{n}"] == 1
    for n in range(100):
        assert execs["mv", f"write-{n}", f"moves/moved-{n}"] == 1
        assert execs["rm", f"moves/moved-{n}"] == 1

    written = [f"write-{n}" for n in range(5000)] + [f"drops/drop-{n}.sh" for n in range(200)]
    assert recording.targets("close") == [f"/Users/purple/{path}" for path in written]
    assert {body["modified"] for body in recording.bodies("close")} == {True}
    assert len(recording.of("create")) == 5200 + 2
    assert len(recording.of("setmode")) == 200
    assert len(recording.of("rename")) == len(recording.of("unlink")) == 100
    assert len(recording.of("fork")) == len(recording.of("exit")) - 1 == 2601
    _check_drops(recording)


def _check_drops(recording: Recording) -> None:
    closed = {
        event["event"]["close"]["target"]["path"]: event["global_seq_num"]
        for event in recording.of("close")
    }
    scripts = [event for event in recording.of("exec") if event["event"]["exec"]["script"]]
    assert len(scripts) == 200
    for event in scripts:
        path = event["event"]["exec"]["script"]["path"]
        assert closed[path] < event["global_seq_num"]


WORK = r"""
import os, subprocess, sys
os.chdir(sys.argv[1])
subprocess.run("/bin/sh burst.sh . 50", shell=True, check=True)
subprocess.run("cat burst.sh > copy; cp copy other; ln other hard; ln -s hard soft; "
    "chmod 600 soft; mkdir -p a/b; mv a c; echo x >> c/b/y; rm -r c; ./missing; "
    "tar cf t.tar copy; mkdir x; tar xf t.tar -C x; rm missing", shell=True)
threads = [subprocess.Popen(["/bin/sh", "-c", f"echo {n} > par{n}; mv par{n} end{n}"])
    for n in range(20)]
[t.wait() for t in threads]
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace, the oracle, is not installed")
@pytest.mark.prefix_only("strace sees this machine's pids")
def test_strace_sees_the_same(host: Host, tmp_path: Path, benchmark: ModuleType) -> None:
    said = {}
    for name in ("traced", "recorded"):
        root = tmp_path / name
        (root / "Users" / "purple").mkdir(parents=True)
        (root / "burst.sh").write_text(benchmark.BURST)
        command = [sys.executable, "-I", "-S", "-c", WORK, str(root)]
        if name == "traced":
            said[name] = _strace(command, root, tmp_path / "strace.out")
        else:
            host.root = root
            recording = host.finish(host.launch(host.command(command)))
            assert recording.returncode == 0, recording.stderr
            said[name] = _shown(recording.check())
    assert said["traced"].keys() == said["recorded"].keys()
    for kind, found in said["traced"].items():
        assert said["recorded"][kind] == found, kind
    assert sum(map(len, said["traced"].values())) > 200


def _shown(recording: Recording) -> dict[str, Counter[object]]:
    renames = [
        (
            body["source"]["path"],
            body["destination"]["existing_file"]["path"]
            if body["destination_type"] == 0
            else body["destination"]["new_path"]["dir"]["path"].rstrip("/")
            + "/"
            + body["destination"]["new_path"]["filename"],
        )
        for body in recording.bodies("rename")
    ]
    return {
        "exec": Counter(" ".join(args).split("-c ")[0].strip() for args in recording.execs()),
        "written": Counter(recording.targets("close")),
        "rename": Counter(renames),
        "unlink": Counter(recording.targets("unlink")),
        "setmode": Counter(recording.targets("setmode")),
    }


_CALLS = (
    "execve,openat,open,creat,rename,renameat,renameat2,unlink,unlinkat,rmdir,chmod,fchmod,fchmodat"
)
_FINISHED = re.compile(r"^(\d+) +(\w+)\((.*)\) += (\d+)(?:<(.*)>)?$")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_AT = re.compile(r'(?:AT_FDCWD|\d+)<([^>]*)>, "([^"]*)"')


def _strace(command: list[str], root: Path, out: Path) -> dict[str, Counter[object]]:
    subprocess.run(
        ["strace", "-f", "-y", "-s", "4096", "-v", "-o", out, "-e", f"trace={_CALLS}", *command],
        check=True,
        capture_output=True,
    )
    found: dict[str, Counter[object]] = defaultdict(Counter)
    for _pid, call, arguments, _result, opened in _calls(out.read_text()):
        paths = [_inside(f"{folder}/{name}", root) for folder, name in _AT.findall(arguments)]
        if call == "execve":
            args = _STRING.findall(arguments[arguments.index("[") :].partition("], [")[0])
            if args[0].endswith(".sh"):
                args = ["/bin/sh", *args]
            found["exec"][" ".join(args).replace(str(root), "").split("-c ")[0].strip()] += 1
        elif call == "creat" or (call == "openat" and re.search("O_WRONLY|O_RDWR", arguments)):
            if opened.startswith(f"{root}/"):
                found["written"][opened.removeprefix(str(root))] += 1
        elif call.startswith("rename"):
            found["rename"][paths[0], paths[1]] += 1
        elif call == "unlinkat":
            found["unlink"][paths[0]] += 1
        elif call == "fchmodat":
            target = str((root / paths[0].lstrip("/")).resolve())  # chmod follows links
            found["setmode"][target.removeprefix(str(root))] += 1
        elif call == "fchmod":
            path = re.match(r"\d+<(.*)>", arguments)
            assert path is not None
            found["setmode"][path[1].removeprefix(str(root))] += 1
    return found


def _inside(path: str, root: Path) -> str:
    return str(Path(path).parent.resolve() / Path(path).name).removeprefix(str(root))


def _calls(text: str) -> list[tuple[str, ...]]:
    begun: dict[str, str] = {}
    found = []
    for line in text.splitlines():
        pid = line.split(" ", 1)[0]
        if line.endswith(" <unfinished ...>"):
            begun[pid] = line.removesuffix(" <unfinished ...>")
            continue
        resumed = re.match(r"^\d+ +<\.\.\. \w+ resumed>(.*)$", line)
        whole = begun.pop(pid) + resumed[1] if resumed else line
        if match := _FINISHED.match(whole):
            found.append(tuple(part or "" for part in match.groups()))
    return found


def test_the_benchmark_measures_both(capfd: pytest.CaptureFixture[str]) -> None:
    subprocess.run([sys.executable, BENCHMARK, "--quick"], check=True, timeout=60)
    lines = capfd.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["bare", "recorded"] * 2 + ["ratio"]
    assert int(lines[-1].split("events")[1].split()[0]) > 1800
