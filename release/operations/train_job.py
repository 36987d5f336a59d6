"""A training on SageMaker: image and data go to the stage by content, a job is started and watched, and what
it left is brought here. What is in it is for whoever asked to read.

A job's name is made of all that it is asked for. So the same command, run again, watches the job that still
runs, or fetches what it left, and starts another one only after a failure or a stop.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from release.domain import names, training
from release.domain.data_version import DataVersion
from release.domain.errors import ReleaseFailed, ServiceError, UsageError
from release.domain.stage import EXAMPLES, TrainingSettings
from release.domain.training import Channel, Job, Order, Status, TrainingFailed
from release.jobs import Code, Inputs, Site
from release.operations.job_life import Kind, begun, looks
from release.ports import Event, StagePorts, Tell

DATA = "data"
"""The channel of the data."""
_MEASURE = "metric "
"""How the lines begin that are for SageMaker's patterns, and not for people."""


def _there(job: Job) -> str:
    if job.status is Status.RUNNING:
        return f"the training job {job.name} runs already: it is watched"
    return f"the training job {job.name} has done the same: what it left is fetched"


_KIND = Kind("training job", names.training_job, training.afresh, _there)


@dataclass(frozen=True)
class Wanted:
    """A training as somebody asks for it."""

    service: str
    code: Code
    hyperparameters: Mapping[str, str]
    metrics: Mapping[str, str]
    data: DataVersion
    data_file: Path
    models: Inputs
    """Other models that it reads, each as model.tar.gz, by its channel."""
    minutes: int | None = None
    """None: as the stage's settings say."""
    spot: bool = False
    again: bool = False
    """Whether a job that has done the same already is done once more."""


def train(site_of: Callable[[], Site], wanted: Wanted, folder: Path, tell: Tell) -> Job:
    """Have SageMaker train, and unpack what the job left beside its model into `folder`.

    Raises UsageError for a stage that no training runs in, TrainingFailed for a job that ended without a
    model. An interrupt stops the job.
    """
    site, request = prepared(site_of, wanted, tell)
    named = (wanted.service, site.ports.name)
    job = _ended(site, begun(_KIND, site.jobs, named, request, wanted.again, tell), tell)
    if job.status is not Status.COMPLETED:
        raise training.failed(job)
    return fetched(site, job, folder)


def prepared(site_of: Callable[[], Site], wanted: Wanted, tell: Tell) -> tuple[Site, training.Request]:
    """The stage, and what a job of it is asked for, once all that it needs is there. Starts none."""
    site, settings = place(site_of, tell)
    ordered = order(site, settings, wanted, tell)
    return site, training.request(site.ports.settings, settings, ordered, site.ports.artifacts.bucket)


def taken(site_of: Callable[[], Site], name: str, folder: Path) -> Job:
    """A job that somebody else had started, a pipeline say, when what it left lies in `folder`.

    Raises UsageError where there is none or it runs, TrainingFailed where it ended without a model.
    """
    site = site_of()
    job = site.jobs.describe(name)
    if job is None or job.status in training.UNDER_WAY:
        stands = "is none" if job is None else f"is one, and it is {job.status}"
        raise UsageError(
            f"There {stands}: the training job {name} in {site.ports.name}.",
            "Nothing was fetched, and what an earlier training left stays.",
            "Name one that is Completed: aws sagemaker list-training-jobs --status-equals Completed",
        )
    if job.status is not Status.COMPLETED:
        raise training.failed(job)
    return fetched(site, job, folder)


def fetched(site: Site, job: Job, folder: Path) -> Job:
    """The job, when what it left lies in `folder`. Raises TrainingFailed where it left nothing."""
    if not site.jobs.fetch(job, folder):
        raise TrainingFailed(
            f"The training job {job.name} is Completed, and left nothing in {job.output}.",
            "There is no model, and what an earlier training left stays.",
            "Its image's train has to leave model and evidence in /opt/ml/output/data, as this checkout's "
            "does; where somebody deleted them, have it trained once more: --again",
        )
    return job


def place(site_of: Callable[[], Site], tell: Tell) -> tuple[Site, TrainingSettings]:
    """The stage with all that a job needs of it. Raises UsageError where it is not to have any."""
    site = site_of()
    ports, settings = site.ports, site.ports.settings
    if settings.training is None:
        raise UsageError(
            f"No training runs in the stage {settings.stage}: it declares no role for one.",
            "Nothing was uploaded or started.",
            f"Add this under `config:` of Pulumi.{settings.stage}.yaml, or name a stage that has it with "
            f"--stage:\n  {EXAMPLES['training']}",
        )
    if not _ready(ports):
        ports.stack.ready()
        tell(Event(f"{ports.name} has no bucket, registry or role for trainings yet: pulumi up first"))
        ports.stack.up()
        site = site_of()
        if not _ready(site.ports):
            raise ServiceError(
                f"{ports.name} still has no bucket, registry or role for trainings after pulumi up.",
                "Nothing was uploaded or started.",
                f"See what it says: pulumi up --stack {ports.name}",
            )
    return site, settings.training


def _ready(ports: StagePorts) -> bool:
    role = names.training_role(ports.settings.stage, ports.settings.region)
    return ports.artifacts.exists() and ports.registry.uri() is not None and ports.role_exists(role)


def order(site: Site, settings: TrainingSettings, wanted: Wanted, tell: Tell) -> Order:
    """What is to be trained, once all that it needs is in the stage, each by its content."""
    ports = site.ports
    channels = [Channel(DATA, _data(ports, wanted, tell))]
    for name, file in wanted.models.items():
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        ports.artifacts.put_model(sha256, file)
        channels.append(Channel(name, ports.artifacts.model_uri(sha256)))
    return Order(
        service=wanted.service,
        image=_image(site, wanted.code, tell),
        hyperparameters=wanted.hyperparameters,
        channels=tuple(channels),
        metrics=wanted.metrics,
        minutes=wanted.minutes or settings.minutes,
        spot=wanted.spot,
    )


def _data(ports: StagePorts, wanted: Wanted, tell: Tell) -> str:
    version = wanted.data
    if not ports.data.has(version):
        tell(Event(f"uploading the data {version.name}, {version.size:,} bytes"))
        ports.data.put(version, wanted.data_file)
    return f"s3://{ports.artifacts.bucket}/{names.data_key(version.md5)}"


def _image(site: Site, code: Code, tell: Tell) -> str:
    ports = site.ports
    if ports.settings.image.base is None and not ports.loopback:
        raise UsageError(
            f"The stage {ports.name} names no base for its images: such a one runs in the sandbox alone.",
            "No image was built, and no job was started.",
            f"Add this under `config:` of Pulumi.{ports.name}.yaml:\n  {EXAMPLES['image']}",
        )
    tell(Event("building the training image"))
    image = site.images.build(ports.settings.image, code, tell)
    if not ports.registry.has(image.digest):
        tell(Event(f"pushing the training image {image.digest[:19]}… to {ports.registry.uri()}"))
        image.push(ports.registry)
    if not ports.registry.has(image.digest):
        raise ReleaseFailed(
            f"The registry does not list {image.digest} after the push.", "No job was started."
        )
    return f"{ports.registry.uri()}@{image.digest}"


def _ended(site: Site, job: Job, tell: Tell) -> Job:
    """The job when it has ended. An interrupt has it stopped, and goes on."""
    try:
        return _watched(site, job, tell)
    except KeyboardInterrupt:
        site.jobs.stop(job.name)
        tell(
            Event(
                f"the training job {job.name} was told to stop, so that it costs nothing more; "
                "the same command starts it anew after its last checkpoint"
            )
        )
        raise


def _watched(site: Site, begun_as: Job, tell: Tell) -> Job:
    log, said = site.jobs.follow(begun_as.name), ""
    for job in looks(site.jobs, begun_as, site.ports.clock):
        for line in log.more():
            if not line.startswith(_MEASURE):
                tell(Event(line, detail=True))
        if job.secondary != said:
            said = job.secondary
            tell(Event(f"{job.name}: {said}"))
    return job
