"""Begins and stops transform jobs; moto's backends hold them."""

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from sandbox.aws.sagemaker.jobs.transform.store import Status, TransformJob
from sandbox.serving.endpoints.failures import INTERNAL
from sandbox.serving.transforms.runner import JobFailed, Runner, Store, Work

log = logging.getLogger(__name__)

T = TypeVar("T")

_CALL_LIMIT = 30.0
"""Real seconds that a control-plane call may wait for the event loop."""


class TransformJobs:
    """The jobs that run. Its methods are called on the event loop, by `call` from other threads."""

    def __init__(self, loop: asyncio.AbstractEventLoop, runner: Runner) -> None:
        self._loop = loop
        self._runner = runner
        self._running: dict[int, asyncio.Task[None]] = {}

    def call(self, work: Callable[[], T]) -> T:
        """Run `work` on the event loop and return what it returns, or raise what it raises."""

        async def on_loop() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(on_loop(), self._loop).result(_CALL_LIMIT)

    def begin(self, job: TransformJob, work: Work, store: Store) -> None:
        """Start a job."""
        task = self._running[id(job)] = self._loop.create_task(self._run(job, work, store))
        task.add_done_callback(lambda _: self._running.pop(id(job), None))

    def stop(self, job: TransformJob) -> None:
        """From InProgress to Stopping, and Stopped once its instances have ended; else nothing happens."""
        task = self._running.get(id(job))
        if job.status is Status.IN_PROGRESS and task is not None:
            job.move(Status.STOPPING)
            task.cancel()

    async def _run(self, job: TransformJob, work: Work, store: Store) -> None:
        try:
            await self._runner.run(work, store, job.begin)
        except asyncio.CancelledError:
            job.move(Status.STOPPED)
        except JobFailed as error:
            job.failure_reason = str(error)
            job.move(Status.FAILED)
        except Exception:
            log.exception("the transform job %s failed", job.name)
            job.failure_reason = f"InternalServerError: {INTERNAL}"
            job.move(Status.FAILED)
        else:
            job.move(Status.COMPLETED)
