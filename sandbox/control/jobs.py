"""Puts together what runs jobs: their actions in moto, and what they need of the other parts of a sandbox."""

import asyncio
from collections.abc import Sequence

from sandbox.aws.cloudwatch.clock import Clock
from sandbox.aws.ecr.catalog import find_image
from sandbox.aws.logs.api import LogsApi
from sandbox.aws.sagemaker.execution_roles import ExecutionRoles
from sandbox.aws.sagemaker.jobs import api
from sandbox.aws.sagemaker.jobs.objects import RoleObjects
from sandbox.aws.sagemaker.jobs.processing.api import ProcessingJobs
from sandbox.aws.sagemaker.jobs.training.api import TrainingJobs
from sandbox.aws.sagemaker.jobs.tuning.api import TuningJobs
from sandbox.aws.sagemaker.metrics import jobs as metrics
from sandbox.core.faults import Fault, Faults
from sandbox.core.loop import LoopWork
from sandbox.jobs.processing.processor import Processor
from sandbox.jobs.running.objects import Owner
from sandbox.jobs.running.services import Services
from sandbox.jobs.training.state import Measured, TrainingJob
from sandbox.jobs.training.trainer import Trainer
from sandbox.serving.fleets.host import Host
from sandbox.serving.images.references import FoundImage


class Jobs:
    """All jobs of a sandbox. `install` once, `close` at the end: what runs then is killed."""

    def __init__(
        self, host: Host, faults: Faults, roles: ExecutionRoles, clock: Clock, logs: LogsApi
    ) -> None:
        self._roles = roles
        self._clock = clock
        self._logs = logs
        self._work = LoopWork(asyncio.get_running_loop())
        machine = host.settings, faults, host.supervisor, host.runtime
        services = Services(*machine, RoleObjects(roles), self._image, self._lines)
        trainer = Trainer(services, self._measured)
        self._training = TrainingJobs(self._work, trainer, roles)
        self._tuning = TuningJobs(self._work, self._training)
        self._processing = ProcessingJobs(self._work, Processor(services), roles)

    def install(self) -> None:
        """Put the actions into moto; those of the kinds that nothing runs say so."""
        api.install()
        self._training.install()
        self._processing.install()
        self._tuning.install()

    def at_once(self, fault: Fault) -> bool:
        """Let a fault of a job happen; False for one that is none of a job's. Raises BadFault."""
        if fault.kind == "interrupt_training":
            self._training.interrupt(fault.job, fault.seconds)
        return fault.kind == "interrupt_training"

    async def close(self) -> None:
        """End all jobs at once, with what they left on this machine."""
        await self._work.close()

    def _image(self, owner: Owner, reference: str) -> FoundImage | None:
        may = self._roles.may_pull(owner.account, owner.region, owner.role, reference)
        return find_image(reference) if may else None

    def _lines(self, owner: Owner, group: str, stream: str, lines: Sequence[str]) -> None:
        if self._roles.may_log(owner.account, owner.region, owner.role, group, stream):
            self._logs.put_lines(owner.account, owner.region, group, stream, lines)

    def _measured(self, job: TrainingJob, measured: Measured) -> None:
        if self._roles.may(job.owner.account, job.owner.role, "cloudwatch:PutMetricData", "*"):
            metrics.publish(self._clock, job, measured)
