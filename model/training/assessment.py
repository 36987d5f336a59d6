"""Is the candidate good enough? Scores it on months it has not seen, beside the yardstick and the champion.

The candidate is scored with its ONNX graph, because that is what will serve. The yardstick is the plain
logistic model trained on every month that was there to learn from: a candidate that ranks worse than it
was trained on the wrong data or with the wrong settings, however hard its test month is.
"""

from dataclasses import dataclass

from sklearn.pipeline import Pipeline

from model.service.data import Data
from model.service.features import inputs
from model.service.kinds import Kind
from model.service.pipeline import build
from model.service.split import Months, Split
from model.training import gates
from model.training.champion import Champion
from model.training.evaluation import Evaluation, auc_gain, evaluate
from model.training.export import Scorer, parity, pipeline_scores, stressed


@dataclass(frozen=True)
class Assessment:
    """What was measured of a candidate, and the gates' answer."""

    validation: Evaluation
    test: Evaluation
    yardstick_gain: float
    champion_gain: float | None
    parity: float
    gates: tuple[gates.Gate, ...]


@dataclass(frozen=True)
class Candidate:
    """A fitted pipeline and its exported graph, ready to score."""

    kind: Kind
    pipeline: Pipeline
    scorer: Scorer


def fit(kind: Kind, data: Data, months: Months) -> Pipeline:
    """The pipeline `kind`, fitted on `months`."""
    rows = data.months(months.first, months.last)
    return build(kind).fit(inputs(rows), rows["late"].to_numpy())


def assess(candidate: Candidate, data: Data, split: Split, champion: Champion | None) -> Assessment:
    """Measure the candidate on the validation and test months of `split`, and evaluate the gates."""
    prior = float(data.months(split.train.first, split.train.last)["late"].mean())
    validation, test = data.months(split.validation), data.months(split.test)
    late, scores = test["late"].to_numpy(), candidate.scorer.score(test)
    result = evaluate(test, scores, prior)
    yardstick_gain = auc_gain(late, scores, pipeline_scores(_yardstick(candidate, data, split), test))
    champion_gain = auc_gain(late, scores, champion.scorer.score(test)) if champion else None
    difference = parity(candidate.pipeline, candidate.scorer, (test, stressed(test)))
    return Assessment(
        validation=evaluate(validation, candidate.scorer.score(validation), prior),
        test=result,
        yardstick_gain=yardstick_gain,
        champion_gain=champion_gain,
        parity=difference,
        gates=gates.evaluate(result, yardstick_gain, champion_gain, difference),
    )


def _yardstick(candidate: Candidate, data: Data, split: Split) -> Pipeline:
    if candidate.kind == "logistic" and split.train == split.history:
        return candidate.pipeline
    return fit("logistic", data, split.history)
