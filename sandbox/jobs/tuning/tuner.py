"""Runs tuning jobs: starts training jobs, as many at once as may be, until all are over or enough is known.

On the sandbox's event loop.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable

from sandbox.jobs.running.failures import INTERNAL
from sandbox.jobs.running.job import Status
from sandbox.jobs.training.state import OVER, TrainingJob
from sandbox.jobs.tuning.search import chosen
from sandbox.jobs.tuning.state import TuningJob, failure

log = logging.getLogger(__name__)

OBJECTIVE_PARAMETER = "_tuning_objective_metric"
"""The hyperparameter by which SageMaker tells a program what is tuned for."""

Launch = Callable[[TuningJob, str, dict[str, str]], TrainingJob]
"""Begins a training job of a tuning job, with a name and its hyperparameters."""


class Tuner:
    """Runs one tuning job after the other, or beside the other: it keeps nothing of them."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch

    async def run(self, job: TuningJob) -> None:
        """Take a job to its end; its training jobs are over then."""
        reason = INTERNAL
        try:
            await self._search(job)
            reason = failure(job.jobs, job.objective, job.number_of_jobs)
        except Exception:
            log.exception("tuning job %s", job.name)
        for one in job.jobs:
            if one.secondary not in OVER:
                one.stop()
        await asyncio.gather(*(one.ended.wait() for one in job.jobs))
        if job.stop_asked.is_set():
            return job.conclude(Status.STOPPED)
        return job.conclude(Status.FAILED if reason else Status.COMPLETED, reason)

    async def _search(self, job: TuningJob) -> None:
        """Start training jobs until all are over, or no more of them is wanted."""
        stopping = asyncio.create_task(job.stop_asked.wait())
        running: set[asyncio.Task[bool]] = set()
        parallel = job.config["ResourceLimits"]["MaxParallelTrainingJobs"]
        try:
            while not (job.stop_asked.is_set() or is_enough(job)):
                while len(running) < parallel and len(job.jobs) < job.number_of_jobs:
                    running.add(asyncio.create_task(self._start(job).ended.wait()))
                if not running:
                    return
                await asyncio.wait([*running, stopping], return_when=asyncio.FIRST_COMPLETED)
                running = {one for one in running if not one.done()}
        finally:
            for one in (stopping, *running):
                one.cancel()

    def _start(self, job: TuningJob) -> TrainingJob:
        number = len(job.jobs) + 1
        config = job.config
        seed = str(config["RandomSeed"]) if "RandomSeed" in config else job.creation_time.isoformat()
        values = chosen(config["Strategy"], config["ParameterRanges"], seed, number)
        told = hashlib.sha256(f"{job.arn} {job.creation_time} {number}".encode()).hexdigest()
        name = f"{job.name}-{number:03}-{told[:8]}"
        static = job.request["TrainingJobDefinition"].get("StaticHyperParameters") or {}
        launched = self._launch(job, name, {**static, OBJECTIVE_PARAMETER: job.objective.metric, **values})
        job.tuned[name] = values
        job.jobs.append(launched)
        return launched


def is_enough(job: TuningJob) -> bool:
    """Whether no more training job is wanted: the target is reached, or the job has failed. Pure."""
    target = (job.config.get("TuningJobCompletionCriteria") or {}).get("TargetObjectiveMetricValue")
    best = job.objective.best(job.jobs)
    value = job.objective.value(best) if best is not None else None
    if target is not None and value is not None and job.objective.reaches(value, target):
        return True
    return bool(failure(job.jobs, job.objective, job.number_of_jobs))
