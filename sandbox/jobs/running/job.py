"""A job as it stands, of the kinds whose status alone says how far they are.

A training job is none of these: its status follows from its secondary one. Owned by the sandbox's event loop.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sandbox.core.clock import now
from sandbox.jobs.running.objects import Owner


class Status(StrEnum):
    """Those values of SageMaker's status of a job that one of the sandbox can have."""

    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"


OVER = {Status.COMPLETED, Status.FAILED, Status.STOPPED}
"""The statuses that a job stays in."""


@dataclass
class Job:
    """One job of any of these kinds. The names `arn` and `tags` are those that moto's tagging reads."""

    owner: Owner
    name: str
    arn: str
    request: Mapping[str, Any]
    tags: list[dict[str, str]]
    _: KW_ONLY
    status: Status = Status.IN_PROGRESS
    failure_reason: str = ""
    creation_time: datetime = field(default_factory=now)
    last_modified_time: datetime = field(default_factory=now)
    end_time: datetime | None = None
    stop_asked: asyncio.Event = field(default_factory=asyncio.Event)

    def conclude(self, status: Status, reason: str = "") -> None:
        """Be over."""
        self.status, self.failure_reason = status, reason
        self.end_time = self.last_modified_time = now()

    def stop(self) -> None:
        """Be Stopping, and ask what runs to end."""
        self.status, self.last_modified_time = Status.STOPPING, now()
        self.stop_asked.set()
