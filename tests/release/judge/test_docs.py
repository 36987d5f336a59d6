"""What the documents say is what the code does: defaults, fields, bins, examples, the schema."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import numpy as np
import pytest

from release.domain.policy import Policy
from release.judge import windows
from release.judge.cells import CLUMP_CALM, CLUMP_LENGTH, SCHEMA, SPANS
from release.judge.windows import Refusal
from tests.release.judge.traffic import counts

DOCS = Path(__file__).parents[3] / "docs"
TELEMETRY = (DOCS / "telemetry.md").read_text(encoding="utf-8")
JUDGE = (DOCS / "judge.md").read_text(encoding="utf-8")
EXAMPLE, SCHEMA_TEXT = re.findall(r"```json\n(.*?)```", TELEMETRY, flags=re.DOTALL)


def leaves(value: dict[str, Any], path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, inner in value.items():
        found |= leaves(inner, f"{path}{key}.") if isinstance(inner, dict) else {path + key: inner}
    return found


def test_every_default_is_explained() -> None:
    for key, value in leaves(Policy().model_dump()).items():
        if key.startswith("service.") or (key.startswith("invalid.") and key != "invalid.fail_plus"):
            assert value == leaves(Policy().model_dump())["errors." + key.split(".")[1]]
            continue
        shown = ", ".join(value) if isinstance(value, tuple) else str(value)
        assert f"| `{key}` | {shown} |" in JUDGE, key


def test_the_example_is_a_window() -> None:
    windows.parse_line(EXAMPLE)
    jsonschema_rs.validate(json.loads(SCHEMA_TEXT), json.loads(EXAMPLE))


def test_what_the_code_writes_is_what_the_schema_says() -> None:
    table = counts(np.random.default_rng(1), 1, 500, errors=0.05, invalid=0.02)[0]
    jsonschema_rs.validate(json.loads(SCHEMA_TEXT), windows.record("live", 0.0, 5.0, table, "x"))


@pytest.mark.parametrize("wrong", [{"requests": -1}, {"variant": "x"}, {"id": ""}, {"score": {"bins": [1]}}])
def test_the_schema_refuses_what_the_reader_refuses(wrong: dict[str, Any]) -> None:
    value = json.loads(EXAMPLE) | wrong
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(json.loads(SCHEMA_TEXT), value)
    with pytest.raises(windows.Refused):
        windows.parse(value)


def test_fields_bins_and_refusals_are_all_there() -> None:
    schema = json.loads(SCHEMA_TEXT)
    assert set(schema["properties"]) == windows.FIELDS
    assert schema["$id"] == SCHEMA
    for group in windows.HISTOGRAMS:
        assert f"| `{group}` | {SPANS[group].size}" in TELEMETRY
    for refusal in Refusal:
        assert f"`{refusal}`" in TELEMETRY
    assert f"until {CLUMP_CALM} requests in a row succeeded, or until {CLUMP_LENGTH} requests" in TELEMETRY
