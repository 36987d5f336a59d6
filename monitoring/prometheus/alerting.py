"""Alert rules: when somebody hears of an endpoint, and what they read then. Pure.

Pages are of what callers notice, or of nothing being there; all else is a ticket. How fast an error budget
may be used up is `release/domain/burn_rates.py`. Every message says what is wrong, with its figure, and the
command to type next; the commands are for whoever operates the stage.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from monitoring.prometheus import expressions
from monitoring.prometheus.expressions import BY, JOB, series
from monitoring.prometheus.recording import (
    ERRORS,
    INVALID,
    SCORES_BELOW,
    SLOW,
    Bad,
    Rule,
    count,
    goals,
    share,
)
from monitoring.prometheus.watched import SEVERITY, Pace, Watched, duration
from release.domain.burn_rates import HOUR, LEAST_BAD, MINUTE, Severity, alerts

ERROR_BURN, LATENCY_BURN = "SlipwayErrorBudgetBurn", "SlipwayLatencyBudgetBurn"
INVALID_BURN, ALL_DOWN = "SlipwayInvalidPredictions", "SlipwayAllContainersDown"

BUSY = 0.85
"""Of the processor time that the workers could take."""
WAITING = 8
"""Requests under way for each worker, which answers one at a time."""
RESTARTS = 3
"""Of one worker, within a quarter of an hour."""
SCORES_MOVED = 0.2
"""The greatest difference of two hours' shares below any bound (Kolmogorov and Smirnov's distance) ..."""
FEWEST_SCORES = 500
"""... each of so many scores: by chance it is above .12 in one of 1,000 pairs of hours."""

_LIVE = 'variant="live"'
_VARIANT = "{{ $labels.variant }}"
_VALUE, _SHARE = "{{ $value | humanize }}", "{{ $value | humanizePercentage }}"


@dataclass(frozen=True)
class _Alert:
    """One alert: when it rings, and what is read then."""

    name: str
    severity: Severity
    when: str
    what: str
    """What the release does or has; `$value` is that of `when`."""
    next_step: str
    """The command that comes next."""
    lasting: float = 0
    """Seconds that it has to be so before it rings."""


def alert_rules(watched: Watched, pace: Pace) -> list[Rule]:
    """The alerts of an endpoint that its stage wants to be told of."""
    found = (*_burns(watched), *_reachable(watched, pace), *_capacity(watched), *_model(watched))
    return [_rule(watched, alert) for alert in found if alert.severity in watched.paging.severities]


def _rule(watched: Watched, alert: _Alert) -> Rule:
    lasting = {"for": duration(alert.lasting)} if alert.lasting else {}
    who = f"{watched.endpoint} in {watched.stage}: the {_VARIANT} release"
    return {
        "alert": alert.name,
        "expr": alert.when,
        **lasting,
        "labels": {SEVERITY: alert.severity},
        "annotations": {"summary": f"{who} {alert.what}.", "next_step": f"./slipway {alert.next_step}"},
    }


def _place(watched: Watched) -> str:
    return f"{watched.stage} --endpoint {watched.endpoint}"


def _logs(watched: Watched) -> str:
    return f"logs {_place(watched)} --variant {_VARIANT}"


def _burns(watched: Watched) -> Iterator[_Alert]:
    """Error budgets: a page and a ticket each for errors, latency and predictions that are no number."""
    goal = watched.objectives
    told = {
        ERRORS: (
            ERROR_BURN,
            f"fails {_SHARE} of its requests; {goal.availability_percent:g} % shall be answered",
        ),
        SLOW: (
            LATENCY_BURN,
            f"takes over {goal.latency_ms:g} ms for {_SHARE} of its answers; "
            f"{goal.latency_percent:g} % shall be faster",
        ),
        INVALID: (
            INVALID_BURN,
            f"answers {_SHARE} of its requests with a prediction that is no finite number",
        ),
    }
    verb = '{{ if eq $labels.variant "candidate" }}abort{{ else }}doctor{{ end }}'
    for bad, percent in goals(watched):
        name, what = told[bad]
        for severity, when in _burning(watched, bad, percent).items():
            yield _Alert(name, severity, when, what, f"{verb} {_place(watched)}")


def _burning(watched: Watched, bad: Bad, percent: float) -> dict[Severity, str]:
    """When a budget is used up too fast, by severity; the value is the short window's share of bad ones.

    A candidate in live's shadow uses up nobody's budget.
    """
    found: dict[Severity, list[str]] = {}
    whose = (_LIVE,) if watched.shadow else ()
    for alert in alerts(percent):
        bound = f"{alert.bound(percent):.12g}"
        conditions = (
            f"{series(share(bad, alert.short), watched, *whose)} > {bound}",
            f"{series(share(bad, alert.long), watched, *whose)} > {bound}",
            f"{series(count(bad.what, alert.long), watched, *whose)} >= {LEAST_BAD}",
        )
        found.setdefault(alert.severity, []).append("(" + "\n  and ".join(conditions) + ")")
    return {severity: "\nor ".join(each) for severity, each in found.items()}


def _reachable(watched: Watched, pace: Pace) -> Iterator[_Alert]:
    """Whether there are containers, and callers."""
    job = f'job="{JOB}"'
    up, live = series("up", watched, job), series("up", watched, job, _LIVE)
    nothing = f"0 * sum {BY} (absent({live}))"  # nobody even lists one
    yield _Alert(
        ALL_DOWN,
        "page",
        f"max {BY} ({live}) == 0\nor {nothing}",
        "has no container that answers",
        _logs(watched),
        pace.again,
    )
    yield _Alert(
        "SlipwayContainerDown",
        "ticket",
        f"count {BY} ({up} == 0)",
        f"has {_VALUE} containers that do not answer",
        _logs(watched),
        5 * MINUTE,
    )
    if minutes := watched.paging.silence_minutes:
        yield _silence(watched, minutes, live)


def _silence(watched: Watched, minutes: int, up: str) -> _Alert:
    """No request for so long; where live was not there so long ago, it says nothing."""
    asked = expressions.requests(watched, minutes * MINUTE)
    there = f"sum {BY} ({up} offset {duration(minutes * MINUTE)})"
    return _Alert(
        "SlipwayNoTraffic",
        "page",
        f"({asked}) == 0\nand {there}",
        f"had no request for {minutes} minutes",
        f"status {watched.stage}",
    )


def _capacity(watched: Watched) -> Iterator[_Alert]:
    """Whether the containers keep up, and stay."""
    status = f"status {watched.stage}"
    workers = f"sum {BY} ({series(expressions.WORKERS, watched)})"
    yield _Alert(
        "SlipwayWorkersBusy",
        "ticket",
        f"sum {BY} (rate({series(expressions.CPU, watched)}[5m])) / {workers} > {BUSY}",
        f"has workers that are busy {_SHARE} of the time; it needs more of them",
        status,
        15 * MINUTE,
    )
    under_way = f"sum {BY} (avg_over_time({series(expressions.IN_FLIGHT, watched)}[5m]))"
    yield _Alert(
        "SlipwayRequestsWaiting",
        "ticket",
        f"{under_way} / {workers} > {WAITING}",
        f"has {_VALUE} requests under way for each worker; it needs more of them",
        status,
        5 * MINUTE,
    )
    yield _Alert(
        "SlipwayWorkersRestart",
        "ticket",
        f"max {BY} (changes({series(expressions.STARTED, watched)}[15m])) >= {RESTARTS}",
        f"has a worker that started anew {_VALUE} times in 15 minutes",
        _logs(watched),
    )


def _model(watched: Watched) -> Iterator[_Alert]:
    """Whether the model answers as it did, and whether what it tells of itself is heard."""
    below, number = (series(name, watched, _LIVE) for name in (SCORES_BELOW, count("scores", HOUR)))
    yield _Alert(
        "SlipwayScoresMoved",
        "ticket",
        f"max {BY} (abs({below} - {below} offset 1d)) > {SCORES_MOVED}\n"
        f"and {number} >= {FEWEST_SCORES}\nand {number} offset 1d >= {FEWEST_SCORES}",
        f"gives other scores than a day before, at a distance of {_VALUE}",
        f"monitor {_place(watched)}",
        30 * MINUTE,
    )
    for name, metric, what in (
        (
            "SlipwayWindowsDropped",
            expressions.WINDOWS_DROPPED,
            f"could not print {_VALUE} telemetry windows in 15 minutes, and a judge misses them",
        ),
        (
            "SlipwayCaptureLost",
            expressions.CAPTURE_LOST,
            f"could not keep {_VALUE} answers in 15 minutes that it was to keep, and drift is judged without",
        ),
    ):
        lost = f"sum {BY} (increase({series(metric, watched)}[15m])) > 0"
        yield _Alert(name, "ticket", lost, what, _logs(watched))
