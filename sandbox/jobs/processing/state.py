"""A processing job as it stands. Owned by the sandbox's event loop; how it runs is in `processor`."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.core.clock import now
from sandbox.jobs.running.execution import Cause, Ended, Execution
from sandbox.jobs.running.job import Job, Status


def end_of(ended: Ended) -> Status:
    """The status that a program's end leads to; one that took too long is stopped. Pure."""
    if ended.cause in (Cause.STOPPED, Cause.TOO_LONG):
        return Status.STOPPED
    return Status.COMPLETED if ended.code == 0 else Status.FAILED


@dataclass
class ProcessingJob(Job):
    """One processing job."""

    exit_message: str = ""
    start_time: datetime | None = None
    execution: Execution | None = None

    def begin(self) -> None:
        """Have its instance from now on."""
        self.start_time = self.last_modified_time = now()

    def stop(self) -> None:
        """Be Stopping, and end what runs."""
        super().stop()
        if self.execution is not None:
            self.execution.end(Cause.STOPPED)
