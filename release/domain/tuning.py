"""A tuning job: training jobs side by side, each with other parameters; the best of them counts. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from release.domain import names, training
from release.domain.training import Request, Status, TrainingFailed

MOST_PARALLEL = 100
"""Training jobs at a time ("Amazon SageMaker AI endpoints and quotas": hyperparameter tuning)."""


@dataclass(frozen=True)
class Tuning:
    """What is searched."""

    ranges: Mapping[str, Sequence[Mapping[str, Any]]]
    """ParameterRanges, as SageMaker's SDK calls its members."""
    objective: str
    """The measure that is to be as high as possible."""
    trials: int
    parallel: int
    """How many at a time."""
    seed: int


@dataclass(frozen=True)
class Tried:
    """One training job of a tuning job."""

    name: str
    parameters: Mapping[str, str]
    value: float | None
    """What it measured; None where it failed."""


@dataclass(frozen=True)
class TuningJob:
    """A tuning job as SageMaker describes it."""

    name: str
    status: Status
    failure: str = ""
    best: str = ""
    """The training job that measured the most so far."""
    done: int = 0
    """How many training jobs have completed."""


def request(one: Request, tuning: Tuning) -> Request:
    """CreateHyperParameterTuningJob's members but for the name: each of its jobs is that `one`.

    The choice is random, by SageMaker's own seed: what is tried depends on nothing that was measured, so jobs
    that run side by side try the same as one after the other. Checkpoints are for spot instances alone.
    """
    definition = {name: value for name, value in one.items() if name not in {"hyper_parameters", "tags"}}
    definition["static_hyper_parameters"] = one["hyper_parameters"]
    if not one["enable_managed_spot_training"]:
        del definition["checkpoint_config"]
    return {
        "hyper_parameter_tuning_job_config": {
            "strategy": "Random",
            "random_seed": tuning.seed,
            "hyper_parameter_tuning_job_objective": {"type": "Maximize", "metric_name": tuning.objective},
            "resource_limits": {
                "max_number_of_training_jobs": tuning.trials,
                "max_parallel_training_jobs": tuning.parallel,
            },
            "parameter_ranges": dict(tuning.ranges),
            "training_job_early_stopping_type": "Off",
        },
        "training_job_definition": definition,
        "tags": one["tags"],
    }


def afresh(asked: Request, attempt: int) -> Request:
    """The same request whose training jobs go on with nothing: with checkpoints of their own, if any."""
    definition = asked["training_job_definition"]
    if "checkpoint_config" not in definition:
        return asked
    return {**asked, "training_job_definition": training.afresh(definition, attempt)}


def failed(job: TuningJob) -> TrainingFailed:
    """Why a tuning job that ended has found nothing."""
    nothing = "There is no model, and what an earlier training left stays."
    logs = f"Look at the logs of its training jobs, whose names begin with its own, in {names.TRAINING_LOGS}"
    if job.status is Status.FAILED:
        return TrainingFailed(
            f"The tuning job {job.name} failed: {job.failure or 'no reason given'}",
            nothing,
            f"{logs}; then run the same command again.",
        )
    if job.status is Status.COMPLETED:
        return TrainingFailed(
            f"The tuning job {job.name} is Completed, and none of its training jobs measured anything.",
            nothing,
            f"{logs}; then have it searched once more: the same command with --again",
        )
    return TrainingFailed(
        f"The tuning job {job.name} was stopped.",
        "There is no model; what its training jobs left stays in the stage's bucket.",
        "The same command starts it anew.",
    )
