"""One training, from the service's data to an evaluated, packaged and recorded model.

    split → data → features → fit → export → assess → finish

This module only puts the steps in order; each is a module of its own. The stages of `dvc.yaml`
(`model.training.dvc`) take the same steps in processes of their own, with files in between.
"""

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from model.contract import Service, Split
from model.training import gates, skops_file
from model.training.assessment import Candidate, assess, fit
from model.training.bundle import read_others
from model.training.champion import Champion, read_champion, split_beside
from model.training.convertible import refuse_unconvertible
from model.training.data_check import refuse_wrong
from model.training.data_file import data_file
from model.training.evaluated import evaluated
from model.training.export import Scorer, to_onnx
from model.training.finish import Progress, Trained, TrainResult, finish
from model.training.loading import load
from model.training.options import TrainOptions
from model.training.package import Exported

if TYPE_CHECKING:
    import pandas as pd


def train(service: Service, options: TrainOptions, progress: Progress = lambda text: None) -> TrainResult:
    """Train, evaluate, package and record one model; `progress` gets a line before each step.

    A model that fails a gate is written like any other, with the reason in its evidence. Raises a
    `model.errors.ModelError` for everything that a person has to put right first.
    """
    started = time.monotonic()
    refuse_unconvertible(service, options.model)
    champion = read_champion(options.champion, service) if options.champion else None
    others = read_others(options.others)
    split = split_beside(service, options.own, champion, options.champion)
    progress(f"Loading the data of {service.name}")
    loaded = load(service, options.build)
    refuse_wrong(service, loaded.table, split, datetime.now(UTC))
    data = data_file(service, loaded)
    # More threads are slower on busy cores, and the order of a parallel sum would show in the last bits.
    with threadpool_limits(1):
        rows = features(service, data.table)
        progress(f"Fitting {options.model} on {split.train.label}")
        pipeline = fit(service, options.model, rows, split.train)
        graph = to_onnx(service, pipeline)
        candidate = Candidate(options.model, pipeline, Scorer(graph, service))
        progress(evaluating(service, split, champion))
        assessment = assess(service, candidate, rows, split, champion)
        found = evaluated(service, assessment, champion.sha256 if champion else None)
        exported = Exported(graph, skops_file.dump(pipeline, service.trusted))
        trained = Trained(service, split, data, candidate, exported, found)
        evidence, warnings = finish(trained, options, others, progress)
    return TrainResult(
        passed=gates.passed(found.gates),
        gates=found.gates,
        evidence=evidence,
        out=options.out,
        seconds=time.monotonic() - started,
        warnings=tuple(warnings),
    )


def features(service: Service, table: "pd.DataFrame") -> "pd.DataFrame":
    """The table with its features as the model reads them; label and other columns stay as they are."""
    return table.assign(**service.inputs(table))


def evaluating(service: Service, split: Split, champion: Champion | None) -> str:
    """What is compared with what, in words."""
    versus = [" the yardstick"] * (service.yardstick is not None) + [" the champion"] * bool(champion)
    beside = f", beside{' and'.join(versus)}," if versus else ""
    return f"Evaluating it{beside} on {split.test.label}, which no model here has seen"
