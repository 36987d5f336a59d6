"""A training job: what SageMaker is asked for, and what its answers mean. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from release.domain import names, regions
from release.domain.errors import SlipwayError
from release.domain.stage import StageSettings, TrainingSettings

Request = Mapping[str, Any]
"""CreateTrainingJob's members but for the name, as SageMaker's SDK calls them."""

_FAILED = re.compile(r"(?P<kind>\w*Error): (?P<said>.*), exit code: (?P<code>-?\d+)", re.DOTALL)
"""What SageMaker makes of a container's failure file."""


class Status(StrEnum):
    """How a training job stands, in SageMaker's words."""

    RUNNING = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"


LIVES = frozenset({Status.RUNNING, Status.COMPLETED})
"""A job that stands so is the one that was asked for: it is watched, or its model is fetched."""
UNDER_WAY = frozenset({Status.RUNNING, Status.STOPPING})
"""A job that stands so has not ended."""


@dataclass(frozen=True)
class Channel:
    """A file that a job is given."""

    name: str
    uri: str
    """The `s3://` URI of the file."""


@dataclass(frozen=True)
class Order:
    """What is to be trained, on what, and with which limits."""

    service: str
    image: str
    """By digest, in the stage's registry."""
    hyperparameters: Mapping[str, str]
    channels: Sequence[Channel]
    metrics: Mapping[str, str]
    """The pattern of each measure that SageMaker is to read."""
    minutes: int
    spot: bool = False


@dataclass(frozen=True)
class Job:
    """A training job as SageMaker describes it."""

    name: str
    arn: str
    status: Status
    secondary: str
    """Where in its life it is: Starting, Downloading, Training, Interrupted, …"""
    failure: str = ""
    seconds: int | None = None
    """For how long it is paid, once it is known."""
    output: str = ""
    """The `s3://` URI below which it leaves what it made."""


class TrainingFailed(SlipwayError):
    """A training job ended without a model."""

    exit_code = 1


def request(settings: StageSettings, training: TrainingSettings, order: Order, bucket: str) -> Request:
    """What SageMaker is asked for. The same order gives the same request."""
    partition = regions.partition(settings.region) or "aws"
    here = f"{settings.region}:{settings.account}"
    role = names.training_role(settings.stage, settings.region)
    place = f"s3://{bucket}/{names.TRAINING}"
    stopping = {"max_runtime_in_seconds": order.minutes * 60}
    if order.spot:
        # as long again for a spot instance to come, and to come back
        stopping["max_wait_time_in_seconds"] = 2 * order.minutes * 60
    return {
        "role_arn": f"arn:{partition}:iam::{settings.account}:role/{role}",
        "algorithm_specification": {
            "training_image": order.image,
            "training_input_mode": "File",
            "metric_definitions": [{"name": n, "regex": r} for n, r in sorted(order.metrics.items())],
        },
        "hyper_parameters": dict(order.hyperparameters),
        "input_data_config": [_channel(channel) for channel in order.channels],
        "output_data_config": {
            "s3_output_path": place,
            "kms_key_id": f"arn:{partition}:kms:{here}:{names.key_alias(settings.stage)}",
        },
        "resource_config": {
            "instance_type": training.instance,
            "instance_count": 1,
            "volume_size_in_gb": training.volume_gb,
        },
        "stopping_condition": stopping,
        "enable_managed_spot_training": order.spot,
        # it needs nothing but its channels, and SageMaker itself copies these
        "enable_network_isolation": True,
        "checkpoint_config": {"s3_uri": f"{place}/checkpoints/{_learned(order)}"},
        "tags": [{"key": "project", "value": names.PROJECT}, {"key": "stage", "value": settings.stage}],
    }


def afresh(asked: Request, attempt: int) -> Request:
    """The same request with checkpoints of its own, so that nothing is gone on with."""
    place = asked["checkpoint_config"]["s3_uri"]
    return {**asked, "checkpoint_config": {"s3_uri": f"{place}-{attempt}"}}


def _channel(channel: Channel) -> dict[str, Any]:
    source = {
        "s3_data_type": "S3Prefix",
        "s3_uri": channel.uri,
        "s3_data_distribution_type": "FullyReplicated",
    }
    return {
        "channel_name": channel.name,
        "data_source": {"s3_data_source": source},
        "input_mode": "File",
    }


def _learned(order: Order) -> str:
    """A name for all that decides what is learned: whoever learns the same goes on from its checkpoints."""
    inputs = [[channel.name, channel.uri] for channel in order.channels]
    content = {"image": order.image, "hyperparameters": dict(order.hyperparameters), "inputs": inputs}
    return names.digest(content)[: names.RELEASE_ID_LENGTH]


def log_streams(job: str) -> str:
    """What the names of a job's log streams begin with."""
    return f"{job}/"


def failed(job: Job) -> TrainingFailed:
    """Why a job that ended has left no model: SageMaker's reason, and under it the container's own."""
    log = f"Its log: {names.TRAINING_LOGS}, streams {log_streams(job.name)}…"
    if job.status in {Status.STOPPED, Status.STOPPING}:
        limit = "Max" in job.secondary
        return TrainingFailed(
            f"The training job {job.name} was stopped ({job.secondary}).",
            "It left no model that is whole; what it kept as checkpoints stays.",
            ("Give it more with --max-minutes; it goes on after its last checkpoint. " if limit else "")
            + f"The same command starts it anew. {log}",
        )
    reason = _FAILED.fullmatch(job.failure)
    said = [line.strip() for line in reason["said"].splitlines() if line.strip()] if reason else []
    told = f"{reason['kind']}, exit code {reason['code']}" if reason else job.failure or "no reason given"
    if len(said) == 3:
        cause, consequence, next_step = said
        return TrainingFailed(
            f"The training job {job.name} failed ({told}): {cause}", consequence, f"{next_step} {log}"
        )
    told = f"{told}): {' '.join(said)}" if said else f"{told})"
    return TrainingFailed(
        f"The training job {job.name} failed ({told}",
        "It left no model, and what an earlier training left stays.",
        f"Correct what it names, then run the same command again. {log}",
    )
