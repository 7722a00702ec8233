"""Every shipped scenario is complete, and every script is safe, portable shell."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from witnessmark.content import root, scenarios
from witnessmark.errors import ContentError

FOLDER = root() / "scenarios"
ALL = scenarios.load_all()
SCRIPTS = sorted(
    [*FOLDER.glob("*/*/run.sh"), *FOLDER.glob("lib/*.sh"), *FOLDER.glob("lib/payloads/*")]
)


def text(path: Path) -> str:
    """A script without its comments."""
    return re.sub(r"(?m)^\s*#.*$", "", path.read_text("utf-8"))


@pytest.mark.parametrize("item", ALL, ids=lambda item: item.id)
def test_prose_is_there_for_a_reader(item: scenarios.Scenario) -> None:
    assert min(len(item.what), len(item.why), len(item.limits)) > 40
    assert item.expect.reason


@pytest.mark.parametrize("item", [x for x in ALL if x.family != "controls"], ids=lambda x: x.id)
def test_a_drop_exec_positive_names_its_twin(item: scenarios.Scenario) -> None:
    if item.branch == "B":
        assert item.twin


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.parent.name + "/" + path.name)
@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_script_parses(script: Path, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} on this machine")
    subprocess.run([shell, "-n", script], check=True)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.parent.name + "/" + path.name)
def test_script_assumes_nothing_that_stock_macos_lacks(script: Path) -> None:
    body = text(script)
    for word in ("setsid", "timeout", "realpath", "readlink -f", "mktemp", "seq ", "date +%N"):
        assert word not in body, word
    for pattern in (r"\[\[", r"\blocal\b", r"\bfunction\b", r"<<<", r"\$'", r"\becho\b", r"&>"):
        assert not re.search(pattern, body), pattern


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.parent.name + "/" + path.name)
def test_script_can_do_no_harm(script: Path) -> None:
    body = text(script).replace("kill -0 ", "")  # signal 0 only asks whether a process is there
    body = body.replace("/usr/sbin/spctl --status\n", "")  # it only tells whether Gatekeeper is on
    for word in ("sudo", "curl", "wget", "nc ", "eval", "rm -r", "kill", "launchctl", "spctl"):
        assert word not in body, word


@pytest.mark.parametrize("item", ALL, ids=lambda item: item.id)
def test_scripts_source_the_library_and_nothing_else(item: scenarios.Scenario) -> None:
    body = (FOLDER / item.family / item.id / "run.sh").read_text("utf-8")
    assert body.count('. "${0%/*}/../../lib/witness.sh"') == 1
    assert body.rstrip().endswith("wm_main")


def test_payload_is_inert() -> None:
    body = text(FOLDER / "lib/payloads/mark.sh").split()
    allowed = {"printf", ">>", "exit", "0"}
    words = {word for word in body if not word.startswith(("'", '"', "%", "\\"))}
    assert words <= allowed | {"%s\\n'"}, words - allowed


def copied(tmp_path: Path, edit: tuple[str, str]) -> Path:
    folder = tmp_path / "scenarios"
    shutil.copytree(FOLDER, folder)
    path = folder / "drop-exec/p11-quarantined-download/scenario.yaml"
    body = path.read_text("utf-8")
    assert edit[0] in body
    path.write_text(body.replace(*edit), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("branch: B\nexpect", "branch: B\nsurprise: 1\nexpect"), "surprise"),
        (("id: p11-quarantined-download", "id: p12-other"), "must be its folder's name"),
        (("timeout: 30s", "timeout: 30"), "timeout"),
        (("timeout: 30s", "timeout: 30 parsecs"), "timeout"),
        (("event: [close]", "event: [clothes]"), "clothes"),
        (("[downloads, caches]", "['a/b', caches]"), "a/b"),
        (
            ("[downloads, caches]", "[caches, downloads, caches]"),
            "'caches' is given more than once",
        ),
        (("  directory: [", "  downloads: ["), "'downloads' is a variable of the suite's own"),
        (("  directory: [", "  evidence: ["), "'evidence' is a variable of the suite's own"),
        (("[path, process.path, modified]", "[pat]"), "records.drop: the event model has no field"),
        (("[target.path, target.parent", "[target.pat, target.parent"), "no field 'target.pat'"),
        (
            ("[target.path, target.parent", "[target.path.x, target.parent"),
            "no field 'target.path.x'",
        ),
        (("  branch: B\n  or", "  branch: none\n  or"), "expect.branch"),
        (("twin: n14-run-after-window", "twin: n99-nobody"), "n99-nobody"),
        (("title: A quar", "title: [A quar"), "scenario.yaml:"),
    ],
)
def test_a_broken_scenario_is_refused_with_its_file(
    tmp_path: Path, edit: tuple[str, str], said: str
) -> None:
    with pytest.raises(ContentError) as caught:
        scenarios.load_all(copied(tmp_path, edit))
    assert any(said in line for line in caught.value.problems), caught.value.problems


def test_all_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    folder = copied(tmp_path, ("timeout: 30s", "timeout: soon"))
    other = folder / "drop-exec/n14-run-after-window/scenario.yaml"
    other.write_text(
        other.read_text("utf-8").replace("family: drop-exec", "family: other"), "utf-8"
    )
    with pytest.raises(ContentError) as caught:
        scenarios.load_all(folder)
    assert len(caught.value.problems) == 2
