"""What operations tell while they work: values, made into words and pictures by whoever listens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from release.domain.ledger import Phase


@dataclass(frozen=True)
class Progress:
    """How far the watching of a rollout's step is; times in seconds."""

    step: int
    steps: tuple[int, ...]
    """The candidate's share of the traffic at each step, in per cent."""
    share: int
    seconds_in_step: float
    least_seconds: float
    most_seconds: float
    rate: float
    """Requests per second of both variants together."""
    waits_for: str
    verdict: Mapping[str, Any] | None
    """`Verdict.record()` of this moment."""


@dataclass(frozen=True)
class Event:
    """Something that an operation wants known while it works.

    `detail` is a line under the last one; `phase` is set where a rollout comes to a new phase, `progress`
    while it watches.
    """

    text: str
    detail: bool = False
    phase: Phase | None = None
    progress: Progress | None = None


Tell = Callable[[Event], None]
