"""The conditions in which an objective's error budget is used up too fast. Pure.

Errors are counted as a guarded update's alarms count them (`release/domain/health/guards.py`): of SageMaker's
`InvocationModelErrors`, which are all that is no 2xx and what never answered, those that are no refusal.
Slow is what CloudWatch's percentile rank of `ModelLatency` does not count among those within the objective.
"""

from collections.abc import Iterator

from release.domain import names
from release.domain.burn_rates import DAY, HOUR, LEAST_BAD, MINUTE, BurnAlert, alerts, budget
from release.domain.health.alarm import (
    ERRORS_PERCENT,
    FAILURES,
    MICROSECONDS_PER_MILLISECOND,
    REFUSALS,
    REQUESTS,
    Alarm,
    Condition,
    Reading,
)
from release.domain.health.serving import Watched

_UNITS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"))


def span(seconds: int) -> str:
    """A time in its largest whole unit: `30 min`, `6 h`."""
    length, unit = next((one for one in _UNITS if seconds % one[0] == 0), (1, "s"))
    return f"{seconds // length} {unit}"


def conditions(watched: Watched, role: str) -> Iterator[Condition]:
    """Of both objectives, for one variant."""
    goals = watched.objectives
    errors = _Objective(
        watched,
        role,
        "errors",
        goals.availability_percent,
        "of the requests had no answer, or a 5xx",
        (
            REQUESTS,
            FAILURES,
            REFUSALS,
        ),
        f"failures - refusals >= {LEAST_BAD}",
        ERRORS_PERCENT,
    )
    within = f"PR(:{goals.latency_ms * MICROSECONDS_PER_MILLISECOND:.0f})"
    latency = _Objective(
        watched,
        role,
        "latency",
        goals.latency_percent,
        f"of the requests waited over {goals.latency_ms:g} ms for the model",
        (REQUESTS, Reading("within", "ModelLatency", within)),
        # a percentage is no whole number of requests
        f"requests * (100 - within) / 100 > {LEAST_BAD - 0.5}",
        "within",
        of_good=True,
    )
    return (one for objective in (errors, latency) for one in objective.conditions())


class _Objective:
    """One objective of one variant, and how its bad requests are worked out."""

    def __init__(
        self,
        watched: Watched,
        role: str,
        what: str,
        percent: float,
        words: str,
        readings: tuple[Reading, ...],
        enough: str,
        share: str,
        of_good: bool = False,
    ) -> None:
        """`enough` and `share` are metric math: whether there are enough bad ones, and the percentage of bad
        requests; `of_good`, of the others: what SageMaker answers is compared as it is, so that what is
        exactly at the bound is not beyond it.
        """
        self._watched, self._role, self._what, self._percent = watched, role, what, percent
        self._words, self._readings, self._enough, self._share = words, readings, enough, share
        self._of_good = of_good

    def conditions(self) -> Iterator[Condition]:
        """One for each burn rate."""
        for alert in alerts(self._percent):
            if self._role == names.LIVE or alert.within <= HOUR:
                long = f"IF({self._enough}, {self._share}, {100 * self._of_good})"
                pair = (self._alarm(alert, alert.long, long), self._alarm(alert, alert.short, self._share))
                yield Condition(f"{self._what}-{alert.name}", self._role, alert.severity, pair)

    def _alarm(self, alert: BurnAlert, window: int, expression: str) -> Alarm:
        bound = round(100 * alert.bound(self._percent), 10)
        of = f"{self._watched.name} in {self._watched.stage}, {self._role}"
        says = (
            f"{of}: more than {bound:g} % {self._words} in {span(window)}. That uses up "
            f"{100 * alert.share:g} % of a month's error budget ({100 * budget(self._percent):g} % of the "
            f"requests) in {span(alert.within)}."
        )
        name = f"{self._what}-{alert.name}-{span(window).replace(' ', '')}"
        return Alarm(
            name=self._watched.alarm(self._role, name),
            dimensions=self._watched.dimensions(self._role),
            readings=self._readings,
            expression=expression,
            period=window,
            bound=round(100 - bound, 10) if self._of_good else bound,
            says=says,
            below=self._of_good,
        )
