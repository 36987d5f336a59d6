"""Requests that arrived together, scored together.

A graph takes little longer for ten rows than for one. So the jobs that are there in one turn of the event
loop (what the kernel had ready at once) run through the graph as one batch, and while turns bring more jobs
the batch grows. Nobody waits for company: a turn that brings none ends the batch, and under light load it is
one request.
"""

import asyncio
from collections.abc import Callable, Sequence

from model.serving.answers import Answer
from model.serving.application import Job

ENOUGH_ROWS = 64
"""A batch of so many rows runs at once: more of them would hardly be cheaper for each."""
MAX_ROWS = 1024
"""Rows in one run: a batch ends with the job that reaches this, so that the loop goes on in between."""
Done = Callable[[Answer], None]


class Batcher:
    """Collects jobs and hands them over in batches. Belongs to one event loop."""

    def __init__(self, finish: Callable[[Sequence[Job]], list[Answer]]) -> None:
        """`finish` gives one answer for each job, in order, and never raises."""
        self._finish = finish
        self._soon = asyncio.get_running_loop().call_soon
        self._waiting: list[tuple[Job, Done]] = []
        self._rows = 0
        self._seen = 0

    def add(self, job: Job, done: Done) -> None:
        """Lets `job` be answered in a turn of the loop that comes soon; `done` gets the answer."""
        self._waiting.append((job, done))
        self._rows += job.table.count
        if len(self._waiting) == 1:
            self._seen = 1
            self._soon(self._turn)

    def _turn(self) -> None:
        grown = len(self._waiting) > self._seen
        if grown and self._rows < ENOUGH_ROWS:
            self._seen = len(self._waiting)
            self._soon(self._turn)
        else:
            self._flush()

    def _flush(self) -> None:
        batch, self._waiting = (self._waiting, []) if self._rows <= MAX_ROWS else _cut(self._waiting)
        self._rows = sum(job.table.count for job, _ in self._waiting)
        if self._waiting:
            self._soon(self._flush)
        answers = self._finish([job for job, _ in batch])
        for (_, done), answer in zip(batch, answers, strict=True):
            done(answer)


def _cut(waiting: list[tuple[Job, Done]]) -> tuple[list[tuple[Job, Done]], list[tuple[Job, Done]]]:
    """What runs now, and what runs in the next turn."""
    rows = 0
    for index, (job, _) in enumerate(waiting):
        rows += job.table.count
        if rows >= MAX_ROWS:
            return waiting[: index + 1], waiting[index + 1 :]
    return waiting, []
