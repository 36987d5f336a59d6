"""What the model reads."""

import json

import numpy as np

from model.service.features import CATEGORIES, FEATURES, NAMES, NUMBERS
from model.service.service import SERVICE
from tests.model.examples import flights


def test_inputs_are_the_features_in_order_and_float32():
    frame = SERVICE.inputs(flights())
    assert list(frame.columns) == list(NAMES)
    assert {str(frame[name].dtype) for name in NUMBERS} == {"float32"}


def test_a_missing_category_becomes_an_unseen_one():
    table = flights(5)
    table.loc[0, "carrier"] = None
    assert SERVICE.inputs(table)["carrier"].iloc[0] == ""


def test_missing_numbers_stay_missing_and_the_rows_are_not_changed():
    table = flights(5)
    table.loc[0, "temp"] = np.nan
    before = table.copy()
    assert np.isnan(SERVICE.inputs(table)["temp"].iloc[0])
    assert table.equals(before)


def test_the_label_and_the_calendar_are_no_features():
    assert not {"late", "month", "day", "arr_delay"} & set(NAMES)


def test_the_schema_is_plain_json_and_names_every_feature_once():
    schema = json.loads(json.dumps(SERVICE.input_schema()))
    assert [feature["name"] for feature in schema["features"]] == list(NAMES)
    assert len(set(NAMES)) == len(FEATURES) == 18
    assert {feature["kind"] for feature in schema["features"] if feature["name"] in CATEGORIES} == {
        "category"
    }
