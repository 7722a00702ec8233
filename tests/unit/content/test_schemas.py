"""A schema accepts what the loader accepts, and refuses what the loader refuses."""

import copy
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from witnessmark.content import root
from witnessmark.content.located import from_mapping, read, validate
from witnessmark.content.schemas import KINDS, schema
from witnessmark.errors import ContentError

SHIPPED = [
    *(("scenario", path) for path in sorted((root() / "scenarios").glob("*/*/scenario.yaml"))),
    *(("fault", path) for path in sorted((root() / "inventory/faults").glob("*.yaml"))),
    *(("retention", path) for path in sorted((root() / "inventory/retention").glob("*.yaml"))),
    *(("workflow", path) for path in sorted((root() / "inventory/workflows").glob("*.yaml"))),
]
GOOD_WORKFLOW = {
    "id": "mdm", "owner": "it", "reason": "deploys", "subject": "ancestor", "branch": "B",
    "match": {"path": "/usr/local/x", "team_id": "ABCDE12345"}, "first_seen": "2026-01-01",
    "review_by": "2026-06-01", "expires": "2027-01-01", "evidence": "ticket 1",
}  # fmt: skip


def plain(path: Path) -> dict[str, object]:
    data = read(path).data
    assert isinstance(data, dict)
    return data


@pytest.mark.parametrize("kind", KINDS)
def test_every_schema_is_one(kind: str) -> None:
    Draft202012Validator.check_schema(schema(kind))
    assert schema(kind)["additionalProperties"] is False


@pytest.mark.parametrize(("kind", "path"), SHIPPED, ids=lambda item: getattr(item, "stem", item))
def test_what_ships_is_good(kind: str, path: Path) -> None:
    Draft202012Validator(schema(kind)).validate(plain(path))


def examples() -> list[tuple[str, dict[str, object]]]:
    first = dict(reversed(SHIPPED))
    return [
        ("workflow", GOOD_WORKFLOW),
        *((kind, plain(first[kind])) for kind in ("scenario", "fault", "retention")),
    ]


@pytest.mark.parametrize(("kind", "good"), examples(), ids=lambda item: str(item)[:12])
def test_the_schema_and_the_loader_refuse_the_same(kind: str, good: dict[str, object]) -> None:
    checker = Draft202012Validator(schema(kind))
    validate(from_mapping(good, "good"), KINDS[kind])
    assert checker.is_valid(good)
    bad = [{**good, "colour": "red"}, {**good, "id": 7}, {**good, "id": None}]
    bad += [{key: value for key, value in good.items() if key != "id"}]
    deep = copy.deepcopy(good)
    for value in deep.values():
        if isinstance(value, dict):
            value["colour"] = "red"
            bad.append(deep)
            break
    for item in bad:
        assert not checker.is_valid(item), item
        with pytest.raises(ContentError):
            validate(from_mapping(item, "bad"), KINDS[kind])
