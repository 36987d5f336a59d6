"""One format from its first row to its last: bodies one at a time, as batch transform sends them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from bench.serving.batch.formats import Format
from bench.serving.batch.rival import Rival, Spent
from bench.serving.batch.rows import block
from bench.serving.own_server import OwnServer, memory, own_server
from bench.serving.raw_http import BadAnswer, Wire, post
from bench.serving.running import ServerFailed
from measuring.processes import usage

PATIENCE = 120.0
_PROBE_ROWS = 20_000
_ROOM = 0.95
"""Of the payload: bodies differ a little."""
_WARM_ROWS = 1_000


@dataclass
class Course:
    """What one format cost. Peaks are in MB, by the number of rows until then."""

    format: str
    rows: int = 0
    bodies: int = 0
    bytes: int = 0
    rows_in_a_body: int = 0
    wall: float = 0.0
    """Seconds from the first byte of a body to the last byte of its answer, all bodies together."""
    cpu: float = 0.0
    """Seconds of the processor, of all the server's processes."""
    rival_wall: float = 0.0
    rival_cpu: float = 0.0
    job_wall: float = 0.0
    job_cpu: float = 0.0
    job_rows: int = 0
    off_by: float = 0.0
    """The largest difference of a score from scikit-learn's."""
    peaks: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Workload:
    """How much. `core` is the server's and the rival's."""

    rows: int
    megabytes: int
    core: str
    mark: int = 1_000_000
    """Memory is looked at after so many rows too."""


def run(
    form: Format,
    workload: Workload,
    artifact: Path,
    real: pd.DataFrame,
    rival: Rival,
    folder: Path,
    note: Callable[[str], None],
) -> Course:
    """Sends all rows of one format to a server of its own. Raises ServerFailed for a wrong answer."""
    course = Course(form.name, rows_in_a_body=_rows_in_a_body(form, workload, real))
    with own_server(artifact, folder, megabytes=workload.megabytes, cores=workload.core) as server:
        wire = Wire(server.port, PATIENCE)
        _exchange(wire, form, form.encode(block(real, 0, _WARM_ROWS)))
        noted = time.monotonic()
        while course.rows < workload.rows:
            size = min(course.rows_in_a_body, workload.rows - course.rows)
            _one(server, wire, form, block(real, course.bodies + 1, size), rival, course)
            if course.rows >= workload.mark and not course.peaks:
                course.peaks[course.rows] = peak(server)
            if time.monotonic() - noted > 10:
                noted = time.monotonic()
                note(f"{form.name}: {course.rows:,} rows, {course.rows / course.wall:,.0f}/s")
        course.peaks[course.rows] = peak(server)
        wire.close()
    return course


def _one(
    server: OwnServer, wire: Wire, form: Format, frame: pd.DataFrame, rival: Rival, course: Course
) -> None:
    """One body: sent, its scores compared, and the same rows for the rival."""
    body = form.encode(frame)
    before, begun = _cpu(server), time.perf_counter()
    answer = _exchange(wire, form, body)
    course.wall += time.perf_counter() - begun
    course.cpu += _cpu(server) - before
    expected, spent = rival.score(frame)
    course.rival_wall += spent.wall
    course.rival_cpu += spent.cpu
    if form.read is not None:
        _add_job(course, rival.job(form.read, body), len(frame))
    scores = form.decode(answer)
    if scores.shape != expected.shape:
        raise ServerFailed(f"{form.name}: {scores.size} scores for {len(frame)} rows")
    course.off_by = max(course.off_by, float(np.abs(scores - expected).max()))
    course.rows += len(frame)
    course.bodies += 1
    course.bytes += len(body)


def _add_job(course: Course, spent: Spent, rows: int) -> None:
    course.job_wall += spent.wall
    course.job_cpu += spent.cpu
    course.job_rows += rows


def _exchange(wire: Wire, form: Format, body: bytes) -> bytes:
    try:
        wire.send(post("/invocations", body, {"Content-Type": form.media, "Accept": form.media}))
        answer = wire.receive()
    except (OSError, BadAnswer) as error:
        raise ServerFailed(f"{form.name}: no answer: {error}") from error
    if answer is None or answer.status != 200:
        raise ServerFailed(f"{form.name}: {answer.body[:300]!r}" if answer else f"{form.name}: no answer")
    return answer.body


def _rows_in_a_body(form: Format, workload: Workload, real: pd.DataFrame) -> int:
    """As many as the payload holds."""
    each = len(form.encode(block(real, 0, _PROBE_ROWS))) / _PROBE_ROWS
    return min(int(workload.megabytes * (1 << 20) * _ROOM / each), form.most_rows, workload.rows)


def _cpu(server: OwnServer) -> float:
    return sum(usage([server.process.pid, *server.helpers]).cpu.values())


def peak(server: OwnServer) -> float:
    """The peaks of the worker and of what it started, together: never less than all had at once."""
    found = [memory(pid) for pid in (server.process.pid, *server.helpers)]
    return round(sum(used.peak for used in found if used is not None), 1)
