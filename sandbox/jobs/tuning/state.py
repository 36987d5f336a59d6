"""A tuning job as it stands, and what its training jobs say of it. Owned by the sandbox's event loop."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.jobs.running.failures import INTERNAL
from sandbox.jobs.running.job import Job
from sandbox.jobs.training.state import TrainingJob

MOST_ATTEMPTS = 5
"""Training jobs without one that succeeds, after which a tuning job has failed."""

NONE_SUCCEEDED = (
    "No training job succeeded after {} attempts. For additional details, please take a look at the training "
    "job failures by listing training jobs for the hyperparameter tuning job."
)
"""aws/amazon-sagemaker-examples#2437, in the words of 2025."""

NO_METRIC = (
    "No objective metrics found after running {} training jobs. Please ensure that the custom algorithm is "
    "emitting the objective metric as defined by the regular expression provided."
)


@dataclass(frozen=True)
class Objective:
    """The metric that is tuned for, and in which direction."""

    metric: str
    maximize: bool

    def value(self, job: TrainingJob) -> float | None:
        """What a training job came to; None where it did not complete, or printed no number at last."""
        measured = job.metrics.get(self.metric)
        if measured is None or not measured.is_number or job.status != "Completed":
            return None
        return measured.value

    def status(self, job: TrainingJob) -> str:
        """ObjectiveStatus of a training job."""
        if job.status in ("InProgress", "Stopping"):
            return "Pending"
        return "Failed" if self.value(job) is None else "Succeeded"

    def best(self, jobs: Sequence[TrainingJob]) -> TrainingJob | None:
        """The training job that came to the most, or the least; the earliest of those that are equal."""
        valued = [(value, job) for job in jobs if (value := self.value(job)) is not None]
        sign = 1 if self.maximize else -1
        return max(valued, key=lambda one: sign * one[0])[1] if valued else None

    def reaches(self, value: float, target: float) -> bool:
        """Whether a value is as good as a target, or better."""
        return value >= target if self.maximize else value <= target


@dataclass
class TuningJob(Job):
    """One tuning job. Whoever runs it stops its training jobs when it is asked to stop."""

    number_of_jobs: int
    """How many training jobs it may start."""
    jobs: list[TrainingJob] = field(default_factory=list)
    """Its training jobs, in the order of their start."""
    tuned: dict[str, dict[str, str]] = field(default_factory=dict)
    """The hyperparameters that were chosen, by the training job's name."""

    @property
    def config(self) -> Mapping[str, Any]:
        """Its HyperParameterTuningJobConfig."""
        return self.request["HyperParameterTuningJobConfig"]

    @property
    def objective(self) -> Objective:
        """What it tunes for."""
        told = self.config["HyperParameterTuningJobObjective"]
        return Objective(told["MetricName"], told["Type"] == "Maximize")


def status_counters(jobs: Sequence[TrainingJob]) -> dict[str, int]:
    """TrainingJobStatusCounters. Pure."""
    found = Counter(_counted(job) for job in jobs)
    kinds = ("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped")
    return {kind: found[kind] for kind in kinds}


def objective_counters(jobs: Sequence[TrainingJob], objective: Objective) -> dict[str, int]:
    """ObjectiveStatusCounters. Pure."""
    found = Counter(objective.status(job) for job in jobs)
    return {kind: found[kind] for kind in ("Succeeded", "Pending", "Failed")}


def failure(jobs: Sequence[TrainingJob], objective: Objective, number_of_jobs: int) -> str:
    """Why a tuning job has failed by now, or nothing: enough training jobs are over, none of use. Pure."""
    over = [job for job in jobs if objective.status(job) != "Pending"]
    if len(over) < min(MOST_ATTEMPTS, number_of_jobs) or objective.best(over) is not None:
        return ""
    completed = any(job.status == "Completed" for job in over)
    return (NO_METRIC if completed else NONE_SUCCEEDED).format(len(over))


def _counted(job: TrainingJob) -> str:
    if job.status in ("InProgress", "Stopping"):
        return "InProgress"
    if job.status == "Failed":
        return "RetryableError" if job.failure_reason == INTERNAL else "NonRetryableError"
    return job.status
