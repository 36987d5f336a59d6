"""A transform job as it stands. Owned by the sandbox's event loop."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.core.clock import now
from sandbox.jobs.running.job import Job, Status
from sandbox.jobs.transform.joining import Processing


@dataclass
class TransformJob(Job):
    """One transform job, with its model's request beside its own; its owner's role is the model's."""

    model: Mapping[str, Any]
    processing: Processing
    start_time: datetime | None = None

    def begin(self) -> None:
        """Have its instances from now on."""
        self.start_time = self.last_modified_time = now()

    def stop(self) -> None:
        """Be Stopping; nothing more comes of asking again."""
        if self.status is Status.IN_PROGRESS:
            super().stop()
