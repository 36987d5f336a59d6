"""What a person may choose about a training. Imports no library, so that a command's --help is quick."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from model.bundle import Key
from model.split import DEFAULT_MONTHS, Months

Kind = Literal["logistic", "boosting"]
KINDS: tuple[Kind, ...] = get_args(Kind)


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
    tracking_uri: str | None = None
    """MLflow's server; None for the store in `build`."""
