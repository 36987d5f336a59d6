"""What jobs of any kind need: of AWS, and of the machine that they run on."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sandbox.core.faults import Faults
from sandbox.core.settings import Settings
from sandbox.jobs.running import failures
from sandbox.jobs.running.execution import Cause, Ended, Execution, Publish, grace_of
from sandbox.jobs.running.failures import JobFailed, TryAgain
from sandbox.jobs.running.folders import new_folder, remove_folder
from sandbox.jobs.running.mirrored import Mirrored, keep_written
from sandbox.jobs.running.objects import Objects, Owner
from sandbox.processes.supervisor import Supervisor
from sandbox.serving.images.blobs import ImageError
from sandbox.serving.images.references import FoundImage
from sandbox.serving.images.store import Image
from sandbox.serving.runtimes.program import Program
from sandbox.serving.runtimes.runtime import Runtime

HOST = "algo-1"
"""The name of the one instance of a job."""

GRACE = 120.0
"""Seconds that SageMaker leaves a program between SIGTERM and SIGKILL (StopTrainingJob's reference)."""


class Stoppable(Protocol):
    """A job that runs a program, and may be asked to stop at any time, also before."""

    execution: Execution | None
    stop_asked: asyncio.Event


@dataclass(frozen=True)
class Services:
    """What a sandbox gives to its jobs."""

    settings: Settings
    faults: Faults
    supervisor: Supervisor
    runtime: Runtime
    objects: Objects
    find_image: Callable[[Owner, str], FoundImage | None]
    """The image of a reference that a role may pull, or None. Blocking."""
    lines: Callable[[Owner, str, str, Sequence[str]], None]
    """Takes lines that were printed, for a log group and a stream."""

    def image(self, owner: Owner, reference: str) -> Image:
        """An image that can be run. Blocking. Raises JobFailed, and TryAgain while the registry is away."""
        if self.faults.for_outage():
            raise TryAgain
        found = self.find_image(owner, reference)
        if found is None:
            raise JobFailed(failures.NO_CONTAINER)
        try:
            return self.runtime.image(found.digest, found.manifest)
        except (ImageError, OSError) as error:
            raise JobFailed(failures.UNUSABLE_IMAGE.format(error)) from error

    def log(self, owner: Owner, group: str, job: str) -> Publish:
        """Takes the lines of one run of a job that begins now."""
        stream = f"{job}/{HOST}-{int(time.time())}"
        return lambda lines: self.lines(owner, group, stream, lines)

    @asynccontextmanager
    async def folder(self, job: str) -> AsyncGenerator[Path]:
        """A folder for one run of a job, which is gone afterwards with all that is in it."""
        folder = await asyncio.to_thread(new_folder, self.settings.jobs, job)
        try:
            yield folder
        finally:
            await asyncio.to_thread(remove_folder, folder)

    async def run(
        self,
        job: Stoppable,
        program: Program,
        publish: Publish,
        limit: float,
        written: Sequence[Mirrored],
    ) -> Ended:
        """Run a job's program to its end; what changes meanwhile in the folders `written` is taken to S3."""
        grace = grace_of(GRACE, self.settings.time_scale)
        job.execution = execution = Execution(self.supervisor, self.runtime, publish, grace)
        if job.stop_asked.is_set():
            execution.end(Cause.STOPPED)
        writing = asyncio.create_task(keep_written(written))
        try:
            return await execution.run(program, f"slipway-{program.folder.name}", limit)
        finally:
            job.execution = None
            writing.cancel()
