"""How much of the label each feature explains alone: by a small tree on that feature and nothing else.

A tree and no correlation, because what leaks need not rise or fall with the label. Categories are numbered by
the label's mean in the training rows, or their class's number's, so that a code for each label is found too.
"""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from model.contract import Service
from model.training.kinds.table import measures_of
from model.training.measured import Leak

if TYPE_CHECKING:
    import pandas as pd

ROWS = 20_000
"""Of the training rows at most, spread evenly: a leak shows in far fewer."""
LEAVES = 16


def worst_leak(service: Service, train: "pd.DataFrame", test: "pd.DataFrame") -> Leak:
    """The feature that alone explains most of the label of the test rows, learned from the training rows.

    The measure is the kind's main one, AUC or R2; NaN, which fails the gate, where it cannot be measured.
    """
    train = train.iloc[:: max(1, -(-len(train) // ROWS))]
    labels, wanted = service.labels(train), service.labels(test)
    measures = measures_of(service)
    constant, usual = measures.constant(labels), float(labels.mean())
    if labels.min() == labels.max():  # a sample of few rows of the rarer kind
        return Leak(service.names[0], math.nan)
    learned, asked = service.inputs(train), service.inputs(test)
    found = []
    for name in service.names:
        column, other = _numbers(service, name, learned, asked, labels, usual)
        tree = _tree(service.kind).fit(column, labels)
        scores = np.asarray(measures.predict(tree, other), dtype=np.float64)
        found.append(Leak(name, measures.score(wanted, scores, constant)))
    return max(found, key=lambda leak: np.inf if np.isnan(leak.value) else leak.value)


def _numbers(
    service: Service,
    name: str,
    learned: "pd.DataFrame",
    asked: "pd.DataFrame",
    labels: Any,
    usual: float,
) -> tuple[Any, Any]:
    """A feature's column in training and test rows, as a tree reads it."""
    if name not in service.categories:
        return learned[[name]].to_numpy(copy=True), asked[[name]].to_numpy(copy=True)
    means = learned[[name]].assign(label=labels).groupby(name)["label"].mean()
    return tuple(rows[name].map(means).fillna(usual).to_numpy().reshape(-1, 1) for rows in (learned, asked))


def _tree(kind: str) -> Any:
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    least = {"max_leaf_nodes": LEAVES, "min_samples_leaf": 20, "random_state": 0}
    return (DecisionTreeRegressor if kind == "regression" else DecisionTreeClassifier)(**least)
