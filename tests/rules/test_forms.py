"""The deployed forms do what their heads say, are valid, and name the analytic's own lists."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from sigma.collection import SigmaCollection
from sigma.validation import SigmaValidator
from sigma.validators.core import validators
from tests.rules import matrix
from tests.rules.examples import RULES
from tests.rules.forms import EXECUTED, Cover, claims, executed, executed_sql, forms

from witnessmark.analytic import load

SCHEMAS = Path(__file__).parents[3] / "shared/schemas"
FORMS = forms()
LEAST = {".yml": 2, ".eql": 3, ".spl": 2, ".kql": 2}


def test_every_language_is_there() -> None:
    for suffix, least in LEAST.items():
        assert sum(file.suffix == suffix for file in FORMS) >= least


@pytest.mark.parametrize("file", FORMS, ids=lambda item: item.name)
def test_a_form_says_of_every_rule_whether_it_covers_it(file: Path) -> None:
    said = claims(file)
    assert set(said) == set(RULES)
    assert all(claim.why for claim in said.values() if claim.cover is not Cover.COVERS)


@pytest.mark.parametrize(
    "file", [item for item in FORMS if item.suffix in EXECUTED], ids=lambda item: item.name
)
def test_a_form_does_what_it_says(file: Path) -> None:
    done = {rule: seen.cover for rule, seen in executed(file).items()}
    assert {rule: claim.cover for rule, claim in claims(file).items()} == done


def test_the_sql_of_a_lake_says_all_that_the_analytic_says() -> None:
    assert {seen.cover for seen in executed_sql().values()} == {Cover.COVERS}


@pytest.mark.parametrize("name", ["browser-child.yml", "drop-exec.yml"])
def test_sigma_is_valid_by_its_own_schema(name: str) -> None:
    if not SCHEMAS.is_dir():
        pytest.skip("the schemas lie outside of this project")
    from jsonschema.validators import validator_for

    file = next(item for item in FORMS if item.name == name)
    for document in yaml.safe_load_all(file.read_text("utf-8")):
        kind = "correlation-rules" if "correlation" in document else "detection-rule"
        schema = json.loads((SCHEMAS / f"sigma-{kind}-schema.json").read_text("utf-8"))
        plain = json.loads(json.dumps(document, default=str))
        check = validator_for(schema)(schema)
        assert [error.message for error in check.iter_errors(plain)] == []


def test_sigma_is_clean_by_pysigmas_own_checks() -> None:
    """All of them but those of tags, which ask the network what ATT&CK knows."""
    checks = {check for name, check in validators.items() if "tag" not in name}
    for file in (item for item in FORMS if item.suffix == ".yml"):
        rules = SigmaCollection.from_yaml(file.read_text("utf-8"))
        assert list(SigmaValidator(checks).validate_rules(iter(rules))) == []


@pytest.mark.parametrize(
    "file", [item for item in FORMS if "browser" in item.name], ids=lambda item: item.name
)
def test_a_form_names_every_browser_and_interpreter_of_the_analytic(file: Path) -> None:
    params = load().parameters
    text = file.read_text("utf-8").replace("\\", "")
    listed = [item for item in params.browsers if not item.needs_responsible_browser]
    for item in listed:
        for path in item.paths:
            tail = re.split(r"[*~\[]", path.replace("[Cc]", "C"))
            assert max(tail, key=len) in text.replace("[Cc]", "C"), (item.name, path)
    for program in params.interpreters:
        assert program.name in text, program.name


@pytest.mark.parametrize(
    "file", [item for item in FORMS if "drop" in item.name], ids=lambda item: item.name
)
def test_a_form_has_the_analytics_window_and_directories(file: Path) -> None:
    params = load().parameters
    text = file.read_text("utf-8").lower()
    minutes = int(params.drop_exec_window // 60)
    assert f"{minutes}m" in text or f"<={int(params.drop_exec_window)}" in text
    for folder in params.monitored_directories:
        last = folder.removeprefix("~/").lower()
        assert last in text or re.search(rf"\({last}\||\|{last}\)", text), folder


@pytest.mark.parametrize(
    "file", [item for item in FORMS if item.suffix not in EXECUTED], ids=lambda item: item.name
)
def test_what_is_not_executed_says_so_and_is_balanced(file: Path) -> None:
    text = file.read_text("utf-8")
    assert "Not executed by this project's tests." in text
    bare = re.sub(r'@?"(?:\\.|[^"\\])*"', '""', text)
    for opening, closing in ("()", "[]", "{}"):
        assert bare.count(opening) == bare.count(closing), opening


def test_the_page_is_what_the_forms_do() -> None:
    assert matrix.PAGE.read_text("utf-8") == matrix.page(), "run make forms"
