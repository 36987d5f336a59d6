"""What a training job left becomes the model of a training here: proven, given its origin, recorded.

The job knows no Git and no tracker. The code that it ran is this checkout's, as its image was built of it, so
what the evidence says of the code is said here.
"""

import inspect
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from model import artifact
from model.contract import Data, Service
from model.training.data_check import refuse_columns
from model.training.data_file import DataFile, data_file
from model.training.errors import JobOutputError
from model.training.finish import EVIDENCE, GOLDEN, Finished, Progress, TrainResult, deliver, result, told_of
from model.training.job.entry import RUN
from model.training.job.hyperparameters import Asked
from model.training.loading import load
from model.training.options import TrainOptions
from model.training.search import Search, Trial, refuse_nothing
from model.training.source import source
from model.training.tracking.run import DRAWING, MODEL, Run, from_record
from model.training.train import read_beside


@dataclass(frozen=True)
class Order:
    """A training that somebody else is to do: what it is asked for, and the files that it needs."""

    asked: Asked
    data: DataFile


def order(service: Service, options: TrainOptions, progress: Progress, search: Search | None = None) -> Order:
    """What a training of these options is, for a job; what it is to search first, if anything.

    Raises a ModelError for what would fail there, too.
    """
    if search is not None:
        refuse_nothing(service, options.model, search.trials, options.parameters)
    read_beside(service, options)
    progress(f"Loading the data of {service.name}")
    loaded: Data = load(service, options.build)
    refuse_columns(service, loaded.table)
    data = data_file(service, loaded)
    libraries = {name: version(name) for name in service.libraries}
    others = tuple(key for key, _ in options.others)
    asked = Asked(
        model=options.model,
        own=options.own,
        origin=data.origin,
        sha256=data.sha256,
        libraries=libraries,
        others=others,
        parameters=options.parameters,
        search=search,
    )
    return Order(asked, data)


@dataclass(frozen=True)
class Back:
    """What came back of a job."""

    folder: Path
    """Holds what it left in `output/data`."""
    data: DataFile
    """What it was given."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Of its run, besides."""
    trials: tuple[Trial, ...] = ()
    """Of the search that it was the best of, where the job itself knows of none."""
    seconds: float = 0.0
    """For how long it ran."""


def collect(back: Back, service: Service, options: TrainOptions, progress: Progress) -> TrainResult:
    """Write and record the model that a job left.

    Raises JobOutputError where it is no whole model of that data, OutputError where it cannot be written.
    """
    run, evidence = _read(back.folder, back.data)
    origin = source(Path(inspect.getfile(type(service))))
    evidence["source"] |= {"git_commit": origin.git_commit, "git_dirty": origin.git_dirty}
    trials = run.trials
    if back.trials:
        evidence["source"]["trials"] = len(back.trials)
        trials = tuple(asdict(trial) for trial in back.trials)
    files = {**run.files, EVIDENCE: artifact.as_json(evidence)}
    tags = {**run.tags, **told_of(origin), **back.tags}
    run = replace(run, files=files, tags=tags, trials=trials)
    written = {name: content for name, content in files.items() if not name.endswith(DRAWING)}
    finished = Finished(written, evidence, run)
    warnings = deliver(finished, back.data, service, options, progress)
    return result(finished, options.out, back.seconds, warnings)


def _read(folder: Path, data: DataFile) -> tuple[Run, dict[str, Any]]:
    names = [MODEL, GOLDEN, *sorted(path.name for path in folder.glob(f"*{DRAWING}")), EVIDENCE]
    try:
        files = {name: (folder / name).read_bytes() for name in names}
        run = from_record((folder / RUN).read_bytes(), files)
        evidence = json.loads(files[EVIDENCE])
        wanted = {
            MODEL: (evidence["model"]["sha256"], run.sha256),
            GOLDEN: (evidence["golden_sha256"], artifact.sha256(files[GOLDEN])),
            "its data": (evidence["source"]["data_sha256"], data.sha256),
        }
        artifact.read(files[MODEL])
    except FileNotFoundError as error:
        raise _no_model(f"{Path(str(error.filename)).name} is not there") from error
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise _no_model(f"{type(error).__name__}: {error}") from error
    if wrong := [name for name, (said, found) in wanted.items() if said != found]:
        raise _no_model(f"{' and '.join(wrong)} differs from what its evidence says")
    return run, evidence


def _no_model(why: str) -> JobOutputError:
    return JobOutputError(
        f"The job left no whole model: {why}.",
        "Nothing was written, and what an earlier training left stays.",
        "Look at the job's log; the image has to be one of ./slipway train --on sagemaker, whose train "
        "leaves model and evidence in /opt/ml/output/data.",
    )
