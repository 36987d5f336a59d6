"""One training, from the service's data to an evaluated, packaged and recorded model.

    split → data → features → fit → export → assess → finish

This module only puts the steps in order; each is a module of its own. The stages of `dvc.yaml`
(`model.training.dvc`) take the same steps in processes of their own, with files in between.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from model import artifact
from model.contract import Service, Split
from model.space import Parameters
from model.training import evaluated, skops_file
from model.training.assessment import Candidate, assess, fit
from model.training.bundle import Key, read_others
from model.training.champion import Champion, read_champion, split_beside
from model.training.checkpoints import Checkpoints
from model.training.convertible import refuse_unconvertible
from model.training.data_check import refuse_wrong
from model.training.data_file import DataFile, data_file
from model.training.evaluated import Evaluated
from model.training.export import Scorer, to_onnx
from model.training.finish import Progress, Trained, TrainResult, finish, result
from model.training.loading import load
from model.training.options import TrainOptions
from model.training.package import Exported

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

_EVALUATION = "evaluation.json"


@dataclass(frozen=True)
class Beside:
    """What a training goes by besides its data: what it is compared with, served with, and split by."""

    champion: Champion | None
    others: Mapping[Key, bytes]
    split: Split
    parameters: Parameters = field(default_factory=dict)
    """Of the pipeline, those that are set otherwise than the service builds it."""


def train(service: Service, options: TrainOptions, progress: Progress = lambda text: None) -> TrainResult:
    """Train, evaluate, package and record one model; `progress` gets a line before each step.

    A model that fails a gate is written like any other, with the reason in its evidence. Raises a
    `model.errors.ModelError` for everything that a person has to put right first.
    """
    started = time.monotonic()
    beside = read_beside(service, options)
    data = read_data(service, options, beside.split, progress)
    # More threads are slower on busy cores, and the order of a parallel sum would show in the last bits.
    with threadpool_limits(1):
        trained = learn(service, options.model, data, beside, progress)
        finished, warnings = finish(trained, options, beside.others, progress)
    return result(finished, options.out, time.monotonic() - started, warnings)


def read_beside(service: Service, options: TrainOptions) -> Beside:
    """Champion, further models and split, read before the data is. Raises a ModelError."""
    refuse_unconvertible(service, options.model)
    champion = read_champion(options.champion, service) if options.champion else None
    others = read_others(options.others)
    split = split_beside(service, options.own, champion, options.champion)
    return Beside(champion, others, split, options.parameters)


def read_data(service: Service, options: TrainOptions, split: Split, progress: Progress) -> DataFile:
    """The service's data, which is right for a training that splits it so. Raises a ModelError."""
    progress(f"Loading the data of {service.name}")
    loaded = load(service, options.build)
    refuse_wrong(service, loaded.table, split, datetime.now(UTC))
    return data_file(service, loaded)


def learn(
    service: Service,
    model: str,
    data: DataFile,
    beside: Beside,
    progress: Progress,
    checkpoints: Checkpoints | None = None,
) -> Trained:
    """A model that is fitted on `data` and evaluated; steps that `checkpoints` hold are not done again.

    It runs on as many threads as the caller lets it. Raises a ModelError.
    """
    kept, split = checkpoints or Checkpoints(), beside.split
    rows = features(service, data.table)
    pipeline, exported = _fitted(service, model, rows, beside, kept, progress)
    candidate = Candidate(model, pipeline, Scorer(exported.graph, service), beside.parameters)
    found = _evaluated(service, candidate, rows, beside, kept, progress)
    return Trained(service, split, data, candidate, exported, found)


def _fitted(
    service: Service, model: str, rows: "pd.DataFrame", beside: Beside, kept: Checkpoints, progress: Progress
) -> "tuple[Pipeline, Exported]":
    """The fitted pipeline and what it becomes; a pipeline that was loaded again scores as it did."""
    if files := kept.read("fitted"):
        progress(f"Going on with the {model} that was fitted before the interruption")
        exported = Exported(files[artifact.GRAPH], files[artifact.SKOPS])
        return skops_file.load(exported.pipeline, service.trusted), exported
    progress(f"Fitting {model} on {beside.split.train.label}")
    pipeline = fit(service, model, rows, beside.split.train, beside.parameters)
    exported = Exported(to_onnx(service, pipeline), skops_file.dump(pipeline, service.trusted))
    kept.keep("fitted", {artifact.GRAPH: exported.graph, artifact.SKOPS: exported.pipeline})
    return pipeline, exported


def _evaluated(
    service: Service,
    candidate: Candidate,
    rows: "pd.DataFrame",
    beside: Beside,
    kept: Checkpoints,
    progress: Progress,
) -> Evaluated:
    if files := kept.read("evaluated"):
        progress("Going on with its evaluation from before the interruption")
        return evaluated.from_bytes(files[_EVALUATION])
    champion = beside.champion
    progress(evaluating(service, beside.split, champion))
    assessment = assess(service, candidate, rows, beside.split, champion)
    found = evaluated.evaluated(service, assessment, champion.sha256 if champion else None)
    kept.keep("evaluated", {_EVALUATION: found.to_bytes()})
    return found


def features(service: Service, table: "pd.DataFrame") -> "pd.DataFrame":
    """The table with its features as the model reads them; label and other columns stay as they are."""
    return table.assign(**service.inputs(table))


def evaluating(service: Service, split: Split, champion: Champion | None) -> str:
    """What is compared with what, in words."""
    versus = [" the yardstick"] * (service.yardstick is not None) + [" the champion"] * bool(champion)
    beside = f", beside{' and'.join(versus)}," if versus else ""
    return f"Evaluating it{beside} on {split.test.label}, which no model here has seen"
