"""JSON Schemas of the YAML content, for editors: what the loader accepts, of the same dataclasses.

Draft 2020-12 (json-schema.org). The loader checks more than a schema can say, such as whether a
scenario's twin exists; `witnessmark lint` does all of it.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from witnessmark.content.faults import Fault
from witnessmark.model.run import RetentionProfile
from witnessmark.model.scenario import Scenario
from witnessmark.model.workflows import Workflow

DIALECT = "https://json-schema.org/draft/2020-12/schema"
KINDS: dict[str, type] = {
    "scenario": Scenario,
    "fault": Fault,
    "workflow": Workflow,
    "retention": RetentionProfile,
}
"""What can be asked for, and the dataclass that the loader makes of it."""


def schema(kind: str) -> dict[str, Any]:
    """The schema of one kind of content; unknown keys are refused, as the loader does."""
    type_ = KINDS[kind]
    found: dict[str, Any] = TypeAdapter(type_).json_schema(mode="validation")
    for item in (found, *found.get("$defs", {}).values()):
        if item.get("type") == "object" and "properties" in item:
            item["additionalProperties"] = False
    about = (type_.__doc__ or "").strip().partition("\n")[0]
    return {"$schema": DIALECT, **found, "title": f"witnessmark {kind}", "description": about}
