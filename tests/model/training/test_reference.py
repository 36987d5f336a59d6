"""The reference that training writes: small, without any row, the same bytes, with or without times."""

import json
from typing import ClassVar

import numpy as np
import pandas as pd

from model.contract import Expected
from model.skeletons.multiclass.service import Skeleton as Wines
from model.training.reference.profile import profile
from tests.monitoring.drift.streams import A_DAY, DAYS, Parcels, content, score, table


class Timeless(Parcels):
    """The same, and nobody knows when."""

    expected: ClassVar[Expected] = Expected()


def test_the_same_rows_give_the_same_bytes_in_whatever_order_they_lie():
    shuffled = table().sample(frac=1, random_state=3)
    assert profile(Parcels(), shuffled, score) == content()
    assert len(content()) < 100_000


def test_what_hours_show_is_what_is_in_them():
    columns = {each["name"]: each for each in json.loads(content())["columns"]}
    hour = table()["at"].dt.floor("h")
    share = table()["temp"].isna().groupby(hour).mean().max()
    assert columns["temp"]["missing_hour"] == round(float(share), 6)
    there = table().groupby(hour)["depot"].agg(set)
    longest = max(len(run) for run in "".join("." if "west" in each else "x" for each in there).split("."))
    assert columns["depot"]["gap_hours"][columns["depot"]["categories"].index("west")] == longest
    assert columns["size"]["constant_hours"] == 0
    assert columns["depot"]["novel_day"] == 0


def test_a_day_that_was_cut_off_is_left_out_and_a_new_category_is_known_as_new():
    rows = table().head(10 * A_DAY + 30)
    rows = rows.assign(depot=rows["depot"].where(rows["at"] < rows["at"].iloc[8 * A_DAY], "harbour"))
    held = json.loads(profile(Parcels(), rows, score))
    assert len(held["days"]) == 10
    assert held["columns"][2]["novel_day"] == 1


def test_without_times_blocks_are_rows_in_order_and_hours_are_not_known():
    held = json.loads(profile(Timeless(), table(), score))
    assert (held["blocks"], held["days"], held["time"]) == ("rows", [], None)
    assert len(held["columns"][0]["counts"]) == 100
    assert {held["columns"][2][name] for name in ("constant_hours", "missing_hour")} == {None}
    assert sum(map(sum, held["columns"][0]["counts"])) == DAYS * A_DAY


def test_of_several_classes_the_likeliest_is_the_score():
    rows = pd.DataFrame({each.name: [each.example] * 4 for each in Wines.features})
    scores = np.array([[0.1, 0.9, 0], [1.0, 0, 0], [0, 0.2, 0.8], [np.nan, 0.5, 0.5]])
    column = json.loads(profile(Wines(), rows, lambda _: scores))["columns"][-1]
    low, *inner, _ = column["edges"]
    assert inner == [1.9, 2.8]
    assert low < 0.999999 - 0.4
    assert column["counts"] == [[0, 1, 1, 1, 0, 1]]
