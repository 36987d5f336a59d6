"""Is the candidate good enough? Scores it on rows it has not seen, beside the yardstick and the champion.

The candidate is scored with its ONNX graph, because that is what will serve. The yardstick is the service's
simple model, trained on all that was there to learn from: a candidate that ranks worse than it was trained on
the wrong data or with the wrong settings, however hard its test rows are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sklearn.pipeline import Pipeline

from model.contract import Rows, Service, Split
from model.space import Parameters
from model.training import boosters, gates
from model.training.champion import Champion
from model.training.evaluation import Evaluation, evaluate, gain
from model.training.export import Scorer, parity, pipeline_scores, stressed
from model.training.kinds.gate import Gate
from model.training.kinds.measures import Scores
from model.training.kinds.table import measures_of
from model.training.leaks import worst_leak
from model.training.measured import Measured
from model.training.told import told

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Assessment:
    """What was measured of a candidate, and the gates' answer."""

    validation: Evaluation
    test: Evaluation
    measured: Measured
    scores: Scores
    """Of the test rows."""
    told: Mapping[str, Any]
    """What the model card tells of the test rows, as JSON values."""
    gates: tuple[Gate, ...]


@dataclass(frozen=True)
class Candidate:
    """A fitted pipeline of a service and its exported graph, ready to score."""

    model: str
    pipeline: Pipeline
    scorer: Scorer
    parameters: Parameters = field(default_factory=dict)
    """Those that were set otherwise than the service builds the pipeline."""


def fit(
    service: Service, model: str, table: "pd.DataFrame", on: Rows, parameters: Parameters | None = None
) -> Pipeline:
    """The service's pipeline of that name, with these parameters, fitted on the table's rows `on`."""
    rows = on.select(table)
    pipeline = service.build(model).set_params(**(parameters or {}))
    boosters.steady(pipeline)
    return pipeline.fit(service.inputs(rows), service.labels(rows))


def assess(
    service: Service, candidate: Candidate, table: "pd.DataFrame", split: Split, champion: Champion | None
) -> Assessment:
    """Measure the candidate on the validation and test rows of `split`, and evaluate the gates."""
    train = split.train.select(table)
    constant = measures_of(service).constant(service.labels(train))
    validation, test = split.validation.select(table), split.test.select(table)
    scores = candidate.scorer.score(test)
    result = evaluate(service, test, scores, constant)
    simple = _yardstick(service, candidate, table, split)
    others = {
        "yardstick": pipeline_scores(service, simple, test) if simple else None,
        "champion": champion.scorer.score(test) if champion else None,
    }
    measured = Measured(
        parity=parity(service, candidate.pipeline, candidate.scorer, (test, stressed(service, test))),
        leak=worst_leak(service, train, test),
        behind_days=split.behind_days,
        milliseconds=candidate.scorer.milliseconds(test.head(1)),
        megabytes=candidate.scorer.size / 1e6,
        **{
            name: None if other is None else gain(service, test, scores, other, constant)
            for name, other in others.items()
        },
    )
    return Assessment(
        validation=evaluate(service, validation, candidate.scorer.score(validation), constant),
        test=result,
        measured=measured,
        scores=scores,
        told=told(service, test, scores, constant, result.fairness),
        gates=gates.evaluate(service, result, measured),
    )


def _yardstick(
    service: Service, candidate: Candidate, table: "pd.DataFrame", split: Split
) -> Pipeline | None:
    if service.yardstick is None:
        return None
    same = candidate.model == service.yardstick and not candidate.parameters
    if same and split.train == split.history:
        return candidate.pipeline
    return fit(service, service.yardstick, table, split.history)
