"""The same requests and the same load for two images, in turn, in one run. Nothing is decided here."""

import csv
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from measuring import wrk
from measuring.results import Load
from model import lfs
from model.artifact import REFERENCE, SCHEMA, read
from model.image.errors import LoadFailed, UpdateError
from model.image.extracting import extract
from model.image.layout import Layout
from model.image.update.golden import Golden, mismatch, parse_golden, scores_of
from model.image.update.servers import Served, serving, unpack

FILES = ("model.tar.gz", "golden.json")
"""What training leaves that a trial needs."""
CONNECTIONS = 16
_WARM_SECONDS = 1.0
_BATCH = 32
JSON, CSV = "application/json", "text/csv"
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Model:
    """A trained model: its artifact unpacked, and its golden requests."""

    artifact: Path
    golden: Golden


@dataclass
class Measured:
    """What one image did: seconds to start, MiB of memory, loads by case; one value for each round."""

    starts: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    loads: dict[str, list[Load]] = field(default_factory=dict)
    scores: list[float] = field(default_factory=list)
    mismatches: list[str] = field(default_factory=list)

    def rates(self, case: str) -> list[float]:
        """Answers a second in each round."""
        return [load.rate for load in self.loads[case]]

    def record(self) -> dict[str, Any]:
        """As JSON: medians, and the raw values of each round."""
        return {
            "start_seconds": round(median(self.starts), 3),
            "memory_mib": round(median(self.memory), 1),
            "rows_compared": len(self.scores),
            "mismatches": self.mismatches,
            "loads": {
                case: {
                    "rate": round(median(self.rates(case)), 1),
                    "p50_ms": median(load.p50_ms for load in loads),
                    "p99_ms": median(load.p99_ms for load in loads),
                    "errors": sum(load.errors for load in loads),
                    "rates": [round(rate, 1) for rate in self.rates(case)],
                }
                for case, loads in self.loads.items()
            },
        }


def read_model(folder: Path, work: Path) -> Model:
    """What training left in `folder`, its artifact checked and unpacked in `work`. Raises UpdateError, or
    PointerError for what was not fetched from Git LFS."""
    artifact, (package, golden) = work / "artifact", (folder / name for name in FILES)
    try:
        for path in (package, golden):
            lfs.refuse_pointer(path, path.read_bytes())
        read(package.read_bytes())
        requests = parse_golden(golden.read_bytes())
    except (OSError, ValueError) as error:
        raise UpdateError(
            f"What training left in {folder} cannot be used: {error}",
            "The requirements are as they were.",
            "Train the model again with ./slipway train, or name another with --model.",
        ) from error
    with tarfile.open(package) as tar:
        extract(tar, artifact)
    return Model(artifact, requests)


def compare(
    images: tuple[Layout, Layout], model: Model, rounds: int, seconds: float, progress: Progress
) -> tuple[Measured, Measured]:
    """Both images, each started anew in each round, the one first that was second before.

    Raises TrialError where one does not serve, LoadFailed where no load could be made.
    """
    found = (Measured(), Measured())
    with tempfile.TemporaryDirectory(prefix="slipway-update-") as name:
        work = Path(name)
        roots = [unpack(image, work / str(index)) for index, image in enumerate(images)]
        bodies = _bodies(model.golden, work)
        for number in range(rounds):
            for index in (0, 1) if number % 2 == 0 else (1, 0):
                which = ("before", "after")[index]
                progress(f"round {number + 1} of {rounds}, {which}")
                with serving(roots[index], model.artifact, work / f"{which}.log", _cores()[0]) as server:
                    if not found[index].scores:
                        _score(server, model, found[index])
                    _load(server, bodies, seconds, found[index])
    return found


def _cores() -> tuple[str, str]:
    """One core for the server, another for the load where there is one."""
    usable = sorted(os.sched_getaffinity(0))
    return str(usable[0]), str(usable[-1])


def _load(server: Served, bodies: dict[str, Path], seconds: float, measured: Measured) -> None:
    measured.starts.append(server.start_seconds)
    for case, body in bodies.items():
        _put(server.url, body, _WARM_SECONDS)
        load = _put(server.url, body, seconds)
        measured.loads.setdefault(case, []).append(load)
    measured.memory.append(server.memory)


def _put(url: str, body: Path, seconds: float) -> Load:
    try:
        return wrk.run(url, {"Content-Type": JSON}, body, CONNECTIONS, seconds, _cores()[1])
    except wrk.LoadError as error:
        raise LoadFailed(
            f"No load could be made: {error}", "The requirements are as they were.", "Run it again."
        ) from error


def _score(server: Served, model: Model, measured: Measured) -> None:
    for index, request in enumerate(model.golden.requests):
        scores = scores_of(server.ask(request.content_type, request.body), request.content_type)
        measured.scores += scores
        if reason := mismatch(request, model.golden.tolerance, scores):
            measured.mismatches.append(f"golden request {index}: {reason}")
    for body in sample_requests(model.artifact):
        measured.scores += scores_of(server.ask(CSV, body), CSV)


def sample_requests(artifact: Path) -> list[str]:
    """The rows of the artifact's reference sample as CSV requests, 1,000 rows in each.

    What the sample does not hold, as a sensitive feature, is asked for by its example.
    """
    schema = json.loads((artifact / SCHEMA).read_text(encoding="utf-8"))
    examples = {feature["name"]: str(feature.get("example", "")) for feature in schema["features"]}
    if not (artifact / REFERENCE).is_file():
        return []
    with (artifact / REFERENCE).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [_csv(examples, rows[first : first + 1000]) for first in range(0, len(rows), 1000)]


def _csv(examples: dict[str, str], rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(examples)
    writer.writerows([row.get(name, example) for name, example in examples.items()] for row in rows)
    return text.getvalue()


def _bodies(golden: Golden, work: Path) -> dict[str, Path]:
    """Real rows to load with: one, and a batch."""
    rows = [
        row
        for request in golden.requests
        if request.content_type == JSON
        for row in json.loads(request.body)["instances"]
    ]
    sizes = {"1 row": rows[:1], f"{_BATCH} rows": (rows * _BATCH)[:_BATCH]}
    bodies = {}
    for index, (case, instances) in enumerate(sizes.items()):
        bodies[case] = work / f"body-{index}.json"
        bodies[case].write_text(json.dumps({"instances": instances}), encoding="utf-8")
    return bodies
