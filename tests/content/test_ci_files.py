"""The CI examples are well formed, call one and the same command, and that command exists."""

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from witnessmark.cli import cli

DOCS = Path(__file__).parents[2] / "docs"
FILES = ("github-actions.yml", "gitlab-ci.yml", "Jenkinsfile")
CALL = re.compile(r"[^\s']*witnessmark (?:run|demo|judge|report) [^'\n]*")


def command_line() -> str:
    """What the page says that all of them call."""
    (line,) = re.findall(r"(?m)^    (\S+witnessmark .*)$", (DOCS / "ci.md").read_text("utf-8"))
    return str(line)


def document(name: str) -> dict[str, object]:
    found = yaml.safe_load((DOCS / "ci" / name).read_text("utf-8"))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", FILES)
def test_each_calls_the_command_of_the_page_and_no_other(name: str) -> None:
    assert CALL.findall((DOCS / "ci" / name).read_text("utf-8")) == [command_line()]


def test_the_command_and_its_options_exist() -> None:
    program, name, *words = shlex.split(command_line())
    assert Path(program).name == "witnessmark"
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    with command.make_context(name, words) as context:
        assert context.params["quiet"] is True
        assert context.params["inventories"] == (Path("lab.yaml"),)
        assert context.params["reports"] == Path("reports")


def test_the_github_job_is_safe_on_a_lab_runner() -> None:
    found = document("github-actions.yml")
    assert found["permissions"] == {"contents": "read"}
    on = found[True]  # type: ignore[index] # YAML 1.1 reads the key `on` as true
    assert set(on) == {"schedule", "workflow_dispatch"}
    (job,) = found["jobs"].values()  # type: ignore[attr-defined]
    assert "self-hosted" in job["runs-on"]
    assert job["timeout-minutes"]
    steps = job["steps"]
    assert [step.get("run", "") for step in steps].count(command_line()) == 1
    (upload,) = [step for step in steps if step.get("uses", "").startswith("actions/upload-")]
    assert (upload["if"], upload["with"]["path"]) == ("always()", "reports/")
    (checkout,) = [step for step in steps if step.get("uses", "").startswith("actions/checkout")]
    assert checkout["with"]["persist-credentials"] is False


def test_the_gitlab_job_keeps_reports_whatever_happens() -> None:
    (job,) = document("gitlab-ci.yml").values()
    assert isinstance(job, dict)
    assert command_line() in job["script"]
    assert job["artifacts"]["when"] == "always"
    assert job["artifacts"]["reports"]["junit"] == "reports/*/junit.xml"
    assert job["resource_group"]


def test_the_jenkinsfile_is_balanced_and_always_reports() -> None:
    text = (DOCS / "ci/Jenkinsfile").read_text("utf-8")
    assert text.count("{") == text.count("}")
    always = text[text.index("always {") :]
    assert "junit testResults: 'reports/*/junit.xml'" in always
    assert "disableConcurrentBuilds()" in text


def test_the_page_names_every_file() -> None:
    text = (DOCS / "ci.md").read_text("utf-8")
    assert {path.name for path in (DOCS / "ci").iterdir()} == set(FILES)
    for name in FILES:
        assert f"(ci/{name})" in text
