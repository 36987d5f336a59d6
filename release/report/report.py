"""What a report holds, as values. Times of points are seconds since the rollout was opened."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Outcome = Literal["landed", "reverted", "open"]
"""How the rollout ended; "open" where the ledger does not say so yet."""


@dataclass(frozen=True)
class Difference:
    """One thing that tells two releases apart, or does not."""

    what: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether it differs."""
        return self.before != self.after


@dataclass(frozen=True)
class Moment:
    """One entry of the ledger; `lasted` is the time until the next one, None for the last."""

    at: datetime
    event: str
    step: int | None
    share: int | None
    """The candidate's share at this step in per cent, where it is known."""
    lasted: float | None
    says: str
    """Why, or what was found, in one line."""
    by: str


@dataclass(frozen=True)
class Share:
    """The candidate's share of the traffic in per cent from `at` on, or on its way to the next one's."""

    at: float
    percent: float


@dataclass(frozen=True)
class Decided:
    """A verdict with which a step ended, as the ledger has it."""

    at: float
    step: int
    share: int
    decision: str
    because: str
    requests: int
    live_requests: int
    windows: int
    sha256: str


@dataclass(frozen=True)
class Point:
    """What one metric said at one moment; shares in [0, 1], None where there is none."""

    at: float
    question: str
    state: str
    candidate: float
    live: float
    at_least: float | None
    at_most: float | None
    requests: int


@dataclass(frozen=True)
class Metric:
    """One metric at the end, and the way there.

    A metric asks several questions; a point holds the one that told most at that moment. `question` is the
    last of them, and what is drawn.
    """

    name: str
    question: str
    says: str
    state: str
    candidate: float
    live: float
    requests: int
    live_requests: int
    at_least: float | None
    at_most: float | None
    fails: str
    passes: str
    fail_margin: float | None
    pass_margin: float | None
    detail: str
    needs: int | None
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Watched:
    """What one kind of watching saw: the candidate beside live, or alone under the stage's limits."""

    alone: bool
    decision: str
    because: str
    at: float
    """When the last verdict was given."""
    seconds: float
    requests: int
    live_requests: int
    verdicts: int
    metrics: tuple[Metric, ...]
    set_aside: dict[str, int]


@dataclass(frozen=True)
class Report:
    """Everything that is told of one rollout."""

    stage: str
    endpoint: str
    kind: str
    release: str
    before: str | None
    """The release that served before, None for the first one."""
    rollout: str
    strategy: str
    outcome: Outcome
    stands_at: str
    """The phase that the ledger names last."""
    reason: str
    """Why it was taken back, when it was."""
    opened: datetime
    ended: datetime
    """The last thing that is known of it."""
    by: str
    grounds: str
    """What people said for it."""
    differences: tuple[Difference, ...]
    gates: tuple[tuple[str, bool, str], ...]
    """Name, whether it passed, and what was measured."""
    moments: tuple[Moment, ...]
    shares: tuple[Share, ...]
    decided: tuple[Decided, ...]
    watched: tuple[Watched, ...]

    @property
    def seconds(self) -> float:
        """How long it took, as far as is known."""
        return (self.ended - self.opened).total_seconds()
