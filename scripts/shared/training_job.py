"""What `./slipway train --on sagemaker` does in the place of a training on this machine."""

import argparse
import inspect
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from model import finding
from model.contract import Service
from model.training.options import TrainOptions
from release import connect
from scripts.shared.cli import Out

if TYPE_CHECKING:
    from model.training.finish import TrainResult
    from model.training.search import Search

HERE, SAGEMAKER = "here", "sagemaker"
ON = f"where: {HERE} (default), or {SAGEMAKER}: in a training job, which leaves the same model"
STAGE = "the stage whose account trains (default: the first one)"
SPOT = "on a spot instance: cheaper, and interrupted when AWS needs it; goes on after its last checkpoint"
MINUTES = "the job is stopped when it takes longer (default: slipway:training of the stage)"
AGAIN = "start another job where one has done the same already"


def places(parser: argparse.ArgumentParser) -> None:
    """`--on`, and how a training job of it runs."""
    add = parser.add_argument
    add("--on", choices=(HERE, SAGEMAKER), default=HERE, help=ON)
    add("--spot", action="store_true", help=SPOT)
    add("--max-minutes", metavar="MINUTES", type=int, help=MINUTES)


def of_retrain(args: argparse.Namespace) -> argparse.Namespace:
    """What `places` was given, for a job of the first stage; one that has done the same is not done again."""
    return argparse.Namespace(
        on=args.on, spot=args.spot, max_minutes=args.max_minutes, stage=None, again=False
    )


def arguments(parser: argparse.ArgumentParser) -> None:
    """`--on` and what only a training job has."""
    places(parser)
    add = parser.add_argument
    add("--stage", metavar="STAGE", help=STAGE)
    add("--again", action="store_true", help=AGAIN)


def train(
    service: Service,
    options: TrainOptions,
    args: argparse.Namespace,
    out: Out,
    search: "Search | None" = None,
) -> "TrainResult":
    """Have SageMaker train, after a search if one is asked for, and make what the job left a model here."""
    from model.training.data_file import NAME
    from model.training.job import hyperparameters, metrics
    from model.training.job.collect import collect, order
    from release.domain.data_version import DataVersion
    from release.jobs import Code
    from release.operations import train_job

    started = time.monotonic()
    made = order(service, options, out.step, search)
    data, code = made.data, Path(inspect.getfile(type(service))).parent
    models = {} if options.champion is None else {hyperparameters.CHAMPION: options.champion}
    others = {f"{hyperparameters.WITH}{number}": file for number, (_, file) in enumerate(options.others)}
    options.build.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.build, prefix=".training-") as name:
        left, rows = Path(name) / "left", Path(name) / NAME
        rows.write_bytes(data.content)
        wanted = train_job.Wanted(
            service=service.name,
            code=Code(code, finding.package_of(code).replace(".", "/")),
            hyperparameters=made.asked.texts(),
            metrics=metrics.definitions(service),
            data=DataVersion(data.version, data.sha256, data.md5, len(data.content)),
            data_file=rows,
            models=models | others,
            minutes=args.max_minutes,
            spot=args.spot,
            again=args.again,
        )
        job = train_job.train(lambda: connect.site(out.tell, args.stage), wanted, left, out.tell)
        seconds = job.seconds or time.monotonic() - started
        tags = {"slipway.training_job": job.name, "slipway.training_job_arn": job.arn}
        return collect(left, service, options, data, tags, seconds, out.step)
