"""What is watched of one endpoint, by which names, and how often. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from release.domain.monitoring import Objectives
from release.domain.paging import Paging

STAGE, ENDPOINT, VARIANT = "stage", "endpoint", "variant"
LABELS = (STAGE, ENDPOINT, VARIANT)
"""What every series is told apart by. A container knows none of them: its target's labels say them."""
SEVERITY = "severity"

LATENCY_BOUNDS = (
    *(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75),
    *(1.0, 1.5, 2.0, 2.5, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 60.0),
)
"""Seconds: the bounds of the buckets of `slipway_request_seconds`, as the inference server has them."""


@dataclass(frozen=True)
class Watched:
    """One endpoint of a stage, what its callers may expect, and who hears when it is not so."""

    stage: str
    endpoint: str
    objectives: Objectives
    paging: Paging = field(default_factory=Paging)
    shadow: bool = False
    """Whether its candidates are in live's shadow: no caller gets their answers."""


@dataclass(frozen=True)
class Pace:
    """How often things happen, all from one number.

    Alertmanager waits less than one evaluation, so that whoever is subscribed hears of a page within two:
    one until the rule is evaluated, and the rest for the others of its group.
    """

    seconds: float = 15
    """Between two scrapes of a container, and between two evaluations of the rules."""

    @property
    def wait(self) -> float:
        """Seconds that Alertmanager waits for others of a group before it first tells of it."""
        return self.seconds * 2 / 3

    @property
    def again(self) -> float:
        """Seconds until it tells that something of a group has changed, or is over."""
        return self.seconds * 4


def duration(seconds: float) -> str:
    """A duration as Prometheus writes it, in the largest unit that it is a whole number of: 300 is 5m."""
    milliseconds = round(seconds * 1000)
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def matchers(labels: Sequence[tuple[str, str]]) -> str:
    """`{name="value",…}`; the values are names of stages and the like, which need no escaping."""
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels) + "}"


def of(watched: Watched) -> tuple[tuple[str, str], ...]:
    """The labels that all series of an endpoint have."""
    return ((STAGE, watched.stage), (ENDPOINT, watched.endpoint))
