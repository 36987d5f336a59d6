"""A service whose data is not what it says is told so before anything is fitted."""

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from model.contract import Data, Rows, Split
from model.errors import DataError
from model.skeletons.binary.service import Skeleton
from model.skeletons.regression.service import Skeleton as Numbers
from model.training.leaks import worst_leak
from model.training.options import TrainOptions
from model.training.train import train

pytestmark = pytest.mark.sandbox


def toys(**changes: Any) -> Data:
    """A table of the binary skeleton's columns, with these changed."""
    columns = {name: np.arange(20.0) for name in Skeleton().names} | {"malignant": np.arange(20) % 2}
    return Data(pd.DataFrame(columns | changes), "1")


def everything(label: str) -> Rows:
    return Rows(label, lambda table: table)


NONE = Rows("no row at all", lambda table: table.head(0))


@pytest.mark.parametrize(
    ("data", "test", "part"),
    [
        (Data(toys().table.drop(columns="texture"), "1"), None, "its table has no column 'texture'"),
        (Data(toys().table.drop(columns="malignant"), "1"), None, "its table has no column 'malignant'"),
        (toys(), NONE, "its split has no rows in no row at all"),
        (toys(malignant=np.nan), None, "its label 'malignant' is missing in every row"),
        (toys(malignant=2), None, "its label 'malignant' holds something else than 0 and 1"),
        (toys(malignant=1), None, "its label 'malignant' is 1 in every row of all"),
        (toys(texture=[np.nan] + [1.0] * 19), None, "'texture' is not nullable, and is missing in row 0"),
    ],
    ids=range(7),
)
def test_it_is_named(tmp_path, monkeypatch, data, test, part):
    rows = everything("all")
    monkeypatch.setattr(Skeleton, "load", lambda self, cache: data)
    monkeypatch.setattr(Skeleton, "split", lambda self, *_: Split(rows, rows, test or rows, rows))
    with pytest.raises(DataError) as caught:
        train(Skeleton(), TrainOptions("logistic", out=tmp_path / "out", build=tmp_path))
    assert part in caught.value.cause
    assert not (tmp_path / "out").exists()


def test_a_category_that_is_no_text_is_named(tmp_path, monkeypatch):
    columns = {name: np.arange(20.0) for name in Numbers().names} | {"progression": np.arange(20.0)}
    rows = everything("all")
    monkeypatch.setattr(Numbers, "load", lambda self, cache: Data(pd.DataFrame(columns), "1"))
    monkeypatch.setattr(Numbers, "split", lambda self, *_: Split(rows, rows, rows, rows))
    with pytest.raises(DataError, match="'sex' is a category, and holds float64"):
        train(Numbers(), TrainOptions("linear", out=tmp_path / "out", build=tmp_path))


def test_a_comparison_that_cannot_be_measured_is_a_failed_gate_and_written_down(tmp_path, monkeypatch):
    """One positive row among the test rows: the AUC has no standard error."""
    table = toys(malignant=[0, 1] * 8 + [0, 0, 0, 1]).table
    learned, tested = Rows("first", lambda rows: rows.head(16)), Rows("last", lambda rows: rows.tail(4))
    monkeypatch.setattr(Skeleton, "load", lambda self, cache: Data(table, "1"))
    monkeypatch.setattr(Skeleton, "split", lambda self, *_: Split(learned, learned, tested, learned))
    found = train(Skeleton(), TrainOptions("logistic", out=tmp_path, build=tmp_path, trackers=()))
    assert found.evidence["evaluation"]["test_auc_over_yardstick_error"] is None
    assert json.loads((tmp_path / "evidence.json").read_text())["gates"]


def test_a_leak_that_cannot_be_measured_is_no_number():
    table = toys(malignant=0).table
    assert math.isnan(worst_leak(Skeleton(), table, toys().table).value)


def test_numbers_that_learned_nothing_fail_their_gates_and_say_so(tmp_path, monkeypatch):
    """The whole training of a regression, with the labels in another order."""
    loaded = Numbers().load(tmp_path)
    shuffled = loaded.table["progression"].sample(frac=1, random_state=0).to_numpy()
    worthless = Data(loaded.table.assign(progression=shuffled), "shuffled")
    monkeypatch.setattr(Numbers, "load", lambda self, cache: worthless)
    result = train(Numbers(), TrainOptions("linear", out=tmp_path / "out", build=tmp_path))
    assert {"r2", "mae"} <= set(result.failed)
    assert result.evidence["evaluation"]["test_r2"] < 0.1
    assert result.evidence["input_schema"]["output"]["kind"] == "number"
