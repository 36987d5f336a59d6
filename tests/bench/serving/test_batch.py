"""The batch benchmark's own parts: rows that differ, bodies that say what they hold, ratios and bars."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.serving.batch.course import Course
from bench.serving.batch.figures import bars, job_ratio, rate, ratio, row
from bench.serving.batch.formats import FORMATS, PARQUET, Format
from bench.serving.batch.rows import block
from model.service.features import CATEGORIES, NAMES, NUMBERS


@pytest.fixture(scope="module")
def real() -> pd.DataFrame:
    chance = np.random.default_rng(1)
    numbers = {name: chance.normal(100, 20, 50).astype("float32") for name in NUMBERS}
    frame = pd.DataFrame({name: chance.choice(["UA", "EWR"], 50) for name in CATEGORIES} | numbers)
    frame.loc[::7, "wind_gust"] = np.nan
    return frame[list(NAMES)]


def _course(**changes: Any) -> Course:
    course = Course("Parquet", rows=100, wall=2.0, cpu=1.0, rival_wall=4.0, rival_cpu=3.0)
    course.peaks = {50: 100.0, 100: 105.0}
    return replace(course, **changes)


def test_rows_differ_and_are_the_same_again(real: pd.DataFrame) -> None:
    first, again, other = block(real, 1, 200), block(real, 1, 200), block(real, 2, 200)
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)
    assert len(first.drop_duplicates()) == 200
    assert set(first.dtypes[list(NUMBERS)].astype(str)) == {"float32"}
    assert first["wind_gust"].isna().any()
    assert not first["temp"].isna().any()
    assert abs(first["temp"].mean() - real["temp"].mean()) < 10


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_a_body_holds_the_rows(real: pd.DataFrame, form: Format) -> None:
    frame = block(real, 3, 40)
    body = form.encode(frame)
    if form.read is None:
        array = np.load(io.BytesIO(body), allow_pickle=False)
        found = pd.DataFrame({name: array[name] for name in NAMES})
    else:
        found = form.read(body)
    for name in NUMBERS:
        np.testing.assert_allclose(found[name].astype("float32"), frame[name], rtol=1e-6)
    for name in CATEGORIES:
        assert found[name].tolist() == frame[name].tolist()


def test_ratios_are_of_the_processors_seconds() -> None:
    course = _course(job_cpu=8.0, job_rows=200)
    assert rate(course) == 50
    assert ratio(course) == 3
    assert job_ratio(course) == 4
    assert job_ratio(_course()) is None
    assert row(course)["rows/s"] == "50"


def test_bars() -> None:
    assert [bar.ok for bar in bars([_course(off_by=1e-7)])] == [True, True, True]
    assert [bar.ok for bar in bars([_course(off_by=1e-3)])] == [False, True, True]
    assert [bar.ok for bar in bars([_course(), _course(peaks={1: 1001.0})])] == [True, False, True]
    assert [bar.ok for bar in bars([_course(peaks={50: 100.0, 100: 111.0})])] == [True, True, False]
    assert [bar.ok for bar in bars([_course(peaks={100: 100.0})])] == [True, True, None]


def test_parquet_gets_all_rows() -> None:
    assert PARQUET.divisor == 1
    assert FORMATS[0] is PARQUET
