"""Which trackers there are, and what a tracker is. Imports none of their libraries."""

from typing import Literal, Protocol, get_args

from model.training.errors import TrackerNameError
from model.training.tracking.run import Run, Sent

Name = Literal["mlflow", "wandb"]
NAMES: tuple[Name, ...] = get_args(Name)
DEFAULT: tuple[Name, ...] = ("mlflow",)
NONE = "none"
VARIABLE = "SLIPWAY_TRACKERS"


class NotTakenError(Exception):
    """A tracker did not take a run; the text says why, without a password, and if it is known what to do."""

    def __init__(self, why: str, part: str = "") -> None:
        super().__init__(why)
        self.part = part
        """What it has of the run all the same."""


class Tracker(Protocol):
    """One system that keeps runs."""

    @property
    def where(self) -> str:
        """Its address as a person knows it, without a password."""

    def send(self, run: Run) -> Sent:
        """Have it keep `run`; once only, however often it is sent. Raises NotTakenError."""


def parse(text: str) -> tuple[Name, ...]:
    """`mlflow,wandb` as names, `none` as no name. Raises TrackerNameError."""
    if text.strip() == NONE:
        return ()
    asked = [part.strip() for part in text.split(",") if part.strip()]
    known = tuple(name for name in NAMES if name in asked)
    if len(known) < len(set(asked)) or not known:
        raise TrackerNameError(
            f"{text[:80]!r} names no tracker.",
            "Nothing was trained.",
            f"Give {VARIABLE} or --trackers one or more of {', '.join(NAMES)}, with commas, or {NONE}.",
        )
    return known
