"""A processing job as it stands. Owned by the sandbox's event loop; how it runs is in `processor`."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sandbox.core.clock import now
from sandbox.jobs.running.execution import Cause, Ended, Execution
from sandbox.jobs.running.objects import Owner


class Status(StrEnum):
    """SageMaker's ProcessingJobStatus."""

    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"


OVER = {Status.COMPLETED, Status.FAILED, Status.STOPPED}
"""The statuses that a job stays in."""


def end_of(ended: Ended) -> Status:
    """The status that a program's end leads to; one that took too long is stopped. Pure."""
    if ended.cause in (Cause.STOPPED, Cause.TOO_LONG):
        return Status.STOPPED
    return Status.COMPLETED if ended.code == 0 else Status.FAILED


@dataclass
class ProcessingJob:
    """One processing job. The names `arn` and `tags` are those that moto's tagging reads."""

    owner: Owner
    name: str
    arn: str
    request: Mapping[str, Any]
    tags: list[dict[str, str]]
    status: Status = Status.IN_PROGRESS
    failure_reason: str = ""
    exit_message: str = ""
    creation_time: datetime = field(default_factory=now)
    last_modified_time: datetime = field(default_factory=now)
    start_time: datetime | None = None
    end_time: datetime | None = None
    execution: Execution | None = None
    stop_asked: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self) -> None:
        """Have its instance from now on."""
        self.start_time = self.last_modified_time = now()

    def conclude(self, status: Status, reason: str = "") -> None:
        """Be over."""
        self.status, self.failure_reason = status, reason
        self.end_time = self.last_modified_time = now()

    def stop(self) -> None:
        """Be Stopping, and end what runs."""
        self.status, self.last_modified_time = Status.STOPPING, now()
        self.stop_asked.set()
        if self.execution is not None:
            self.execution.end(Cause.STOPPED)
