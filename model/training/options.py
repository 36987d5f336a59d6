"""What a person may choose about a training. Imports no library, so that a command's --help is quick."""

from dataclasses import dataclass
from pathlib import Path

from model.service.kinds import Kind
from model.service.split import DEFAULT_MONTHS, Months
from model.training.bundle import Key
from model.training.tracking.trackers import DEFAULT, Name


@dataclass(frozen=True)
class TrainOptions:
    """What to train, what to compare it with, and where to write."""

    model: Kind = "boosting"
    months: Months = DEFAULT_MONTHS
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
