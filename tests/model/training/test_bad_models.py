"""Eleven models of real flights, each bad in another way and refused for its own reason; five good ones pass.

They learn from every eighth row of their months, and are tested on all of August.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline

from model.contract import Data, Feature, Protected, Rows, Service
from model.service.data import load
from model.service.features import FEATURES
from model.service.service import Delays
from model.training.assessment import Candidate, assess, fit
from model.training.champion import Champion
from model.training.export import Scorer, to_onnx

pytestmark = [pytest.mark.sandbox, pytest.mark.xdist_group("training")]

EVERY = 8
DELAYS = Delays()
Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Data:
    return load(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def champion(data) -> Champion:
    """January to June, by the booster."""
    graph = to_onnx(DELAYS, fit(DELAYS, "boosting", data.table, thinned(DELAYS, "1-6").train))
    return Champion("0" * 64, Scorer(graph, DELAYS), {"months": "1-6"})


def thinned(service: Service, months: str, change: Change = lambda rows: rows):
    """The service's split for these months, with fewer rows to learn from, changed."""
    split = service.split({"months": months}, {"months": "1-6"})

    def few(rows: Rows) -> Rows:
        return Rows(rows.label, lambda table: change(rows.select(table).iloc[::EVERY]))

    return replace(split, train=few(split.train), history=few(split.history))


def failing(
    data: Data,
    champion: Champion | None,
    service: Service = DELAYS,
    model: str = "boosting",
    months: str = "1-6",
    change: Change = lambda rows: rows,
    graph_of: Callable[[bytes], bytes] = lambda graph: graph,
) -> set[str]:
    """The gates that refuse a model trained so."""
    split = thinned(service, months, change)
    pipeline = fit(service, model, data.table, split.train)
    scorer = Scorer(graph_of(to_onnx(service, pipeline)), service)
    found = assess(service, Candidate(model, pipeline, scorer), data.table, split, champion)
    return {gate.name for gate in found.gates if not gate.passed}


@pytest.mark.parametrize(
    ("model", "months"),
    [
        ("boosting", "1-6"),
        *(
            pytest.param("boosting", months, marks=pytest.mark.long)
            for months in ("3-6", "4-6", "2-6", "1-5")
        ),
    ],
)
def test_a_good_model_passes(data, champion, model, months):
    assert failing(data, champion, model=model, months=months) == set()


def test_recent_months_alone_are_refused(data, champion):
    refused = failing(data, champion, months="7-10")
    assert {"auc", "log_loss", "calibration", "yardstick", "champion"} <= refused


def test_flipped_labels_are_refused(data, champion):
    refused = failing(data, champion, change=lambda rows: rows.assign(late=1 - rows["late"]))
    assert {"auc", "log_loss", "champion"} <= refused


@pytest.mark.long
def test_shuffled_rows_are_refused(data, champion):
    """Features of one flight with the label of another."""

    def shuffled(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(late=np.random.default_rng(0).permutation(rows["late"].to_numpy()))

    assert {"auc", "log_loss", "champion"} <= failing(data, champion, change=shuffled)


class Leaky(Delays):
    """Knows something that is known only once the flight has landed."""

    features = (*FEATURES, Feature("taxi_in", "number", False, "minutes to the gate", 5.0))


def test_a_leaked_target_is_refused_by_the_feature_that_leaks(data):
    noise = np.random.default_rng(0).normal(size=len(data.table))
    leaked = Data(data.table.assign(taxi_in=data.table["late"] * 3 + noise), "leaked")
    assert failing(leaked, None, Leaky()) == {"leakage"}


def test_a_broken_encoder_is_refused(data, champion):
    """A graph that reads arrival for departure and departure for arrival: what the export got wrong."""

    def crossed(graph: bytes) -> bytes:
        model = onnx.load_from_string(graph)
        names = {"dep_minute": "arr_minute", "arr_minute": "dep_minute"}
        for node in model.graph.node:
            node.input[:] = [names.get(name, name) for name in node.input]
        return model.SerializeToString()

    refused = failing(data, champion, graph_of=crossed)
    assert "parity" in refused


def test_one_ruined_slice_is_refused_although_the_average_is_good(data, champion):
    """The labels of one airport are turned round in the training data, and only there."""

    def ruined(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(late=np.where(rows["origin"] == "JFK", 1 - rows["late"], rows["late"]))

    assert "auc_by_origin" in failing(data, champion, change=ruined)


class Even(Delays):
    """Whoever flies from one airport must be warned as well as who flies from another."""

    protected = (Protected(column="origin", what="airport", threshold=0.25, true_positive_rate=0.25),)


def test_one_that_treats_a_group_otherwise_is_refused_although_it_ranks_well(data):
    """Who flies from JFK is told that the flight is on time, because its late flights were left out."""

    def unfair(rows: pd.DataFrame) -> pd.DataFrame:
        return rows[(rows["origin"] != "JFK") | (rows["late"] == 0) | (np.arange(len(rows)) % 8 == 0)]

    refused = failing(data, None, Even(), change=unfair)
    assert "true_positive_rate_by_origin" in refused
    assert "auc_by_origin" not in refused


class Overconfident(Delays):
    """Learns every row by heart: deep trees, no regularization."""

    def build(self, model: str) -> Pipeline:
        pipeline = super().build(model)
        if model != "boosting":
            return pipeline
        deep = HistGradientBoostingClassifier(
            max_iter=60, learning_rate=0.5, max_leaf_nodes=255, min_samples_leaf=2, early_stopping=False
        )
        return Pipeline([*pipeline.steps[:-1], ("classifier", deep)])


@pytest.mark.long
def test_an_overconfident_model_is_refused(data, champion):
    assert "log_loss" in failing(data, champion, Overconfident())


@pytest.mark.long
def test_stale_data_is_refused(data, champion):
    assert "freshness" in failing(data, champion, months="1-3")


class Slow(Delays):
    """Bounded as a service that answers within microseconds."""

    bounds: ClassVar[Any] = replace(Delays.bounds, milliseconds=0.001)


def test_a_slow_model_is_refused(data, champion):
    assert failing(data, champion, Slow()) == {"latency"}


class Small(Delays):
    """Bounded as a service on a small device."""

    bounds: ClassVar[Any] = replace(Delays.bounds, megabytes=0.05)


def test_a_model_that_is_too_large_is_refused(data, champion):
    assert failing(data, champion, Small()) == {"size"}
