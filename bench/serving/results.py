"""What a run measured, as values that go to JSON and come back. Nothing here is decided."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from measuring.results import Load


class Kind(StrEnum):
    """How a server serves the model."""

    OURS = "ours"
    SKLEARN = "scikit-learn, as usually run"
    BATCHING = "scikit-learn, batching on"
    GRAPH = "our ONNX graph"
    NOTHING = "does nothing"


@dataclass(frozen=True)
class Cell:
    """One format and size under load. `cpu_seconds` are those of all the server's processes."""

    format: str
    rows: int
    load: Load
    cpu_seconds: float


@dataclass(frozen=True)
class Round:
    """One start of a server, and what it did then. Memory is in MB, of all its processes."""

    start_seconds: float
    processes: int
    rss: float
    """After the load in JSON."""
    pss: float
    """The same, shared pages counted in parts."""
    rss_after_all: float
    """After the other formats too."""
    cells: tuple[Cell, ...]


@dataclass
class Server:
    """A server, its rounds, and why it is not measured any further if it is not."""

    key: str
    name: str
    kind: Kind
    version: str
    settings: str
    rounds: list[Round] = field(default_factory=list)
    off_by: float = 0.0
    """The largest difference of an answer from scikit-learn's score."""
    failure: str = ""
    missing: dict[str, str] = field(default_factory=dict)
    """Formats that are not measured, and why."""


@dataclass
class Workers:
    """Seconds of CPU per request of our server, round by round, with so many workers."""

    connections_each: int
    one: list[float] = field(default_factory=list)
    two: list[float] = field(default_factory=list)
    failure: str = ""


@dataclass
class Results:
    """One run of the benchmark."""

    at: str
    machine: dict[str, str]
    model: dict[str, str]
    settings: dict[str, Any]
    servers: list[Server] = field(default_factory=list)
    workers: Workers = field(default_factory=lambda: Workers(0))

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def from_json(record: dict[str, Any]) -> Results:
    """The results that `as_json` gave. Raises msgspec's ValidationError for anything else."""
    return msgspec.convert(record, Results)
