"""How a tuning job starts its training jobs, with training jobs that end as a test says."""

import asyncio
from collections.abc import Callable
from typing import Any

from sandbox.core.clock import now
from sandbox.jobs.running.job import Status
from sandbox.jobs.running.objects import Owner
from sandbox.jobs.training.state import Measured, Secondary, TrainingJob
from sandbox.jobs.tuning.state import TuningJob
from sandbox.jobs.tuning.tuner import Tuner

OWNER = Owner("1", "r", "role")
VALUES = [{"Name": "x", "Values": [str(number) for number in range(8)]}]


def tuning(parallel: int, **config: Any) -> TuningJob:
    """A grid of eight."""
    told = {
        "Strategy": "Grid",
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "x"},
        "ResourceLimits": {"MaxParallelTrainingJobs": parallel},
        "ParameterRanges": {"CategoricalParameterRanges": VALUES},
        **config,
    }
    request = {"HyperParameterTuningJobConfig": told, "TrainingJobDefinition": {}}
    return TuningJob(OWNER, "tuning", "arn", request, [], 8)


class Trials:
    """Starts training jobs, each of which ends in a moment as `end` has it, and counts those at once."""

    def __init__(self, end: Callable[[TrainingJob], None]) -> None:
        self._end = end
        self._tasks: list[asyncio.Task[None]] = []
        self.running = self.most = 0

    def launch(self, job: TuningJob, name: str, hyperparameters: dict[str, str]) -> TrainingJob:
        started = TrainingJob(OWNER, name, "arn", {"HyperParameters": hyperparameters}, [])
        self._tasks.append(asyncio.create_task(self._run(started)))
        return started

    async def _run(self, job: TrainingJob) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self._end(job)
        await job.stop_asked.wait() if job.secondary is Secondary.STARTING else None
        if not job.ended.is_set():
            job.enter(Secondary.STOPPED, "")
        self.running -= 1


def completed(job: TrainingJob) -> None:
    value = float(job.request["HyperParameters"]["x"])
    job.metrics["x"] = Measured("x", value, now())
    job.enter(Secondary.COMPLETED, "")


def run(job: TuningJob, trials: Trials, launch: Callable[..., TrainingJob] | None = None) -> None:
    asyncio.run(asyncio.wait_for(Tuner(launch or trials.launch).run(job), 10))


def test_as_many_run_at_once_as_may_and_all_are_tried() -> None:
    job, trials = tuning(3), Trials(completed)
    run(job, trials)
    assert (job.status, trials.most, len(job.jobs)) == (Status.COMPLETED, 3, 8)
    assert [job.tuned[one.name]["x"] for one in job.jobs] == [str(number) for number in range(8)]


def test_no_more_are_started_once_the_target_is_reached() -> None:
    job = tuning(1, TuningJobCompletionCriteria={"TargetObjectiveMetricValue": 2.0})
    run(job, Trials(completed))
    assert (job.status, len(job.jobs)) == (Status.COMPLETED, 3)


def test_no_more_are_started_after_five_that_failed() -> None:
    job = tuning(1)
    run(job, Trials(lambda one: one.fail("no")))
    assert (job.status, len(job.jobs)) == (Status.FAILED, 5)
    assert job.failure_reason.startswith("No training job succeeded after 5 attempts.")


def test_what_runs_is_stopped_when_no_more_can_be_started() -> None:
    job, trials = tuning(2), Trials(lambda one: None)

    def launch(tuned: TuningJob, name: str, values: dict[str, str]) -> TrainingJob:
        if tuned.jobs:
            raise RuntimeError("no more")
        return trials.launch(tuned, name, values)

    run(job, trials, launch)
    assert (job.status, len(job.jobs)) == (Status.FAILED, 1)
    assert job.jobs[0].secondary is Secondary.STOPPED
    assert job.failure_reason.startswith("InternalServerError: ")
