"""What the page on lab Macs promises: templates that parse, a doctor's line, a way back."""

from __future__ import annotations

import json
import plistlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from witnessmark.doctor.osquery_settings import osquery
from witnessmark.doctor.santa_settings import santa
from witnessmark.model.verdicts import Status

BASE = Path(__file__).parents[2]
PLAYBOOKS = BASE / "inventory/playbooks"
LAB = PLAYBOOKS / "lab"
PAGE = (BASE / "docs/lab-mac.md").read_text("utf-8")
PROFILES = sorted(LAB.glob("*.mobileconfig"))
DOCTOR = "".join(path.read_text("utf-8") for path in BASE.glob("src/witnessmark/doctor/*.py"))


def rows(heading: str) -> list[list[str]]:
    table = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


SETTINGS = rows("Settings")


@pytest.mark.parametrize("row", SETTINGS, ids=lambda row: row[0])
def test_each_setting_has_a_way_a_doctors_line_and_a_way_back(row: list[str]) -> None:
    assert len(row) == 5
    assert all(row)
    names = re.findall(r"`([a-z-]+)`", row[3])
    assert names
    page = (BASE / "docs/commands/doctor.md").read_text("utf-8")
    for name in names:
        assert re.search(rf"^\| (`[a-zA-Z -]+`, )*`{name}[` ]", page, re.MULTILINE), name
        assert re.search(rf'"{name}"|f"{name} \{{|"{name}":', DOCTOR), f"no line {name} is said"
    for file in re.findall(r"`((?:lab/|lab-mac)[a-z/.-]+)`", f"{row[2]} {row[4]}"):
        assert (PLAYBOOKS / file).is_file(), file


def test_all_that_the_doctor_says_of_settings_is_on_the_page() -> None:
    said = set(
        re.findall(
            r'name = f?"([a-z-]+)', (BASE / "src/witnessmark/doctor/settings.py").read_text("utf-8")
        )
    )
    said |= {"full-disk-access"}
    told = {name for row in SETTINGS for name in re.findall(r"`([a-z-]+)`", row[3])}
    assert said == {"full-disk-access", "private-data", "sudoers", "settings"}
    assert said <= told


def test_every_template_is_on_the_page() -> None:
    for path in LAB.iterdir():
        assert f"`lab/{path.name}`" in PAGE, path.name


def test_what_is_assumed_is_said_on_the_page_and_in_the_file() -> None:
    told = rows("Assumed, not tried on a Mac")
    assert len(told) >= 7
    for what, where in told:
        name = where.strip("`")
        path = BASE / name if name.startswith("src/") else PLAYBOOKS / name
        assert re.search(r"\bAssumed\b", path.read_text("utf-8")), f"{where}: {what}"
    for path in PROFILES:
        assert f"`lab/{path.name}`" in {where for _, where in told}, path.name


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_a_profile_is_one_and_may_be_removed(path: Path) -> None:
    found = plistlib.loads(path.read_bytes())
    assert found["PayloadType"] == "Configuration"
    assert found["PayloadRemovalDisallowed"] is False
    assert found["PayloadScope"] == "System"
    (payload,) = found["PayloadContent"]
    names = [found["PayloadIdentifier"], payload["PayloadIdentifier"]]
    assert all(name.startswith("org.witnessmark.lab.") for name in names)
    uuid = r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}"
    for item in (found, payload):
        assert item["PayloadVersion"] == 1
        assert re.fullmatch(uuid, item["PayloadUUID"])


def test_no_two_profiles_share_a_name_or_an_id() -> None:
    names = []
    for path in PROFILES:
        found = plistlib.loads(path.read_bytes())
        for item in (found, *found["PayloadContent"]):
            names += [item["PayloadIdentifier"], item["PayloadUUID"]]
    assert len(names) == len(set(names)) == 4 * len(PROFILES)


@pytest.mark.parametrize("path", sorted(LAB.glob("full-disk-access-*")), ids=lambda path: path.stem)
def test_full_disk_access_is_given_to_one_program_of_apples(path: Path) -> None:
    (payload,) = plistlib.loads(path.read_bytes())["PayloadContent"]
    assert payload["PayloadType"] == "com.apple.TCC.configuration-profile-policy"
    assert [*payload["Services"]] == ["SystemPolicyAllFiles"]
    (entry,) = payload["Services"]["SystemPolicyAllFiles"]
    assert entry["Allowed"] is True
    assert entry["IdentifierType"] == "path"
    assert entry["Identifier"].startswith("/usr/")
    assert re.fullmatch(
        r'identifier "com\.apple\.[a-z-]+" and anchor apple', entry["CodeRequirement"]
    )


def test_private_data_is_what_its_profile_switches_on() -> None:
    (payload,) = plistlib.loads((LAB / "private-data.mobileconfig").read_bytes())["PayloadContent"]
    assert payload["PayloadType"] == "com.apple.system.logging"
    assert payload["System"] == {"Enable-Private-Data": True}


def test_santas_profile_is_what_the_doctor_asks_for() -> None:
    (payload,) = plistlib.loads((LAB / "santa.mobileconfig").read_bytes())["PayloadContent"]
    assert payload["PayloadType"] == "com.northpolesec.santa"
    assert payload["ClientMode"] == 1, "it blocks nothing"
    found = santa(payload, "santa", "/Users/x", lambda regex, path: bool(re.search(regex, path)))
    assert found.status is Status.PASS
    assert not re.search(payload["FileChangesRegex"], "/Users/x/Documents/a")


def test_osquerys_files_are_what_the_doctor_asks_for() -> None:
    conf = (LAB / "osquery.conf").read_text("utf-8")
    assert isinstance(json.loads(conf), dict)
    texts = {"osquery-lab": conf, "osquery-flags": (LAB / "osquery.flags").read_text("utf-8")}
    assert osquery(texts, "/Users/x").status is Status.PASS
    assert osquery(texts, "/Users/somebody else").status is Status.PASS


def test_nothing_but_the_owner_writes_the_consent_file() -> None:
    for path in (*PLAYBOOKS.glob("*.*"), *LAB.iterdir()):
        for line in path.read_text("utf-8").splitlines():
            code = line.partition("#")[0]
            assert not re.search(r">.*[Cc]onsent|(cp|mv|tee|touch|install) .*[Cc]onsent", code), (
                line
            )


@pytest.mark.skipif(shutil.which("visudo") is None, reason="no visudo on this machine")
def test_visudo_takes_the_line_that_the_page_shows(tmp_path: Path) -> None:
    lines = re.findall(r"(?m)^    (\S+ ALL=\(root\) NOPASSWD: .*?)(?: \.\.\.)?$", PAGE)
    assert len(lines) == 2
    (tmp_path / "line").write_text("".join(f"{line}\n" for line in lines))
    done = subprocess.run(["visudo", "-c", "-f", str(tmp_path / "line")], check=False)
    assert done.returncode == 0


def test_ansible_takes_every_playbook() -> None:
    from witnessmark import ansible

    plays = sorted(map(str, PLAYBOOKS.glob("*.yaml")))
    with ansible.private_folder() as folder:
        (folder / "ansible.cfg").write_text("[defaults]\n")
        done = subprocess.run(
            ["ansible-playbook", "-i", "localhost,", "--syntax-check", *plays],
            env=ansible.environment(folder),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("playbook: ") == len(plays) >= 5
