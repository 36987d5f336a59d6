"""scikit-learn's own predict_proba of the released pipeline, on the server's core, with the same rows.

It runs in this process, on one thread, which moves to that core and back.
"""

import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
from threadpoolctl import threadpool_limits

from bench.serving.batch.formats import Scores
from model.service.service import SERVICE

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


@dataclass(frozen=True)
class Spent:
    """Seconds of the clock and of the processor."""

    wall: float
    cpu: float


class Rival:
    """The pipeline on one core."""

    def __init__(self, pipeline: "Pipeline", core: str) -> None:
        self._pipeline, self._core = pipeline, core

    def score(self, frame: pd.DataFrame) -> tuple[Scores, Spent]:
        """Scores of rows that lie in memory as the model reads them; time is that of predict_proba alone."""
        ready = SERVICE.inputs(frame)
        with _on(self._core), threadpool_limits(1):
            begun = time.perf_counter(), time.thread_time()
            scores = self._pipeline.predict_proba(ready)[:, 1]
            spent = Spent(time.perf_counter() - begun[0], time.thread_time() - begun[1])
        return scores, spent

    def job(self, read: Callable[[bytes], pd.DataFrame], body: bytes) -> Spent:
        """The time of what a batch job of one's own does with such a file: `read` it, then predict_proba."""
        with _on(self._core), threadpool_limits(1):
            begun = time.perf_counter(), time.process_time()
            self._pipeline.predict_proba(SERVICE.inputs(read(body)))
            return Spent(time.perf_counter() - begun[0], time.process_time() - begun[1])


@contextmanager
def _on(core: str) -> Generator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {int(core)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
