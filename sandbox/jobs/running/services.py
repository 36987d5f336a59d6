"""What jobs of any kind need: of AWS, and of the machine that they run on."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.core.faults import Faults
from sandbox.core.settings import Settings
from sandbox.jobs.running import failures
from sandbox.jobs.running.execution import Execution, Publish, grace_of
from sandbox.jobs.running.failures import JobFailed, TryAgain
from sandbox.jobs.running.objects import Objects, Owner
from sandbox.processes.supervisor import Supervisor
from sandbox.serving.images.blobs import ImageError
from sandbox.serving.images.references import FoundImage
from sandbox.serving.images.store import Image
from sandbox.serving.runtimes.runtime import Runtime

HOST = "algo-1"
"""The name of the one instance of a job."""

GRACE = 120.0
"""Seconds that SageMaker leaves a program between SIGTERM and SIGKILL (StopTrainingJob's reference)."""


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

    def execution(self, publish: Publish) -> Execution:
        """A run of a program, not begun yet."""
        grace = grace_of(GRACE, self.settings.time_scale)
        return Execution(self.supervisor, self.runtime, publish, grace)
