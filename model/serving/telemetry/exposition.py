"""`/metrics`: the cells of all workers in Prometheus' text format, version 0.0.4. Pure.

Source: "Exposition formats" of Prometheus' documentation. Written by hand, because the client library needs
a file for each process to count in several, which a read-only image has no place for and every request pays.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from model.serving.telemetry import cells
from model.serving.telemetry.bins import (
    LATENCY_BINS,
    SCORE_BINS,
    UNIT,
    Scale,
    latency_edge,
    latency_middle,
    score_middle,
)
from model.serving.telemetry.cells import INFERENCE, STATUSES, WIDTH, Kind

MEDIA = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (
    *(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75),
    *(1.0, 1.5, 2.0, 2.5, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 60.0),
)
"""Upper bounds of the latency's buckets. A request counts below a bound when its whole 2 % bin is.

They lie close where objectives do: a rule knows of the times between two of them only how many there are.
"""
FROM_THE_START = ("200", "500", "503")
"""Statuses that inference requests are counted by before one occurs: a counter that begins with its first
request hides it from a rate."""
SCORES = tuple(step / 10 for step in range(1, 10))
"""The same of the score's, in parts of its scale."""

_LATENCY_ENDS = tuple(next(i for i in range(LATENCY_BINS) if latency_edge(i + 1) > le) for le in SECONDS)
_SCORE_ENDS = tuple(round(le * SCORE_BINS) for le in SCORES)
_LATENCY_MIDDLES = tuple(map(latency_middle, range(LATENCY_BINS)))
_SCORE_MIDDLES = tuple(map(score_middle, range(SCORE_BINS)))


class ModelInfo(NamedTuple):
    """A model that is served, by name, version and the SHA-256 of its graph."""

    name: str
    version: str
    sha256: str


Labels = dict[str, str]
Sample = tuple[str, Labels, float]
"""A suffix of the metric's name (such as _bucket), the labels, the value."""


def exposition(rows: Sequence[Sequence[int]], models: Iterable[ModelInfo], scale: Scale = UNIT) -> bytes:
    """The metrics of workers with these cells, whose scores were counted in parts of `scale`."""
    total = [sum(column) for column in zip(*rows, strict=True)]
    lines: list[str] = []
    for name, kind, about, samples in _families(total, rows, models, scale):
        lines.append(f"# HELP {name} {about}\n# TYPE {name} {kind}\n")
        lines += [f"{name}{suffix}{_labels(labels)} {value!r}\n" for suffix, labels, value in samples]
    return "".join(lines).encode()


def _families(
    total: Sequence[int], rows: Sequence[Sequence[int]], models: Iterable[ModelInfo], scale: Scale
) -> Iterator[tuple[str, str, str, Iterable[Sample]]]:
    """Name, type, explanation and samples of each metric."""
    yield "slipway_requests_total", "counter", "Requests answered.", _requests(total)
    yield (
        "slipway_request_seconds",
        "histogram",
        "Seconds from a whole inference request to its answer, of those answered with 2xx.",
        _histogram(total, cells.LATENCY, SECONDS, _LATENCY_ENDS, _LATENCY_MIDDLES),
    )
    yield (
        "slipway_score",
        "histogram",
        "Finite predictions, one of each inference request.",
        _histogram(
            total,
            cells.SCORE,
            [scale.value(part) for part in SCORES],
            _SCORE_ENDS,
            [scale.value(part) for part in _SCORE_MIDDLES],
        ),
    )
    for name, cell, about in (
        ("slipway_rows_total", cells.ROWS, "Rows scored."),
        (
            "slipway_refused_rows_total",
            cells.REFUSED_ROWS,
            "Rows refused alone in a request that was answered.",
        ),
        ("slipway_missing_values_total", cells.MISSING, "Values that were missing in the rows scored."),
        (
            "slipway_invalid_total",
            cells.INVALID,
            "Requests answered with a prediction that is no finite number.",
        ),
        ("slipway_first_errors_total", cells.FIRST, "Errors that were the first of a clump."),
        ("slipway_captured_total", cells.KEPT, "Requests and answers that were kept."),
        (
            "slipway_capture_lost_total",
            cells.UNKEPT,
            "Requests and answers that were to be kept and are not.",
        ),
        ("slipway_windows_dropped_total", cells.DROPPED, "Telemetry windows that could not be printed."),
    ):
        yield name, "counter", about, [("", {}, total[cell])]
    for name, cell, about in (
        ("slipway_in_flight", cells.IN_FLIGHT, "Connections with a request that is not answered yet."),
        ("slipway_connections", cells.CONNECTIONS, "Open connections."),
    ):
        yield name, "gauge", about, [("", {}, total[cell])]
    yield "slipway_workers", "gauge", "Processes that serve.", [("", {}, len(rows))]
    for name, kind, cell, unit, about in (
        ("slipway_worker_cpu_seconds_total", "counter", cells.CPU_NANOSECONDS, 1e9, "Processor time."),
        ("slipway_worker_resident_bytes", "gauge", cells.RESIDENT_BYTES, 1, "Resident memory."),
        ("slipway_worker_start_time_seconds", "gauge", cells.STARTED_MILLISECONDS, 1e3, "Start, since 1970."),
    ):
        yield name, kind, about, [("", {"worker": str(i)}, row[cell] / unit) for i, row in enumerate(rows)]
    yield "slipway_model_info", "gauge", "Models served.", [("", model._asdict(), 1) for model in models]


def _requests(total: Sequence[int]) -> Iterator[Sample]:
    """Of each kind all statuses that occurred, and of requests for scores some that did not."""
    for kind in Kind:
        for slot, status in enumerate(STATUSES):
            count = total[kind * WIDTH + slot]
            if count or (status in FROM_THE_START and kind in INFERENCE):
                yield "", {"path": kind.name.lower(), "status": status}, count


def _histogram(
    total: Sequence[int], start: int, bounds: Sequence[float], ends: Sequence[int], middles: Sequence[float]
) -> Iterator[Sample]:
    """Cumulative buckets, the number, and the sum as the bins know it (latencies to 1 %)."""
    counts = total[start : start + len(middles)]
    for bound, end in zip(bounds, ends, strict=True):
        yield "_bucket", {"le": repr(bound)}, sum(counts[:end])
    number = sum(counts)
    yield "_bucket", {"le": "+Inf"}, number
    yield "_sum", {}, sum(count * middle for count, middle in zip(counts, middles, strict=True) if count)
    yield "_count", {}, number


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
