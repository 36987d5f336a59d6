"""What a person may choose about a training. Imports no library, so that a command's --help is quick."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from model.space import Parameters
from model.training.bundle import Key
from model.training.tracking.trackers import DEFAULT, Name


@dataclass(frozen=True)
class TrainOptions:
    """What to train, what to compare it with, and where to write."""

    model: str
    """One of the service's models."""
    own: Mapping[str, str] = field(default_factory=dict)
    """The service's own options."""
    parameters: Parameters = field(default_factory=dict)
    """Parameters of the pipeline that are set otherwise than the service builds it."""
    out: Path = Path(".build/model")
    champion: Path | None = None
    """The live model's model.tar.gz; None for a first release."""
    others: tuple[tuple[Key, Path], ...] = ()
    """Further models to serve beside this one, each by its model.tar.gz."""
    build: Path = Path(".build")
    """Holds the data's cache and MLflow's default store."""
    trackers: tuple[Name, ...] = DEFAULT
    """Which trackers record it."""
    tracking_uri: str | None = None
    """MLflow's server; None for the store in `build`."""
