"""The card's evidence: measured on the test rows, of these very data, plain JSON whatever was measured."""

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from model import artifact
from model.contract import Data, Expected, Feature, Protected, Rows, Slice, Split, Statement
from model.skeletons.binary.service import Skeleton as Tumours
from model.training.card import card
from model.training.data_file import data_file
from model.training.evaluation import evaluate
from model.training.told import plain, told
from release.domain import card as evidence

COUNT = 400
TRAIN = Rows("the first 200 rows", lambda table: table.head(200))
TEST = Rows("the last 200 rows", lambda table: table.tail(200))
SPLIT = Split(TRAIN, TEST, TEST, TRAIN)


class Visits(Tumours):
    """A service that declares everything that a card tells."""

    features = (
        Feature("size", "number", True, "in mm", 3.0),
        Feature("ward", "category", False, "where", "north"),
    )
    slices = (Slice("ward", "ward", 0.5, 50),)
    expected = Expected(time="seen_at")
    protected = (Protected(column="sex", what="sex", threshold=0.5, selection_rate=0.9),)
    statement = Statement(intended_use="to plan a day", owner="us", limits=("one year",))


def visits() -> pd.DataFrame:
    labels = np.arange(COUNT) % 2
    return pd.DataFrame(
        {
            "seen_at": pd.date_range("2026-01-01", periods=COUNT, freq="h", tz="UTC"),
            "size": np.where(np.arange(COUNT) % 4 == 0, np.nan, labels * 3.0 + np.arange(COUNT) % 5),
            "ward": np.where(np.arange(COUNT) % 20 == 0, "west", "north"),
            "sex": ["f", "f", "m", "m"] * (COUNT // 4),
            "malignant": labels,
        }
    )


def scored() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 0.5, 200) + 0.4 * (np.arange(200) % 2)


def made(table: pd.DataFrame | None = None, scores: np.ndarray | None = None) -> dict[str, Any]:
    service, table = Visits(), visits() if table is None else table
    scores = scored() if scores is None else scores
    packaged = artifact.pack(
        {
            artifact.ABOUT: b'{"model": "logistic"}',
            artifact.REFERENCE: table.head(50).assign(score=0.25).to_csv(index=False).encode(),
        }
    )
    rows = table.tail(200)
    test = told(service, rows, scores, 0.5, evaluate(service, rows, scores, 0.5).fairness)
    return card(service, data_file(service, Data(table, "visits-1")), SPLIT, test, packaged)


def test_a_release_reads_all_of_it_and_it_is_plain_json():
    value = made()
    found = evidence.of(json.loads(json.dumps(value, allow_nan=False)))
    assert found.known
    assert (found.model, found.kind, found.statement.owner) == ("logistic", "binary", "us")
    assert (found.reference.rows, found.reference.score.middle) == (50, 0.25)
    assert [part.rows for part in found.data.parts] == [200, 200, 200]
    assert found.data.parts[0].first == "2026-01-01 00:00:00+00:00"
    assert {"statement", "data", "main", "slices", "calibration", "fairness", "reference"} <= set(value)
    assert set(value) <= set(evidence.CardEvidence.model_fields)
    assert set(value["data"]) <= set(evidence.DataSheet.model_fields)


def test_the_columns_are_those_of_the_training_rows():
    size, ward, label = evidence.of(made()).data.columns
    train = visits().head(200)
    assert (size.type, size.nullable, size.missing) == ("number", True, pytest.approx(0.25))
    assert (size.low, size.high) == (train["size"].min(), train["size"].max())
    assert (ward.values, ward.most[0][0]) == (2, "north")
    assert ward.most[0][1] == pytest.approx(0.95)
    assert (label.name, label.type) == ("malignant", "label")


def test_measures_have_intervals_and_a_small_slice_has_none():
    found = evidence.of(made())
    main = found.main.measured
    assert main.low is not None
    assert main.high is not None
    assert main.value is not None
    assert main.low < main.value <= main.high <= 1
    north, west = found.slices
    assert (north.value, north.rows, north.measured is None) == ("north", 190, False)
    assert (west.value, west.rows, west.measured) == ("west", 10, None)
    assert sum(one.label.rows for one in found.calibration) == 200
    assert [group.name for group in found.fairness[0].groups] == ["f", "m"]


def test_the_hash_is_that_of_the_file_of_all_rows():
    data = data_file(Visits(), Data(visits(), "visits-1"))
    found = evidence.of(made()).data
    assert (found.sha256, found.version) == (data.sha256, data.version)


def test_what_could_not_be_measured_is_null():
    scores = scored()
    scores[3] = math.nan
    value = json.loads(json.dumps(made(scores=scores), allow_nan=False))
    assert value["main"]["measured"]["value"] is None
    assert value["calibration"] == []
    assert plain({"a": [np.float64(np.inf), np.int64(3)]}) == {"a": [None, 3]}


def test_a_service_that_declares_nothing_has_a_card_all_the_same(tmp_path):
    service, rows = Tumours(), Tumours().load(tmp_path)
    split = service.split({}, None)
    test = split.test.select(rows.table)
    scores = np.linspace(0, 1, len(test))
    packaged = artifact.pack({artifact.ABOUT: b'{"model": "forest"}', artifact.REFERENCE: b"score\n0.5\n"})
    shown = told(service, test, scores, 0.5, ())
    found = evidence.of(card(service, data_file(service, rows), split, shown, packaged))
    assert found.statement == evidence.Statement()
    assert (found.slices, found.fairness, found.data.first) == ((), (), None)
    assert len(found.data.columns) == len(service.features) + 1
