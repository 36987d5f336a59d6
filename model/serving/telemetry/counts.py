"""Counts an answer. It runs for every request, takes about a microsecond, and its memory does not grow.

It sees scores and headers, but keeps no score and no body, and headers only of the few exemplars.
"""

from collections.abc import Sequence
from math import isfinite

from model.serving.answers import Answer
from model.serving.application import Request
from model.serving.telemetry.bins import Scale, latency_bin, score_bin
from model.serving.telemetry.cells import (
    FIRST,
    INFERENCE,
    INVALID,
    LATENCY,
    REFUSED_ROWS,
    ROWS,
    SCORE,
    SKIPPED,
    WIDTH,
    Kind,
    Row,
    slot,
)
from model.serving.telemetry.exemplars import Exemplars

CLUMP_CALM = 5
"""A burst of errors is over after so many successes in a row ..."""
CLUMP_LENGTH = 25
"""... or after so many requests, so that a lasting outage does not count as a single error."""

# plain numbers: an enum's arithmetic is ten times as slow
_INVOCATIONS, _INFER, _UNREAD, _OTHER = (
    int(kind) * WIDTH for kind in (Kind.INVOCATIONS, Kind.INFER, Kind.UNREAD, Kind.OTHER)
)
_PROBES = {"/ping": int(Kind.PING) * WIDTH, "/metrics": int(Kind.METRICS) * WIDTH}
_LAST_INFERENCE = max(INFERENCE) * WIDTH


class Counter:
    """Counts the answers of one worker into its row."""

    def __init__(self, row: Row) -> None:
        self.exemplars = Exemplars()
        self._row = row
        self._clumps = Clumps(row)
        self._turn = 0
        self._least, self._span = 0.0, 1.0

    def count_in(self, scale: Scale) -> None:
        """From now on scores are counted in parts of this scale."""
        self._least, self._span = scale.minimum, scale.span

    def answered(self, request: Request | None, answer: Answer, seconds: float, request_id: str) -> None:
        """Counts `answer`; `request` is None when it was refused before it was whole.

        `seconds` is the time from when the request was whole.
        """
        row, status = self._row, answer.status
        base = place(request)
        if base > _LAST_INFERENCE:
            row[base + slot(status)] += 1
            return
        if self._clumps.closed or status >= 500:
            self._clumps.met(status >= 500)
        if status != 200:
            row[base + slot(status)] += 1
            if status >= 400:
                self.exemplars.failed(request, status, seconds, request_id)
                return
        else:
            row[base] += 1
        row[LATENCY + latency_bin(seconds)] += 1
        if scores := answer.scores:
            row[ROWS] += len(scores)
            self._count_score(scores)
        if answer.refused_rows:
            row[REFUSED_ROWS] += answer.refused_rows
        if seconds > self.exemplars.slowest_seconds:
            self.exemplars.slow(request, status, seconds, request_id)

    def _count_score(self, scores: Sequence[float]) -> None:
        """Counts one score of the request, because the rows of one request are no independent evidence; or,
        if any score is no finite number, counts the request as invalid."""
        if len(scores) == 1:
            score = scores[0]
            finite = isfinite(score)
        else:
            self._turn += 1  # another row each time: the first of a request may be a special one
            score = scores[self._turn % len(scores)]
            # a finite sum has finite parts; finite parts may still have an infinite sum
            finite = isfinite(sum(scores)) or all(map(isfinite, scores))
        if finite:
            self._row[SCORE + score_bin((score - self._least) / self._span)] += 1
        else:
            self._row[INVALID] += 1


def place(request: Request | None) -> int:
    """The first cell of the kind of a request."""
    if request is None:
        return _UNREAD
    path = request.path
    if request.method == "POST":
        if path == "/invocations":
            return _INVOCATIONS
        if path.endswith("/infer") and path.startswith("/v2/models/"):
            return _INFER
        if path == "/invocations/":
            return _INVOCATIONS
    return _PROBES.get(path.removesuffix("/"), _OTHER)


class Clumps:
    """Tells bursts of errors (clumps, docs/telemetry.md) from single ones, for one worker.

    An error closes the worker until the burst is over. Requests in between are skipped: they are no trials.
    """

    def __init__(self, row: Row) -> None:
        self.closed = False
        self._row = row
        self._calm = 0
        """Successes in a row since the worker was closed."""
        self._since = 0
        """Requests since it was closed."""

    def met(self, error: bool) -> None:
        """Counts a request. Need not be called for a success while the worker is not closed."""
        if self.closed and (self._calm >= CLUMP_CALM or self._since >= CLUMP_LENGTH):
            self.closed = False
        if self.closed:
            self._row[SKIPPED] += 1
            self._since += 1
            self._calm = 0 if error else self._calm + 1
        elif error:
            self._row[FIRST] += 1
            self.closed = True
            self._calm = self._since = 0
