"""An experiment as the ledger has it: what is compared, how it was ended, and what it says to others. Pure.

How much of the traffic the candidate gets, and on what the two are compared. Who gets which variant, and what
the outcomes show, is decided in `monitoring/experiments/`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from release.domain.errors import Held
from release.domain.values import Data

OutcomeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Keep = Literal["live", "candidate"]


class Experiment(Data):
    """What is compared; its id is that of the rollout that opened it."""

    percent: Annotated[int, Field(ge=1, le=99)] = 50
    """The candidate's share of the keys, and of the traffic that has none."""
    outcome: OutcomeName
    """The business outcome, by a name that people know."""
    base: Annotated[float, Field(gt=0, lt=1)]
    """Live's rate of it, as expected."""
    minimum: Annotated[float, Field(gt=0, lt=1)]
    """The least difference that matters, as a share: .02 is two points."""
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """How likely two equal releases are ever told apart, however often anybody looks."""
    power: Annotated[float, Field(gt=0, lt=1)] = 0.8
    """How likely the least difference is found by the planned number of exposures."""
    within_hours: Annotated[float, Field(gt=0, le=2160)] = 24.0
    """How long after its first exposure a key's outcome counts."""


@dataclass(frozen=True)
class Compared:
    """An experiment that runs or ran: which releases it compares, and on what."""

    id: str
    """What callers hash with their keys, and what names its exposures and outcomes."""
    stage: str
    endpoint: str
    candidate: str
    live: str
    asked: Experiment
    begun: datetime
    """When both served at the experiment's weights."""
    ended: datetime | None = None
    end: str = ""
    """How it ended, in words."""


class Concluded(Data):
    """A person ended an experiment: which release is kept, why, and what was known by then."""

    event: Literal["concluded"] = "concluded"
    keep: Keep
    because: str
    shown: str = ""
    """What the outcomes showed, in a sentence; empty where they were not looked at."""

    @property
    def words(self) -> str:
        """The end in a line."""
        shown = f" ({self.shown})" if self.shown else ""
        return f"the experiment ended with {self.keep}: {self.because}{shown}"


def command(stage: str, endpoint: str) -> str:
    """How a person ends the experiment of an endpoint."""
    stop = f"./slipway experiment stop {stage} --endpoint {endpoint} --keep live --because 'why'"
    return f"{stop} (or --keep candidate)"


def about(experiment: Experiment, candidate: str, live: str | None, since: datetime) -> str:
    """An experiment that runs, in words."""
    return (
        f"{candidate} has {experiment.percent} % of the traffic beside {live} since "
        f"{since:%Y-%m-%d %H:%M} UTC, compared by {experiment.outcome}"
    )


def holds(stage: str, endpoint: str, told: str) -> Held:
    """The error of a rollout that meets an experiment; `told` is what runs, in words."""
    return Held(
        f"An experiment runs on {endpoint} in {stage}: {told}.",
        f"It holds the rollouts of {endpoint}: one would change what is compared. Nothing was changed.",
        f"See ./slipway experiment status {stage}; end it with {command(stage, endpoint)}. "
        f"./slipway rollback {stage} ends it at once, at any time.",
    )
