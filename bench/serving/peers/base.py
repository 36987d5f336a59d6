"""What the benchmark has to know of a server. Nothing here starts one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.serving.model_files import Model
from bench.serving.payloads import Wire
from bench.serving.results import Kind

HOST = "127.0.0.1"
FOLDER = Path(__file__).parent
PROGRAMS = FOLDER / "programs"
"""Code that runs in the peers' environments, not in ours."""
GRAPH, SKLEARN = "onnx", "sklearn"
"""The two models that the programs know by name."""
QUIET = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NO_COLOR": "1",
}
"""Every server computes on one thread."""


@dataclass(frozen=True)
class Place:
    """Where a server is started: an empty folder, free ports, its environment's `bin`, the model."""

    folder: Path
    ports: tuple[int, ...]
    bin: Path
    model: Model

    @property
    def port(self) -> int:
        """The port of its HTTP."""
        return self.ports[0]


@dataclass(frozen=True)
class Launch:
    """How it is started: the command, and what its environment holds more than ours."""

    argv: list[str]
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Peer:
    """A server in one of its settings."""

    key: str
    group: str
    """What `--peers` calls it."""
    name: str
    kind: Kind
    settings: str
    """How it is run, for the report."""
    distribution: str
    """The package whose version is told; "" for our own."""
    launch: Callable[[Place], Launch]
    ready: str
    """The path that answers 200 as soon as requests are answered."""
    wires: tuple[Wire, ...]
    """The first is its JSON; the others are what it takes beside."""
    before: Callable[[Place], Launch] | None = None
    """What has to run before a start, and is not part of its time."""
    requirements: str = ""
    """The file in `requirements/`, without its ending; "" for our own environment."""
    ports: int = 1
    sizes: tuple[int, ...] = (1, 32, 1000)
    needs: tuple[str, ...] = ()
    """Programs that have to be on PATH."""
    newest_python: tuple[int, int] = (3, 13)


def program(place: Place, flavour: str) -> dict[str, str]:
    """The environment that the programs in `programs/` read."""
    return {
        "PYTHONPATH": str(PROGRAMS),
        "BENCH_MODEL_DIR": str(place.model.folder),
        "BENCH_FLAVOUR": flavour,
        "BENCH_KIND": place.model.kind,
    }
