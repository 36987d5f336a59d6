"""The schema lets usual data through and names what is wrong with the rest."""

import numpy as np
import pytest

from model.errors import DataError
from model.service.schema import validated
from tests.model.examples import flights


def test_usual_flights_pass_and_numbers_are_float64():
    table = validated(flights().astype({"weekday": int}))
    assert table["weekday"].dtype == np.float64


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("dep_minute", 2359.0),
        ("wind_speed", 1048.0),
        ("temp", 310.0),
        ("origin", "SFO"),
        ("carrier", "United"),
        ("late", 2),
        ("month", 13),
    ],
)
def test_a_value_out_of_bounds_is_named_with_its_column(column, value):
    table = flights()
    table.loc[3, column] = value
    with pytest.raises(DataError, match=column) as caught:
        validated(table)
    assert str(value) in caught.value.cause


def test_a_required_number_may_not_be_missing():
    table = flights()
    table.loc[0, "distance"] = np.nan
    with pytest.raises(DataError, match="distance"):
        validated(table)


def test_a_join_that_found_almost_nothing_is_noticed():
    table = flights()
    table.loc[table.index > 30, "temp"] = np.nan
    with pytest.raises(DataError, match=r"temp.*are known"):
        validated(table)


def test_a_missing_column_is_named():
    with pytest.raises(DataError, match="seats"):
        validated(flights().drop(columns="seats"))


def test_a_new_column_is_refused_until_the_schema_knows_it():
    with pytest.raises(DataError, match="moon"):
        validated(flights().assign(moon=1.0))
