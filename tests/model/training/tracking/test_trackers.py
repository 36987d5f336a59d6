"""Trackers by name."""

import pytest

from model.training.errors import TrackerNameError
from model.training.tracking.trackers import parse


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("mlflow", ("mlflow",)),
        ("wandb, mlflow", ("mlflow", "wandb")),
        ("wandb,wandb", ("wandb",)),
        ("none", ()),
    ],
)
def test_names_are_read(text, names):
    assert parse(text) == names


@pytest.mark.parametrize("text", ["", ",", "mlflow,neptune", "none,mlflow", "MLflow"])
def test_what_names_no_tracker_is_refused_with_those_that_there_are(text):
    with pytest.raises(TrackerNameError, match="mlflow, wandb"):
        parse(text)
