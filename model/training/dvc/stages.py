"""The stages of `dvc.yaml`: what each reads, makes and writes.

A stage is a function of a folder and its parameters. What it makes is made by the steps of
`model.training.train`; only reading and writing is here.
"""

import json
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from model import artifact
from model.contract import Service
from model.files import write
from model.training import data_file, evaluated, skops_file
from model.training.assessment import Candidate, assess, fit
from model.training.convertible import refuse_unconvertible
from model.training.data_check import refuse_columns, refuse_wrong
from model.training.data_file import DataFile
from model.training.dvc import files
from model.training.dvc.parameters import Parameters
from model.training.export import Scorer, to_onnx
from model.training.finish import Progress, Trained, finish
from model.training.loading import load
from model.training.options import TrainOptions
from model.training.package import Exported
from model.training.train import evaluating, features

if TYPE_CHECKING:
    import pandas as pd

Stage = Callable[[Path, Parameters, Progress], None]


def ingest(folder: Path, asked: Parameters, progress: Progress) -> None:
    """The data becomes one file, whose hash names its version, if the pipeline can become a graph."""
    refuse_unconvertible(asked.service, asked.model)
    progress(f"Loading the data of {asked.service.name}")
    loaded = load(asked.service, folder / files.BUILD)
    refuse_columns(asked.service, loaded.table)
    data = data_file.data_file(asked.service, loaded)
    write(folder / files.DATA, data.content)
    named = {"origin": data.origin, "version": data.version, "sha256": data.sha256}
    write(folder / files.VERSION, artifact.as_json(named))


def validate(folder: Path, asked: Parameters, progress: Progress) -> None:
    """The data is as the service says, or nothing is trained; what it holds is written down."""
    progress(f"Checking the data of {asked.service.name}")
    data, split = _data(folder), asked.split
    refuse_wrong(asked.service, data.table, split, datetime.now(UTC))
    write(folder / files.VALIDATION, artifact.as_json(_told(data, asked)))


def make_features(folder: Path, asked: Parameters, progress: Progress) -> None:
    """The data with its features in the types that the model reads."""
    progress("Making the features")
    table = features(asked.service, _data(folder).table)
    write(folder / files.FEATURES, data_file.to_parquet(table))


def train(folder: Path, asked: Parameters, progress: Progress) -> None:
    """A fitted pipeline, and the graph that serves."""
    refuse_unconvertible(asked.service, asked.model)
    progress(f"Fitting {asked.model} on {asked.split.train.label}")
    pipeline = fit(asked.service, asked.model, _table(folder / files.FEATURES), asked.split.train)
    write(folder / files.PIPELINE, skops_file.dump(pipeline, asked.service.trusted))
    write(folder / files.GRAPH, to_onnx(asked.service, pipeline))


def evaluate(folder: Path, asked: Parameters, progress: Progress) -> None:
    """What was measured on rows that the model has not seen, and what its gates say. A failed gate is a
    result, which a release refuses."""
    progress(evaluating(asked.service, asked.split, None))
    candidate, rows = _candidate(folder, asked), _table(folder / files.FEATURES)
    found = evaluated.evaluated(asked.service, assess(asked.service, candidate, rows, asked.split, None))
    write(folder / files.EVALUATION, found.to_bytes())
    for gate in found.gates:
        progress(f"{'passed' if gate.passed else 'FAILED'} {gate.name}: {gate.reason}")


def package(folder: Path, asked: Parameters, progress: Progress) -> None:
    """The files that a release takes, as `./slipway train` leaves them."""
    path = folder / files.EVALUATION
    try:
        found = evaluated.from_bytes(files.read(path))
    except (KeyError, TypeError, ValueError) as error:
        raise files.unusable(path, error) from error
    exported = Exported(files.read(folder / files.GRAPH), files.read(folder / files.PIPELINE))
    trained = Trained(asked.service, asked.split, _data(folder), _candidate(folder, asked), exported, found)
    options = TrainOptions(
        asked.model,
        own=asked.options,
        out=folder / files.OUT,
        build=folder / files.BUILD,
        trackers=asked.trackers,
        tracking_uri=os.environ.get("MLFLOW_TRACKING_URI") or None,
    )
    _, warnings = finish(trained, options, {}, progress)
    for warning in warnings:
        progress(f"warning: {warning}")


STAGES: Mapping[str, Stage] = {
    "ingest": ingest,
    "validate": validate,
    "features": make_features,
    "train": train,
    "evaluate": evaluate,
    "package": package,
}
"""By their names in `dvc.yaml`, in order."""


def run(name: str, folder: Path, asked: Parameters, progress: Progress) -> None:
    """Carry one stage out, on one thread: the order of a parallel sum would show in the last bits."""
    started = time.monotonic()
    with threadpool_limits(1):
        STAGES[name](folder, asked, progress)
    progress(f"{name} took {time.monotonic() - started:.1f} s")


def _told(data: DataFile, asked: Parameters) -> dict[str, Any]:
    """What the data holds, for people and `dvc metrics`."""
    table, service = data.table, asked.service
    split = asked.split
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    chosen = {name: rows.select(table) for name, rows in parts.items()}
    return {
        "data_version": data.version,
        "rows": len(table),
        "missing": {name: round(float(table[name].isna().mean()), 6) for name in service.names},
        **{name: {"rows": len(rows), **_labels(service, rows)} for name, rows in chosen.items()},
    }


def _labels(service: Service, rows: "pd.DataFrame") -> dict[str, Any]:
    """Their mean, or of several classes the share of each."""
    if service.kind == "multiclass":
        shares = rows[service.label].value_counts(normalize=True)
        return {"shares": {name: round(float(shares.get(name, 0)), 6) for name in service.output.classes}}
    return {"mean_label": round(float(rows[service.label].mean()), 6)}


def _data(folder: Path) -> DataFile:
    path = folder / files.VERSION
    content = files.read(folder / files.DATA)
    try:
        return DataFile(content, str(json.loads(files.read(path))["origin"]))
    except (KeyError, TypeError, ValueError) as error:
        raise files.unusable(path, error) from error


def _table(path: Path) -> Any:
    try:
        return data_file.read(files.read(path))
    except ValueError as error:
        raise files.unusable(path, error) from error


def _candidate(folder: Path, asked: Parameters) -> Candidate:
    path = folder / files.PIPELINE
    content = files.read(path)
    try:
        pipeline = skops_file.load(content, asked.service.trusted)
    except Exception as error:  # of skops, and of the zip that it reads
        raise files.unusable(path, error) from error
    return Candidate(asked.model, pipeline, Scorer(files.read(folder / files.GRAPH), asked.service))
