"""Every shipped scenario is complete, and every script is safe, portable shell."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from witnessmark.content import pack, root, scenarios, workflows
from witnessmark.errors import ContentError

FOLDER = root() / "scenarios"
ALL = scenarios.load_all()
SCRIPTS = sorted(
    [*FOLDER.glob("*/*/run.sh"), *FOLDER.glob("lib/*.sh"), *FOLDER.glob("lib/payloads/*.sh")]
)
PAYLOADS = sorted(FOLDER.glob("lib/payloads/*"))
HARMFUL = ("sudo", "curl", "wget", "nc ", "eval", "rm -r", "kill", "launchctl", "spctl", "hdiutil")
ENUMERATED = {
    "lib/runs.sh": {"sudo", "launchctl", "curl"},
    "lib/files.sh": {"curl"},
    "lib/images.sh": {"hdiutil"},
    "p13-fetched-and-stripped/run.sh": {"curl"},
    "n19-pasted-pipe/run.sh": {"curl"},
    "v23-from-a-disk-image/run.sh": {"hdiutil"},
}
"""Which script may use which of these words; what it does with it is tested below."""
CHECKERS = {
    "py": [sys.executable, "-m", "py_compile"],
    "python3": [sys.executable, "-m", "py_compile"],
    "perl": ["perl", "-c"],
    "ruby": ["ruby", "-c"],
    "php": ["php", "-l"],
    "zsh": ["zsh", "-n"],
    "csh": ["csh", "-n"],
}


def text(path: Path) -> str:
    """A script without its comments."""
    return re.sub(r"(?m)^\s*#.*$", "", path.read_text("utf-8"))


@pytest.mark.parametrize("item", ALL, ids=lambda item: item.id)
def test_prose_is_there_for_a_reader(item: scenarios.Scenario) -> None:
    assert min(len(item.what), len(item.why), len(item.limits)) > 40
    assert item.expect.reason


@pytest.mark.parametrize("item", [x for x in ALL if x.family != "controls"], ids=lambda x: x.id)
def test_every_scenario_names_a_twin_that_answers_otherwise(item: scenarios.Scenario) -> None:
    twin = next(other for other in ALL if other.id == item.twin)
    assert twin.expect.answer is not item.expect.answer


@pytest.mark.parametrize("item", ALL, ids=lambda item: item.id)
def test_the_records_that_must_exist_name_the_fields_they_need(item: scenarios.Scenario) -> None:
    assert item.records
    assert all(record.fields for record in item.records)


@pytest.mark.parametrize("item", ALL, ids=lambda item: item.id)
def test_what_a_real_mac_may_block_says_so(item: scenarios.Scenario) -> None:
    if item.expect.answer == "fires" and item.family != "controls":
        assert item.expect.or_prevented


def test_the_first_catalogue_is_there_and_every_gap_is_documented() -> None:
    ids = {item.id.split("-")[0] for item in ALL}
    positive = "p07 p11 p12 p13 p16"
    variant = "v01 v02 v06 v07 v09 v10 v11 v12 v13 v15 v16 v17 v18 v19 v20 v23 v24"
    benign = "n11 n14 n15 n17 n19 n20"
    assert ids >= {*positive.split(), *variant.split(), *benign.split()}
    gaps = {
        item.id.split("-")[0]: item.expect.reason for item in ALL if item.expect.answer == "gap"
    }
    assert gaps.keys() == {"v07", "v09", "v23", "v24"}
    assert all("limit" in reason or "documented gap" in reason for reason in gaps.values())


def test_every_workflow_that_a_scenario_expects_is_documented_and_enabled() -> None:
    enabled = {item.id: item for item in workflows.load_all() if item.enabled}
    for item in ALL:
        if item.expect.workflow is None:
            continue
        ours = enabled[item.expect.workflow].owner == "witnessmark lab"
        assert item.lab is ours, f"{item.id}: nobody deploys {item.expect.workflow}"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.parent.name + "/" + path.name)
@pytest.mark.parametrize("shell", ["sh", "dash", "bash --posix"])
def test_script_parses(script: Path, shell: str) -> None:
    if shutil.which(shell.split()[0]) is None:
        pytest.skip(f"no {shell} on this machine")
    subprocess.run([*shell.split(), "-n", script], check=True)


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda path: path.name)
def test_payload_parses(payload: Path, tmp_path: Path) -> None:
    argv = CHECKERS.get(payload.suffix[1:])
    if argv is None or shutil.which(argv[0]) is None:
        pytest.skip(f"nothing on this machine parses {payload.name} without running it")
    copy = tmp_path / payload.name  # py_compile writes beside it
    shutil.copyfile(payload, copy)
    subprocess.run([*argv, copy], check=True, capture_output=True)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.parent.name + "/" + path.name)
def test_script_assumes_nothing_that_stock_macos_lacks(script: Path) -> None:
    body = text(script).replace("wm_copy_tool echo", "")  # a program, not the shell's own
    for word in ("setsid", "timeout", "realpath", "readlink -f", "mktemp", "seq ", "date +%N"):
        assert word not in body, word
    for pattern in (r"\[\[", r"\blocal\b", r"\bfunction\b", r"<<<", r"\$'", r"\becho\b", r"&>"):
        assert not re.search(pattern, body), pattern


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.parent.name + "/" + path.name)
def test_script_can_do_no_harm(script: Path) -> None:
    name = f"{script.parent.name}/{script.name}"
    body = text(script).replace("kill -0 ", "")  # signal 0 only asks whether a process is there
    body = body.replace("/usr/sbin/spctl --status\n", "")  # it only tells whether Gatekeeper is on
    for word in set(HARMFUL) - ENUMERATED.get(name, set()):
        assert word not in body, word


def test_curl_reads_files_only() -> None:
    """Each step that calls curl refuses whatever is no file: URL, and ignores the user's curlrc."""
    for name in ("runs.sh", "files.sh"):
        for step in re.split(r"(?m)^}$", text(FOLDER / "lib" / name)):
            if re.search(r"(?m)^\s*curl ", step):
                assert "case $1 in file:///*) ;; *) wm_refuse" in step
                assert "curl -q -f -s " in step


def test_sudo_never_asks_and_never_becomes_somebody_else() -> None:
    body = text(FOLDER / "lib/runs.sh")
    assert body.count('-n -u "$(id -un)"') == 2
    assert " -u root" not in body


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


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda path: path.name)
def test_a_payload_only_writes_its_line_of_evidence(payload: Path) -> None:
    body = payload.read_text("utf-8")
    assert "WM_MARK" in body
    assert "WM_EVIDENCE" in body
    for word in (*HARMFUL, "rm ", "mv ", "chmod", "http", "system(", "subprocess", "socket", "`rm"):
        assert word not in body, word
    written = re.findall(r">>?\s*(\S+)", re.sub(r"(?m)^\s*#.*$|=>", "", body))
    assert all("WM_EVIDENCE" in target for target in written if not target.startswith('",'))


def test_a_payload_that_nobody_reviewed_is_refused_before_anything_is_carried(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "scenarios"
    shutil.copytree(FOLDER, folder)
    assert pack.build(folder) == pack.build()
    changed, new = folder / "lib/payloads/mark.sh", folder / "lib/payloads/new.sh"
    changed.write_bytes(changed.read_bytes() + b":\n")
    new.write_text("exit 0\n")
    (folder / "lib/payloads/mark.py").unlink()
    with pytest.raises(ContentError) as caught:
        pack.build(folder)
    said = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 3
    for name in (
        "mark.sh: is not a reviewed",
        "new.sh: is not a reviewed",
        "mark.py: lib/payloads.sha256",
    ):
        assert name in said


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
        (("twin: v11-just-outside-window", "twin: n99-nobody"), "n99-nobody"),
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
