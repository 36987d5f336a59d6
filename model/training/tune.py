"""A training whose parameters are searched first: trials, then a model of the best, judged as any other."""

import hashlib
import inspect
import platform
import time
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import distributions
from pathlib import Path, PurePosixPath
from typing import Any

from threadpoolctl import threadpool_limits

from model.contract import Service
from model.training.checkpoints import Checkpoints
from model.training.data_file import DataFile
from model.training.finish import Progress, Trained, TrainResult, finish, result
from model.training.options import TrainOptions
from model.training.search import Search, best, refuse_nothing, search
from model.training.train import Beside, features, learn, read_beside, read_data
from model.training_code import PACKAGE, code_files

_FOLDER = "tuning"


def tune(
    service: Service, options: TrainOptions, asked: Search, progress: Progress = lambda text: None
) -> TrainResult:
    """Search, then train with the best parameters; written, recorded and judged as by `train`.

    What is done is kept below the build folder, so that a search which is interrupted goes on. Of one that
    came to its end the trials stay, for a longer one. Raises a `model.errors.ModelError` for everything that
    a person has to put right first.
    """
    started = time.monotonic()
    refuse_nothing(service, options.model, asked.trials, options.parameters)
    beside = read_beside(service, options)
    data = read_data(service, options, beside.split, progress)
    with threadpool_limits(1):
        decides = {"own": dict(options.own), "code": code(service), "libraries": libraries()}
        folder = options.build / _FOLDER
        trained, kept = tuned(service, options.model, data, beside, asked, folder, decides, progress)
        finished, warnings = finish(trained, options, beside.others, progress)
    kept.drop()
    return result(finished, options.out, time.monotonic() - started, warnings)


def tuned(
    service: Service,
    model: str,
    data: DataFile,
    beside: Beside,
    asked: Search | None,
    folder: Path,
    decides: Mapping[str, Any],
    progress: Progress,
) -> tuple[Trained, Checkpoints]:
    """A model that is fitted and evaluated, with the best parameters of a search where one is asked for; and
    the checkpoints of the fitting and the evaluation.

    What is done is kept in `folder`, under the name of all that decides it; `decides` is what else does. The
    champion decides the trials, too, as a service may split its rows otherwise beside another.
    """
    champion = beside.champion.sha256 if beside.champion else None
    known = {"service": service.name, "model": model, "data": data.sha256, "champion": champion, **decides}
    trials = ()
    if asked is not None:
        fixed, rows = beside.parameters, features(service, data.table)
        kept = Checkpoints(folder, {**known, "seed": asked.seed, "parameters": dict(fixed)})
        trials = search(service, model, rows, beside.split, asked, kept, progress, fixed)
        chosen = best(trials)
        progress(f"The best of {len(trials)} trials is number {chosen.number + 1}: {chosen.value:.6f}")
        beside = replace(beside, parameters=chosen.parameters)
    learning = Checkpoints(folder, {**known, "parameters": dict(beside.parameters)})
    trained = learn(service, model, data, beside, progress, learning)
    return replace(trained, trials=trials), learning


def code(service: Service, package: Path = PACKAGE) -> str:
    """The SHA-256 of the code that trains: what it made is not gone on with after it was changed."""
    folder = Path(inspect.getfile(type(service))).parent
    digest = hashlib.sha256()
    for place, path in code_files(folder, PurePosixPath("service"), package).items():
        digest.update(f"{place} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def libraries() -> dict[str, str]:
    """The versions of all that is installed, and Python's: another one may fit or measure otherwise."""
    found = {each.name: each.version for each in distributions()}
    return {**found, "python": platform.python_version()}
