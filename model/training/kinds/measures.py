"""What a kind of service brings to training. scikit-learn is imported when something is measured."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.contract import Bounds
from model.training.kinds.gate import Gate

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

Labels = NDArray[Any]
Scores = NDArray[np.float64]
"""One for each row; of several classes a row of them for each."""


def mean(labels: Labels) -> float:
    """The constant of kinds whose label is a number."""
    return float(labels.mean())


@dataclass(frozen=True)
class Measures:
    """How scores of one kind are made and measured.

    The constant is what a model that learned nothing else would always say: the training labels' mean, or of
    several classes their shares.
    What cannot be measured is NaN, and fails its gate.
    """

    main: str
    """The measure that ranks models, as evidence and gates name it; more is better."""
    word: str
    """The same for people."""
    constant: Callable[[Labels], Any]
    """The constant of the training labels."""
    score: Callable[[Labels, Scores, Any], float]
    """The main measure of labels and scores, given the constant."""
    error: Callable[[Labels, Scores, Scores, Any], float]
    """The standard error of the difference of two models' main measures on the same rows."""
    values: Callable[[Labels, Scores, Any], dict[str, float]]
    """All measures by name, given the constant."""
    gates: Callable[[Mapping[str, float], Bounds], Sequence[Gate]]
    """The gates of these values."""
    predict: "Callable[[Pipeline, pd.DataFrame], Scores]"
    """What scikit-learn answers for a frame of inputs."""
