"""A service whose data is not what it says is told so before anything is fitted."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from model.contract import Data, Rows, Split
from model.errors import ServiceError
from model.skeletons.binary.service import Skeleton
from model.skeletons.regression.service import Skeleton as Numbers
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
        (toys(malignant=np.nan), None, "its label 'malignant' is missing in some rows"),
        (toys(malignant=2), None, "its label 'malignant' holds something else than 0 and 1"),
    ],
    ids=range(5),
)
def test_it_is_named(tmp_path, monkeypatch, data, test, part):
    rows = everything("all")
    monkeypatch.setattr(Skeleton, "load", lambda self, cache: data)
    monkeypatch.setattr(Skeleton, "split", lambda self, *_: Split(rows, rows, test or rows, rows))
    with pytest.raises(ServiceError) as caught:
        train(Skeleton(), TrainOptions("logistic", out=tmp_path / "out", build=tmp_path))
    assert part in caught.value.cause
    assert not (tmp_path / "out").exists()


def test_more_classes_than_two_are_refused_before_the_data_is_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr(Skeleton, "kind", "multiclass")
    monkeypatch.setattr(Skeleton, "load", lambda self, cache: pytest.fail("it was loaded"))
    with pytest.raises(ServiceError, match="is multiclass"):
        train(Skeleton(), TrainOptions("logistic", out=tmp_path, build=tmp_path))


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
