"""What `./slipway train --on sagemaker` does in the place of a training on this machine."""

import argparse
import inspect
import json
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from model import finding
from model.contract import Service
from model.space import Parameters, Space
from model.training.options import TrainOptions
from release import connect
from release.domain.errors import UsageError
from release.domain.stage import LONGEST_TRAINING
from scripts.shared.arguments import whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from model.training.finish import TrainResult
    from model.training.job.collect import Order
    from model.training.search import Search, Trial
    from release.domain.training import Job
    from release.domain.tuning import Tuning
    from release.jobs import Site
    from release.operations.train_job import Wanted
    from release.ports import Tell

HERE, SAGEMAKER = "here", "sagemaker"
ON = f"where: {HERE} (default), or {SAGEMAKER}: in a training job, which leaves the same model"
STAGE = "the stage whose account trains (default: the first one)"
SPOT = "on a spot instance: cheaper, and interrupted when AWS needs it; goes on after its last checkpoint"
MINUTES = "the job is stopped when it takes longer (default: slipway:training of the stage)"
EXECUTION = "start nothing: bring image and data there, and write what an execution of a pipeline is given"
TAKE = "start nothing: make the model that this training job left, of a pipeline say, the model here"
AGAIN = "start another job where one has done the same already"


@dataclass(frozen=True)
class Asked:
    """A training job as somebody asks for it."""

    stage: str | None
    minutes: int | None
    spot: bool
    again: bool
    parallel: int = 1
    """How many trials of a search run side by side; from two on it is a tuning job of SageMaker's."""
    take: str | None = None
    """A job that somebody else had started, and whose model is taken; None: one is started."""


def of_pipeline(parser: argparse.ArgumentParser) -> None:
    """What joins a training here and a pipeline that trains."""
    add = parser.add_mutually_exclusive_group().add_argument
    add("--execution", metavar="FILE", type=Path, help=EXECUTION)
    add("--take", metavar="JOB", help=TAKE)


def places(parser: argparse.ArgumentParser) -> None:
    """`--on`, and how a training job of it runs."""
    add = parser.add_argument
    add("--on", choices=(HERE, SAGEMAKER), default=HERE, help=ON)
    add("--spot", action="store_true", help=SPOT)
    add("--max-minutes", metavar="MINUTES", type=whole(1, LONGEST_TRAINING), help=MINUTES)


def of_retrain(args: argparse.Namespace) -> Asked | None:
    """What `places` was given, for a job of the first stage; None where it is to be trained here.

    One that has done the same is not done again. Raises UsageError.
    """
    if args.on == HERE:
        _refuse_left_out(args, "spot", "max_minutes")
        return None
    return Asked(None, args.max_minutes, args.spot, again=False)


def arguments(parser: argparse.ArgumentParser) -> None:
    """`--on` and what only a training job has."""
    places(parser)
    add = parser.add_argument
    add("--stage", metavar="STAGE", help=STAGE)
    add("--again", action="store_true", help=AGAIN)


def of(args: argparse.Namespace) -> Asked | None:
    """What is asked for; None where it is to be trained here. Raises UsageError."""
    if args.on == HERE:
        _refuse_left_out(args, "spot", "max_minutes", "stage", "again", "parallel", "execution", "take")
        return None
    if getattr(args, "resume", False):
        raise UsageError(
            "--resume is for a training here: a job that has done the same is taken as it is.",
            "Nothing was trained.",
            "Leave it out.",
        )
    return Asked(
        args.stage,
        args.max_minutes,
        args.spot,
        args.again,
        getattr(args, "parallel", None) or 1,
        getattr(args, "take", None),
    )


def _refuse_left_out(args: argparse.Namespace, *names: str) -> None:
    """Raise UsageError for what was given of these, which a training here would leave out of account."""
    given = [name for name in names if getattr(args, name, None)]
    if given:
        raise UsageError(
            f"Only a training job has {', '.join(_option(name) for name in given)}; this trains here.",
            "Nothing was trained.",
            f"Have a job train, --on {SAGEMAKER}, or leave it out.",
        )


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def train(
    service: Service, options: TrainOptions, asked: Asked, tell: "Tell", search: "Search | None" = None
) -> "TrainResult":
    """Have SageMaker train, after a search if one is asked for, and make what the job left a model here."""
    from model.training.data_file import NAME
    from model.training.job.collect import Back, collect, order
    from release.operations import train_job
    from release.ports import Event

    def step(text: str) -> None:
        tell(Event(text))

    started = time.monotonic()
    side = None
    if search is not None and asked.parallel > 1:
        side = _side_by_side(service, options, search, asked.parallel)
    made = order(service, options, step, search if side is None else None)
    data = made.data
    options.build.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.build, prefix=".training-") as name:
        left, rows = Path(name) / "left", Path(name) / NAME
        rows.write_bytes(data.content)
        wanted = _wanted(service, options, asked, made, rows)
        site = partial(connect.site, tell, asked.stage)
        if asked.take is not None:
            job, trials = train_job.taken(site, asked.take, left), ()
        elif side is None:
            job, trials = train_job.train(site, wanted, left, tell), ()
        else:
            job, trials = side.best(site, wanted, left, tell)
        seconds = job.seconds or time.monotonic() - started
        tags = {"slipway.training_job": job.name, "slipway.training_job_arn": job.arn}
        back = Back(left, data, tags, trials, seconds)
        return collect(back, service, options, step)


def parameters(service: Service, options: TrainOptions, asked: Asked, file: Path, tell: "Tell") -> None:
    """Bring what a training needs to the stage, and write what a pipeline's execution is given to `file`."""
    from model.training.data_file import NAME
    from model.training.job.collect import order
    from release.domain import pipeline_parameters
    from release.operations import train_job
    from release.ports import Event

    made = order(service, options, lambda text: tell(Event(text)))
    packed = made.asked.packed()
    options.build.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.build, prefix=".training-") as name:
        rows = Path(name) / NAME
        rows.write_bytes(made.data.content)
        wanted = _wanted(service, options, asked, made, rows)
        _, request = train_job.prepared(partial(connect.site, tell, asked.stage), wanted, tell)
    values = pipeline_parameters.values(request, packed, made.data.sha256)
    file.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def _wanted(service: Service, options: TrainOptions, asked: Asked, made: "Order", rows: Path) -> "Wanted":
    """The training as the stage is told of it; its data is written to `rows`."""
    from model.training.job import hyperparameters, metrics
    from release.domain.data_version import DataVersion
    from release.jobs import Code
    from release.operations.train_job import Wanted

    data, code = made.data, Path(inspect.getfile(type(service))).parent
    models = {} if options.champion is None else {hyperparameters.CHAMPION: options.champion}
    others = {f"{hyperparameters.WITH}{number}": file for number, (_, file) in enumerate(options.others)}
    return Wanted(
        service=service.name,
        code=Code(code, finding.package_of(code).replace(".", "/")),
        hyperparameters=made.asked.texts(),
        metrics=metrics.definitions(service),
        data=DataVersion(data.version, data.sha256, data.md5, len(data.content)),
        data_file=rows,
        models=models | others,
        minutes=asked.minutes,
        spot=asked.spot,
        again=asked.again,
    )


@dataclass(frozen=True)
class _SideBySide:
    """A search whose trials run at the same time, by a tuning job of SageMaker's."""

    tuning: "Tuning"
    space: Space
    fixed: Parameters
    """What is set, and not searched."""

    def best(
        self, site: "Callable[[], Site]", wanted: "Wanted", left: Path, tell: "Tell"
    ) -> "tuple[Job, tuple[Trial, ...]]":
        """The training job that found the best, what it left in `left`, and what all of them tried."""
        from model.training.job import ranges
        from release.operations import tune_job

        found = tune_job.tune(site, wanted, self.tuning, left, tell)
        tried = ((one.parameters, one.value) for one in found.tried)
        return found.best, ranges.trials(self.space, tried, self.fixed)


def _side_by_side(service: Service, options: TrainOptions, search: "Search", parallel: int) -> _SideBySide:
    """Raises SearchError where there is nothing to try."""
    from model.training.job import ranges
    from release.domain.tuning import Tuning

    tuning = Tuning(
        ranges=ranges.ranges(service, options.model, search.trials, options.parameters),
        objective=ranges.objective(service),
        trials=search.trials,
        parallel=min(parallel, search.trials),
        seed=search.seed,
    )
    return _SideBySide(tuning, service.space(options.model), options.parameters)
