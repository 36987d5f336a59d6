"""Runs processing jobs: gives each its inputs, starts its image, and takes its outputs to S3.

On the sandbox's event loop; what blocks runs in threads.
"""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from sandbox.jobs.processing.inputs import fill, outputs_of
from sandbox.jobs.processing.state import ProcessingJob, end_of
from sandbox.jobs.running import failures
from sandbox.jobs.running.execution import Ended
from sandbox.jobs.running.failures import JobFailed, TryAgain
from sandbox.jobs.running.folders import in_ml
from sandbox.jobs.running.job import Status
from sandbox.jobs.running.mirrored import Mirrored
from sandbox.jobs.running.objects import ObjectError
from sandbox.jobs.running.reading import told_in
from sandbox.jobs.running.services import Services
from sandbox.serving.runtimes.program import Program

log = logging.getLogger(__name__)

LOG_GROUP = "/aws/sagemaker/ProcessingJobs"
MOST_MESSAGE = 1024
"""Bytes of an ExitMessage."""

NO_TEXT = "ClientError: The exit message of the container is not encoded in UTF-8."


class Processor:
    """Runs one job after the other, or beside the other: it keeps nothing of them."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def run(self, job: ProcessingJob) -> None:
        """Take a job to its end."""
        try:
            job.conclude(await self._run(job))
        except JobFailed as failure:
            job.conclude(Status.FAILED, str(failure))
        except TryAgain:
            job.conclude(Status.FAILED, failures.INTERNAL)
        except Exception:
            log.exception("processing job %s", job.name)
            job.conclude(Status.FAILED, failures.INTERNAL)

    async def _run(self, job: ProcessingJob) -> Status:
        async with self._services.folder(job.name) as folder:
            ml = folder / "ml"
            outputs = await asyncio.to_thread(self._fill, job, ml)
            application = job.request["AppSpecification"]
            image = await asyncio.to_thread(self._services.image, job.owner, application["ImageUri"])
            program = Program(
                image,
                job.owner.region,
                folder,
                entrypoint=application.get("ContainerEntrypoint") or (),
                arguments=application.get("ContainerArguments") or (),
                environment=job.request.get("Environment") or {},
            )
            ended = await self._process(job, program, [one for one, at_once in outputs if at_once])
            await asyncio.to_thread(conclude, job, ml, ended, [one for one, _ in outputs])
            return end_of(ended)

    def _fill(self, job: ProcessingJob, ml: Path) -> list[tuple[Mirrored, bool]]:
        """Lay out /opt/ml; its outputs, each with whether it is written while the job runs."""
        objects, owner = self._services.objects, job.owner
        key = (job.request.get("ProcessingOutputConfig") or {}).get("KmsKeyId", "")
        try:
            fill(ml, job.request, job.arn, objects, owner)
            return [
                (
                    Mirrored(ml, in_ml(ml, one["LocalPath"]), one["S3Uri"], objects, owner, key),
                    one["S3UploadMode"] == "Continuous",
                )
                for one in outputs_of(job.request)
            ]
        except (ObjectError, OSError) as error:
            raise JobFailed(failures.NO_DATA.format(error)) from error

    async def _process(self, job: ProcessingJob, program: Program, written: list[Mirrored]) -> Ended:
        job.begin()
        publish = self._services.log(job.owner, LOG_GROUP, job.name)
        limit = job.request["StoppingCondition"]["MaxRuntimeInSeconds"]
        return await self._services.run(job, program, publish, limit, written)


def conclude(job: ProcessingJob, ml: Path, ended: Ended, outputs: Sequence[Mirrored]) -> None:
    """Take the outputs to S3, and the words for DescribeProcessingJob. Blocking. Raises JobFailed.

    A message that is no text makes the job fail; its outputs are in S3 all the same.
    """
    message = _message(ml)
    job.exit_message = message or ""
    try:
        for one in outputs:
            one.write()
    except (ObjectError, OSError) as error:
        raise JobFailed(failures.NO_UPLOAD.format(error)) from error
    if message is None:
        raise JobFailed(NO_TEXT)
    if end_of(ended) is Status.FAILED:
        raise JobFailed(failures.algorithm_error(ended.code, ""))


def _message(ml: Path) -> str | None:
    """What a program wrote into its message file; None for what is not UTF-8."""
    try:
        return told_in(ml, ml / "output/message", MOST_MESSAGE)
    except UnicodeDecodeError:
        return None
