"""A transform job as it stands. Owned by the sandbox's event loop."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sandbox.core.clock import now
from sandbox.jobs.running.objects import Owner
from sandbox.jobs.transform.joining import Processing


class Status(StrEnum):
    """SageMaker's TransformJobStatus."""

    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"


OVER = {Status.COMPLETED, Status.FAILED, Status.STOPPED}


@dataclass
class TransformJob:
    """One job, with the request that created it and its model's. moto's tagging reads `arn` and `tags`."""

    owner: Owner
    """`role` is the model's."""
    name: str
    arn: str
    request: Mapping[str, Any]
    model: Mapping[str, Any]
    processing: Processing
    tags: list[dict[str, str]]
    status: Status = Status.IN_PROGRESS
    failure_reason: str = ""
    start_time: datetime | None = None
    end_time: datetime | None = None
    creation_time: datetime = field(default_factory=now)
    last_modified_time: datetime = field(default_factory=now)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self) -> None:
        """Its instances are ready."""
        self.start_time = self.last_modified_time = now()

    def stop(self) -> None:
        """Ask it to end before its work is done."""
        if self.status is Status.IN_PROGRESS:
            self.status, self.last_modified_time = Status.STOPPING, now()
            self.stopping.set()

    def end(self, status: Status, reason: str = "") -> None:
        """It is over."""
        self.status, self.failure_reason = status, reason
        self.end_time = self.last_modified_time = now()
