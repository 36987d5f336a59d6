"""A training job as it stands: its secondary status with the way there, and what it came to.

Owned by the sandbox's event loop. Holds no logic of how a job runs; see `trainer`.
"""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sandbox.core.clock import now
from sandbox.jobs.running.execution import Cause, Execution
from sandbox.jobs.running.objects import Owner


class Secondary(StrEnum):
    """Those values of SageMaker's SecondaryStatus that a job of the sandbox can have."""

    STARTING = "Starting"
    DOWNLOADING = "Downloading"
    TRAINING = "Training"
    INTERRUPTED = "Interrupted"
    UPLOADING = "Uploading"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    COMPLETED = "Completed"
    FAILED = "Failed"
    MAX_RUNTIME = "MaxRuntimeExceeded"
    MAX_WAIT = "MaxWaitTimeExceeded"


PRIMARY: Mapping[Secondary, str] = {
    **dict.fromkeys(Secondary, "InProgress"),
    Secondary.STOPPING: "Stopping",
    **dict.fromkeys((Secondary.STOPPED, Secondary.MAX_RUNTIME, Secondary.MAX_WAIT), "Stopped"),
    Secondary.COMPLETED: "Completed",
    Secondary.FAILED: "Failed",
}
"""TrainingJobStatus by SecondaryStatus."""

OVER = {status for status, primary in PRIMARY.items() if primary in ("Stopped", "Completed", "Failed")}
"""The statuses that a job stays in."""


@dataclass
class Transition:
    """A status that a job was in, and what was said of it."""

    status: Secondary
    message: str
    start: datetime = field(default_factory=now)
    end: datetime | None = None

    @property
    def seconds(self) -> float:
        """How long it was in it, or is by now."""
        return ((self.end or now()) - self.start).total_seconds()


@dataclass(frozen=True)
class Measured:
    """The value of one of a job's metrics, and when it was printed."""

    name: str
    value: float
    at: datetime

    @property
    def is_number(self) -> bool:
        """Whether it is one that CloudWatch takes: no NaN and no infinity, which a training may come to."""
        return math.isfinite(self.value)


@dataclass
class TrainingJob:
    """One training job. The names `arn` and `tags` are those that moto's tagging reads."""

    owner: Owner
    name: str
    arn: str
    request: Mapping[str, Any]
    tags: list[dict[str, str]]
    tuning_job_arn: str = ""
    failure_reason: str = ""
    creation_time: datetime = field(default_factory=now)
    last_modified_time: datetime = field(default_factory=now)
    transitions: list[Transition] = field(default_factory=list)
    metrics: dict[str, Measured] = field(default_factory=dict)
    """The last value of each metric."""
    artifacts: str = ""
    """Where its model is, or would be: the S3ModelArtifacts of its description."""
    execution: Execution | None = None
    capacity_back_in: float = 0.0
    """Real seconds after an interruption until there is an instance again."""
    stop_asked: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.enter(Secondary.STARTING, "Starting the training job")

    @property
    def secondary(self) -> Secondary:
        """Its SecondaryStatus."""
        return self.transitions[-1].status

    @property
    def status(self) -> str:
        """Its TrainingJobStatus."""
        return PRIMARY[self.secondary]

    @property
    def is_spot(self) -> bool:
        """Whether it runs on managed spot instances."""
        return bool(self.request.get("EnableManagedSpotTraining"))

    def enter(self, status: Secondary, message: str) -> None:
        """Go on to a status; one that is stopping goes on to its end alone."""
        if self.transitions and self.secondary is Secondary.STOPPING and status not in OVER:
            return
        self.last_modified_time = now()
        if self.transitions and self.secondary is status:
            self.transitions[-1].message = message
            return
        if self.transitions:
            self.transitions[-1].end = self.last_modified_time
        self.transitions.append(Transition(status, message, self.last_modified_time))
        if status in OVER:
            self.transitions[-1].end = self.last_modified_time
            self.ended.set()

    def fail(self, reason: str) -> None:
        """Be Failed, for that reason."""
        self.failure_reason = reason
        self.enter(Secondary.FAILED, "Training job failed")

    def stop(self) -> None:
        """Be Stopping, and end what runs."""
        self.enter(Secondary.STOPPING, "Stopping the training job")
        self.stop_asked.set()
        if self.execution is not None:
            self.execution.end(Cause.STOPPED)

    def interrupt(self, seconds: float) -> bool:
        """Have its instance taken for `seconds`; False where it has none that could be."""
        if not self.is_spot or self.execution is None or self.secondary is not Secondary.TRAINING:
            return False
        self.capacity_back_in = seconds
        self.execution.end(Cause.INTERRUPTED)
        return True

    @property
    def start_time(self) -> datetime | None:
        """When it began on its instance."""
        begun = (one.start for one in self.transitions if one.status is not Secondary.STARTING)
        return next(begun, None)

    @property
    def end_time(self) -> datetime | None:
        """When it was over."""
        return self.transitions[-1].start if self.secondary in OVER else None

    def seconds(self, *, billable: bool) -> int:
        """The whole seconds since it began on its instance; the billable ones without interruptions."""
        unpaid = {Secondary.STARTING, Secondary.INTERRUPTED} if billable else set()
        first = next((i for i, one in enumerate(self.transitions) if one.start == self.start_time), 0)
        counted = (one.seconds for one in self.transitions[first:] if one.status not in unpaid | OVER)
        return max(math.ceil(sum(counted)), 1)
