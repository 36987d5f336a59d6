"""What is wrong with a table is named with its column, its rows and what to do; one case each."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from model.contract import Expected, Feature, Protected, Rows, Service, Split
from model.errors import DataError
from model.skeletons.binary.service import Skeleton as Tumours
from model.skeletons.regression.service import Skeleton as Patients
from model.training.data_check import refuse_wrong
from model.training.problems import renamed

NOW = datetime(2026, 6, 1, tzinfo=UTC)
COUNT = 40
TRAIN = Rows("the first 30 rows", lambda table: table.head(30))
TEST = Rows("the last 10 rows", lambda table: table.tail(10))
SPLIT = Split(TRAIN, TEST, TEST, TRAIN)
Table = pd.DataFrame
Change = Callable[[Table], Table]


class Visits(Tumours):
    """A service that declares everything that there is to declare of a table."""

    features = (
        Feature("size", "number", False, "in mm", 3.0),
        Feature("wait_days", "number", True, "before the visit", 2.0),
        Feature("ward", "category", False, "where", "north"),
    )
    expected = Expected(
        types={"case": "number", "visit": "number"},
        time="seen_at",
        keys=("case", "visit"),
        least_rows=20,
        known={"wait_days": 0.5},
    )
    protected: ClassVar[tuple[Protected, ...]] = (Protected(column="sex", what="sex", threshold=0.5),)


def visits() -> Table:
    """What `Visits` declares, and nothing wrong with it."""
    return pd.DataFrame(
        {
            "case": np.arange(COUNT) // 2,
            "visit": np.arange(COUNT) % 2,
            "seen_at": pd.date_range("2026-01-01", periods=COUNT, freq="D", tz="UTC"),
            "size": np.linspace(1, 9, COUNT),
            "wait_days": [np.nan, 3.0] * (COUNT // 2),
            "ward": ["north", "south"] * (COUNT // 2),
            "sex": ["f", "m"] * (COUNT // 2),
            "malignant": np.arange(COUNT) % 2,
        }
    )


def setting(column: str, *rows: int, to: Any) -> Change:
    """The column with another value in these rows."""

    def change(table: Table) -> Table:
        values = table[column].astype(object)
        values.iloc[list(rows)] = to
        kept = table[column].dtype if not isinstance(to, str) or column in ("ward", "sex") else object
        return table.assign(**{column: values if to is None else values.astype(kept)})

    return change


def checked(table: Table, service: Service, split: Split = SPLIT) -> None:
    refuse_wrong(service, table, split, NOW)


def test_a_table_with_nothing_wrong_passes():
    checked(visits(), Visits())


CASES: dict[str, tuple[Change, str, str]] = {
    "a column gone": (
        lambda t: t.drop(columns="size"),
        "its table has no column 'size'",
        "Have load bring 'size'",
    ),
    "a column renamed": (
        lambda t: t.rename(columns={"wait_days": "daysWait"}),
        "no column 'wait_days', and 'daysWait' is likely its new name",
        "rename(columns={'daysWait': 'wait_days'})",
    ),
    "a column renamed to something else": (
        lambda t: t.rename(columns={"size": "diameter"}),
        "no column 'size', and 'diameter' is likely its new name",
        "if it means the same",
    ),
    "a protected column gone": (lambda t: t.drop(columns="sex"), "no column 'sex'", "Have load bring 'sex'"),
    "both sides of a join have it": (
        lambda t: t.rename(columns={"ward": "ward_x"}).assign(ward_y="north"),
        "no column 'ward', but 'ward_x' and 'ward_y': both sides of a join have it",
        "Drop 'ward' from one side before the join",
    ),
    "a column twice": (
        lambda t: pd.concat([t, t[["size"]]], axis="columns"),
        "its table has 'size' more than once",
        "Have load keep one column 'size'",
    ),
    "empty": (lambda t: t.head(0), "its table is empty", "Look at what load reads"),
    "truncated": (
        lambda t: t.head(12),
        "its table has 12 rows, up to row 11, and fewer than 20 mean that it was cut off",
        "Get the data again, whole",
    ),
    "a number became text": (
        setting("size", 3, 9, to="n/a"),
        "'size' is a number, and holds object ('n/a') in rows 3, 9 (of 40, from 0)",
        "pandas.to_numeric(table['size'])",
    ),
    "all numbers became text": (
        lambda t: t.assign(size=t["size"].astype(str)),
        "'size' is a number, and holds str ('1.0') in every row (40)",
        "pandas.to_numeric(table['size'])",
    ),
    "a number became a time": (
        lambda t: t.assign(size=t["seen_at"]),
        "'size' is a number, and holds datetime64[us, UTC]",
        "find out what changed it",
    ),
    "an infinite number": (
        setting("size", 7, to=np.inf),
        "'size' is a number, and is infinite in row 7 (of 40, from 0)",
        "Look for a division by 0",
    ),
    "a category became a number": (
        lambda t: t.assign(ward=1.5),
        "'ward' is a category, and holds float64",
        "table['ward'].astype(str)",
    ),
    "a category became a number in some rows": (
        lambda t: t.assign(ward=["north", 2] * (COUNT // 2)),
        "'ward' is a category, and holds object (2) in rows 1, 3, 5 and 17 more (of 40, from 0)",
        "table['ward'].astype(str)",
    ),
    "a time became text": (
        lambda t: t.assign(seen_at=t["seen_at"].astype(str)),
        "'seen_at' is a time, and holds str",
        "pandas.to_datetime(table['seen_at'], utc=True)",
    ),
    "a declared column of another type": (
        lambda t: t.assign(case=[f"c{i // 2:02}" for i in range(COUNT)]),
        "'case' is a number, and holds str ('c00')",
        "pandas.to_numeric(table['case'])",
    ),
    "missing where it may not be": (
        setting("size", 5, 6, 7, 8, to=np.nan),
        "'size' is not nullable, and is missing in rows 5, 6, 7 and 1 more (of 40, from 0)",
        "Fill or drop them in load",
    ),
    "a join that found nothing": (
        lambda t: t.assign(wait_days=np.nan),
        "'wait_days' is missing in every row: a join that found nothing",
        "Look at the join or the file that brings 'wait_days'",
    ),
    "a join that found little": (
        lambda t: t.assign(wait_days=[1.0] * 10 + [np.nan] * 30),
        "'wait_days' is known in 25.0% of the rows, which is less than 50.0%; it is missing in rows 10, 11",
        "Look at the join or the file that brings 'wait_days'",
    ),
    "a join that multiplied rows": (
        lambda t: pd.concat([t.head(4), t.iloc[2:]], ignore_index=True).assign(seen_at=NOW),
        "rows 2, 3, 4 and 1 more (of 42, from 0) share their key ('case' and 'visit') with another row",
        "join with merge(..., validate='many_to_one')",
    ),
    "a key that is missing": (
        lambda t: t.assign(case=t["case"].where(t.index != 4)),
        "its key 'case' is missing in row 4",
        "Find out where 'case' was lost",
    ),
    "shuffled": (
        lambda t: t.iloc[[0, 2, 1, *range(3, COUNT)]],
        "not in the order of its time 'seen_at': earlier than the row before in row 2 (of 40, from 0) "
        "(2026-01-02 00:00:00+00:00 after 2026-01-03",
        "Sort by 'seen_at' in load, or find out what shuffled the rows",
    ),
    "a future time": (
        lambda t: t.assign(seen_at=pd.date_range("2026-04-24", periods=COUNT, freq="D", tz="UTC")),
        "its time 'seen_at' is of the future in row 39 (of 40, from 0): 2026-06-02",
        "a wrong unit or zone",
    ),
    "a time without a zone that is of the future everywhere": (
        lambda t: t.assign(seen_at=pd.date_range("2026-04-25", periods=COUNT, freq="D")),
        "its time 'seen_at' is of the future in rows 38, 39",
        "a wrong unit or zone",
    ),
    "a time that is missing": (
        lambda t: t.assign(seen_at=t["seen_at"].where(t.index != 9)),
        "its time 'seen_at' is missing in row 9",
        "Drop them in load",
    ),
    "a label that is missing": (
        setting("malignant", 8, to=None),
        "its label 'malignant' is missing in row 8",
        "Drop the rows without a usable label",
    ),
    "a label of something else": (
        setting("malignant", 8, 11, to=2),
        "its label 'malignant' holds something else than 0 and 1 (2) in rows 8, 11 (of 40, from 0)",
        "Make 0 and 1 of it in load",
    ),
    "one class only": (
        lambda t: t.assign(malignant=0),
        "its label 'malignant' is 0 in every row of the first 30 rows (30)",
        "Choose rows of both kinds in split",
    ),
}


@pytest.mark.parametrize(("change", "what", "fix"), CASES.values(), ids=CASES.keys())
def test_it_is_named_with_column_rows_and_fix(change, what, fix):
    with pytest.raises(DataError) as caught:
        checked(change(visits()), Visits())
    assert caught.value.exit_code == 2
    assert caught.value.consequence == "Nothing was trained."
    assert what in caught.value.cause
    assert fix in caught.value.next_step


def test_rows_that_are_learned_from_and_measured_are_named_by_their_key():
    overlap = Split(TRAIN, TEST, Rows("the last 12 rows", lambda table: table.tail(12)), TRAIN)
    with pytest.raises(DataError) as caught:
        checked(visits(), Visits(), overlap)
    assert "in the first 30 rows and in the last 12 rows, learned from and measured: rows 0, 1 (of 12" in (
        caught.value.cause
    )


def test_a_number_as_label_is_held_against_its_type(tmp_path):
    table = Patients().load(tmp_path).table.assign(progression="far")
    with pytest.raises(DataError, match="'progression' is a number, and holds"):
        checked(table, Patients())


@pytest.mark.parametrize("service", [Tumours(), Patients()], ids=["binary", "regression"])
def test_a_service_that_declares_nothing_of_it_goes_on_working(service, tmp_path):
    table = service.load(tmp_path).table
    split = service.split({}, None)
    refuse_wrong(service, table.iloc[::-1], split, NOW)


def test_many_problems_are_counted_and_not_all_told():
    table = visits().drop(columns=["size", "wait_days", "ward", "sex", "case", "visit", "malignant"])
    with pytest.raises(DataError, match="; and 1 more") as caught:
        checked(table, Visits())
    assert len(caught.value.cause) < 500


def test_a_time_that_is_no_timestamp_is_held_against_its_order_only():
    class Monthly(Visits):
        expected = Expected(types={"month": "number"}, time="month")

    months = visits().assign(month=np.arange(COUNT) + 202_700)
    checked(months, Monthly())
    with pytest.raises(DataError, match="not in the order of its time 'month'"):
        checked(months.iloc[::-1], Monthly())


@pytest.mark.parametrize(
    ("gone", "unknown", "pairs"),
    [
        (["dep_time"], ["DepTime", "x"], {"dep_time": "DepTime"}),
        (["dep_time"], ["time_dep", "arr"], {"dep_time": "time_dep"}),
        (["seats", "age"], ["seats_no", "ages"], {"seats": "seats_no", "age": "ages"}),
        (["size"], ["ward", "case"], {}),
        (["size"], ["diameter"], {"size": "diameter"}),
        (["size"], [], {}),
    ],
    ids=range(6),
)
def test_the_likely_new_name_of_a_column(gone, unknown, pairs):
    assert renamed(gone, unknown) == pairs
