"""What is sensitive is dropped or hashed, whatever format a request came in."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.serving.application import Application, Request
from model.serving.capture.redaction import MARK, Redaction, hashed
from model.serving.formats.refusals import ATTRIBUTES
from model.serving.models.columns import Rows, Table, from_rows
from model.serving.models.schema import parse_schema
from tests.model.serving.asking import load_model
from tests.model.serving.capture.keeping_examples import sensitive
from tests.model.serving.examples import ROW, instances, write_artifact

KEY = b"k" * 32
NUMBERS: list[tuple[float | None, ...]] = [(3.0, 1.5), (-2.25, None)]
CATEGORIES: list[tuple[str | None, ...]] = [("red", "round"), ("größer", None)]


def kept(table: Table, **how: str) -> list[dict[str, object]]:
    return Redaction(parse_schema(json.dumps(sensitive(**how)).encode())).rows(table, KEY)


@pytest.fixture(params=["rows", "columns"])
def table(request: pytest.FixtureRequest) -> Table:
    return Rows(2, NUMBERS, CATEGORIES) if request.param == "rows" else from_rows(NUMBERS, CATEGORIES)


def test_what_is_not_sensitive_is_kept_as_it_is(table):
    assert kept(table) == [
        {"size": 3.0, "weight": 1.5, "colour": "red", "shape": "round"},
        {"size": -2.25, "weight": None, "colour": "größer", "shape": None},
    ]


def test_a_dropped_feature_leaves_no_trace(table):
    found = kept(table, colour="drop", size="drop")
    assert [set(row) for row in found] == [{"weight", "shape"}] * 2
    assert "red" not in json.dumps(found)


def test_a_hashed_feature_says_only_which_values_are_equal(table):
    first, second = kept(table, colour="hash", shape="hash", weight="hash")
    assert first["colour"] == hashed(KEY, "colour", "red")
    assert str(first["colour"]).startswith(MARK)
    assert first["colour"] != second["colour"]
    assert second["shape"] is None, "that a value is missing is no value"
    assert first["weight"] == hashed(KEY, "weight", 1.5)


def test_a_number_has_one_hash_however_precisely_it_was_sent():
    assert hashed(KEY, "size", 0.1) == hashed(KEY, "size", float(np.float32(0.1)))


def test_equal_values_of_two_features_and_of_two_keys_have_different_hashes():
    found = {hashed(KEY, "a", "x"), hashed(KEY, "b", "x"), hashed(b"other", "a", "x")}
    assert len(found) == 3


@pytest.mark.parametrize("attributes", ["", "invalid-rows=null"])
def test_what_is_sensitive_is_not_repeated_in_an_answer(tmp_path, attributes):
    answer = refused(tmp_path, sensitive(size="drop"), attributes)
    assert "77.5" not in answer
    assert "a value that is sensitive" in answer
    assert "77.5" in refused(tmp_path, sensitive(), attributes)


def refused(folder: Path, schema: Any, attributes: str) -> str:
    """The answer to a row whose size is no number."""
    application = Application(lambda: True)
    application.ready(load_model(write_artifact(folder, schema=schema)))
    headers = {"content-type": "application/json", ATTRIBUTES: attributes}
    body = instances(ROW, ROW | {"size": "77.5 of mine"})
    return application.respond(Request("POST", "/invocations", headers, body)).body.decode()
