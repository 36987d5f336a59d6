"""Runs training jobs: gives each its input, starts its image, and takes what it leaves to S3.

On the sandbox's event loop; what blocks runs in threads.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.core.clock import now
from sandbox.jobs.running import failures
from sandbox.jobs.running.execution import Ended
from sandbox.jobs.running.failures import JobFailed, TryAgain
from sandbox.jobs.running.folders import in_ml
from sandbox.jobs.running.mirrored import Mirrored
from sandbox.jobs.running.objects import ObjectError, joined
from sandbox.jobs.running.reading import files_below, packed, read_file, told_in
from sandbox.jobs.running.services import Services
from sandbox.jobs.training import outcome
from sandbox.jobs.training.inputs import fill, model_place, output_place
from sandbox.jobs.training.metrics import read_definitions, values_in
from sandbox.jobs.training.state import Measured, Secondary, TrainingJob
from sandbox.serving.images.store import Image
from sandbox.serving.runtimes.program import Program

log = logging.getLogger(__name__)

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
CHECKPOINTS = "/opt/ml/checkpoints"


@dataclass(frozen=True)
class _Limits:
    """The moments, of the monotonic clock, at which a job has run and waited for too long."""

    runtime: float
    wait: float

    @property
    def left(self) -> float:
        """Seconds until the first of them."""
        return min(self.runtime, self.wait) - time.monotonic()


class Trainer:
    """Runs one job after the other, or beside the other: it keeps nothing of them."""

    def __init__(self, services: Services, measured: Callable[[TrainingJob, Measured], None]) -> None:
        self._services = services
        self._measured = measured

    async def run(self, job: TrainingJob) -> None:
        """Take a job from Starting to its end."""
        try:
            await self._attempts(job)
        except JobFailed as failure:
            job.fail(str(failure))
        except Exception:
            log.exception("training job %s", job.name)
            job.fail(failures.INTERNAL)

    async def _attempts(self, job: TrainingJob) -> None:
        """Run it until it is over: anew after each interruption, and as often as its RetryStrategy says."""
        stopping = job.request["StoppingCondition"]
        retries = (job.request.get("RetryStrategy") or {}).get("MaximumRetryAttempts", 0)
        ran, wait = 0.0, time.monotonic() + stopping.get("MaxWaitTimeInSeconds", float("inf"))
        status = Secondary.STARTING
        while status is Secondary.STARTING:
            started = time.monotonic()
            limits = _Limits(started + stopping["MaxRuntimeInSeconds"] - ran, wait)
            try:
                status = await self._attempt(job, limits)
            except TryAgain as error:
                if retries <= 0 or job.stop_asked.is_set():
                    raise JobFailed(failures.INTERNAL) from error
                retries -= 1
            ran += time.monotonic() - started
            if status is Secondary.INTERRUPTED:
                status = await self._without_capacity(job, wait)
            if status is Secondary.STARTING:
                job.enter(status, "Starting the training job")
        job.enter(status, outcome.SAID[status])

    async def _without_capacity(self, job: TrainingJob, wait: float) -> Secondary:
        """Wait until there is an instance again; the status that the job goes on with."""
        job.enter(Secondary.INTERRUPTED, "The spot instance was interrupted")
        back = time.monotonic() + job.capacity_back_in
        with suppress(TimeoutError):
            await asyncio.wait_for(job.stop_asked.wait(), min(back, wait) - time.monotonic())
        if job.stop_asked.is_set():
            return Secondary.STOPPED
        return Secondary.MAX_WAIT if wait < back else Secondary.STARTING

    async def _attempt(self, job: TrainingJob, limits: _Limits) -> Secondary:
        """Run it once and take its output to S3; the status that it leads to. Raises JobFailed, TryAgain."""
        async with self._services.folder(job.name) as folder:
            ml = folder / "ml"
            job.enter(Secondary.DOWNLOADING, "Downloading input data")
            checkpoints = await asyncio.to_thread(self._fill, job, ml)
            job.enter(Secondary.TRAINING, "Downloading the training image")
            reference = job.request["AlgorithmSpecification"]["TrainingImage"]
            image = await asyncio.to_thread(self._services.image, job.owner, reference)
            job.enter(Secondary.TRAINING, "Training image download completed. Training in progress.")
            ended = await self._train(job, self._program(job, image, folder), checkpoints, limits.left)
            status = outcome.end_of(ended, waited_out=limits.wait < limits.runtime)
            if status is Secondary.INTERRUPTED:
                return status
            job.enter(Secondary.UPLOADING, "Uploading generated training model")
            try:
                await asyncio.to_thread(self._upload, job, ml)
            finally:  # what the algorithm said comes before what became of its files
                if status is Secondary.FAILED:
                    told = await asyncio.to_thread(failure_told, ml)
                    raise JobFailed(failures.algorithm_error(ended.code, told))
            return status

    def _fill(self, job: TrainingJob, ml: Path) -> list[Mirrored]:
        """Lay out /opt/ml; its folder of checkpoints, where there is one."""
        objects, owner = self._services.objects, job.owner
        kept = job.request.get("CheckpointConfig")
        try:
            fill(ml, job.request, objects, owner)
            if kept is None:
                return []
            folder = in_ml(ml, kept.get("LocalPath") or CHECKPOINTS)
            checkpoints = Mirrored(ml, folder, kept["S3Uri"], objects, owner)
            checkpoints.bring()
        except (ObjectError, OSError) as error:
            raise JobFailed(failures.NO_DATA.format(error)) from error
        return [checkpoints]

    def _program(self, job: TrainingJob, image: Image, folder: Path) -> Program:
        algorithm = job.request["AlgorithmSpecification"]
        entrypoint = algorithm.get("ContainerEntrypoint") or ()
        return Program(
            image,
            job.owner.region,
            folder,
            entrypoint=entrypoint,
            arguments=algorithm.get("ContainerArguments") or (() if entrypoint else ("train",)),
            environment={
                **(job.request.get("Environment") or {}),
                "TRAINING_JOB_NAME": job.name,
                "TRAINING_JOB_ARN": job.arn,
            },
        )

    async def _train(
        self, job: TrainingJob, program: Program, checkpoints: Sequence[Mirrored], limit: float
    ) -> Ended:
        definitions = read_definitions(job.request["AlgorithmSpecification"].get("MetricDefinitions") or ())
        log_lines = self._services.log(job.owner, LOG_GROUP, job.name)

        def publish(lines: Sequence[str]) -> None:
            log_lines(lines)
            for line in lines:
                for name, value in values_in(line, definitions):
                    job.metrics[name] = Measured(name, value, now())
                    self._measured(job, job.metrics[name])

        ended = await self._services.run(job, program, publish, limit, checkpoints)
        try:
            for one in checkpoints:
                await asyncio.to_thread(one.write)
        except (ObjectError, OSError) as error:
            raise JobFailed(failures.NO_UPLOAD.format(error)) from error
        return ended

    def _upload(self, job: TrainingJob, ml: Path) -> None:
        """Take what the job made to S3. A model folder that is empty makes no object, as on AWS."""
        request = job.request
        key = request["OutputDataConfig"].get("KmsKeyId", "")
        job.artifacts = model_place(request)

        def write(place: str, content: bytes) -> None:
            self._services.objects.write(job.owner, place, content, key)

        try:
            if request["OutputDataConfig"].get("CompressionType") == "NONE":
                for name, _ in files_below(ml, ml / "model"):
                    write(joined(job.artifacts, name), read_file(ml, ml / "model" / name))
            elif (model := packed(ml, ml / "model")) is not None:
                write(job.artifacts, model)
            if (data := packed(ml, ml / "output/data")) is not None:
                write(output_place(request, "output.tar.gz"), data)
        except (ObjectError, OSError) as error:
            raise JobFailed(failures.NO_UPLOAD.format(error)) from error


def failure_told(ml: Path) -> str:
    """What a program wrote into its failure file, enough for a FailureReason. Blocking."""
    return told_in(ml, ml / "output/failure", 4 * failures.MOST_FAILURE, "replace").strip()
