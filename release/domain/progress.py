"""How far a rollout is, as people are told while it is watched."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
