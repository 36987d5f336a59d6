"""The join on flights small enough to check by eye, and source data that is not there."""

import pandas as pd
import pytest

from model.errors import DataError
from model.service import data

WEATHER = dict.fromkeys(data.WEATHER, 1.0)


def flight(**changes) -> dict:
    return {
        "year": 2013, "month": 7, "day": 1, "sched_dep_time": 515, "sched_arr_time": 2359, "arr_delay": 15.0,
        "carrier": "UA", "flight": 1545, "tailnum": "N1", "origin": "EWR", "dest": "IAH", "distance": 1400,
        "time_hour": "2013-07-01T09:00:00Z", **changes,
    }  # fmt: skip


def observation(time: str, **changes) -> dict:
    return {"origin": "EWR", "time_hour": time, **WEATHER, **changes}


def join(flights=None, weather=None, planes=None) -> pd.DataFrame:
    return data.joined(
        pd.DataFrame(flights or [flight()]),
        pd.DataFrame(weather or [observation("2013-07-01T08:00:00Z")]),
        pd.DataFrame(planes or [{"tailnum": "N1", "year": 2003.0, "seats": 149}]),
    )


def test_weather_is_that_of_the_hour_before_departure():
    before, during = "2013-07-01T08:00:00Z", "2013-07-01T09:00:00Z"
    assert join(weather=[observation(before, temp=50.0), observation(during, temp=99.0)])[
        "temp"
    ].tolist() == [50.0]
    assert join(weather=[observation(during, temp=99.0)])["temp"].isna().all()


def test_weather_of_another_airport_does_not_count():
    assert join(weather=[observation("2013-07-01T08:00:00Z", origin="JFK")])["temp"].isna().all()


def test_flights_that_never_arrived_are_dropped():
    assert len(join(flights=[flight(), flight(arr_delay=None)])) == 1


@pytest.mark.parametrize(("delay", "late"), [(14.0, 0), (15.0, 1), (-20.0, 0)])
def test_late_is_fifteen_minutes_or_more(delay, late):
    assert join(flights=[flight(arr_delay=delay)])["late"].tolist() == [late]


def test_clock_readings_become_minutes_of_the_day():
    row = join().iloc[0]
    assert (row["dep_minute"], row["arr_minute"], row["weekday"]) == (5 * 60 + 15, 23 * 60 + 59, 0)


def test_an_impossible_wind_is_missing_and_the_rest_of_the_observation_stays():
    row = join(weather=[observation("2013-07-01T08:00:00Z", wind_speed=1048.36, temp=30.0)]).iloc[0]
    assert pd.isna(row["wind_speed"])
    assert row["temp"] == 30.0
    assert row["wind_gust"] == 1.0


def test_an_unknown_aircraft_leaves_age_and_seats_missing():
    row = join(planes=[{"tailnum": "N2", "year": 2003.0, "seats": 149}]).iloc[0]
    assert pd.isna(row["plane_age"])
    assert pd.isna(row["seats"])


def test_rows_come_in_order_of_departure():
    later = flight(time_hour="2013-08-01T09:00:00Z", month=8)
    assert join(flights=[later, flight()])["month"].tolist() == [7, 8]


def test_an_hour_observed_twice_is_refused_rather_than_doubling_flights():
    with pytest.raises(pd.errors.MergeError):
        join(weather=[observation("2013-07-01T08:00:00Z"), observation("2013-07-01T08:00:00Z")])


def test_a_missing_package_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(data, "PACKAGE", "a_package_that_nobody_installed")
    with pytest.raises(DataError, match="is not installed") as caught:
        data.load(tmp_path)
    assert caught.value.exit_code == 2
    assert "make setup" in caught.value.next_step


def test_an_incomplete_package_names_the_file(monkeypatch, tmp_path):
    (tmp_path / "nycflights_broken").mkdir()
    (tmp_path / "nycflights_broken" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(data, "PACKAGE", "nycflights_broken")
    with pytest.raises(DataError, match=r"flights\.csv\.zip"):
        data.load(tmp_path / "cache")


@pytest.mark.parametrize("content", ["", "origin,time_hour\nEWR,2013-07-01T08:00:00Z\n"])
def test_a_source_file_without_its_columns_is_named(tmp_path, content):
    (tmp_path / "weather.csv").write_text(content)
    with pytest.raises(DataError, match=r"weather\.csv"):
        data._read(tmp_path, "weather")
