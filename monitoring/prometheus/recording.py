"""Recording rules: counts and shares of an endpoint for each window that an alert asks about. Pure.

Names are `slipway:<what>:<how><window>`, with the labels stage, endpoint and variant.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from monitoring.prometheus import expressions
from monitoring.prometheus.expressions import BY, SCORE, gained
from monitoring.prometheus.watched import Watched, duration, of
from release.domain.burn_rates import BURN_ALERTS, HOUR, MINUTE, alerts, budget

Rule = dict[str, Any]
"""One rule of a rule file."""

ALWAYS = frozenset({5 * MINUTE, HOUR})
"""Windows that the dashboard asks about whatever the objectives are."""
WINDOWS = tuple(sorted(ALWAYS.union(*((alert.long, alert.short) for alert in BURN_ALERTS))))
LONG = 6 * HOUR
"""From here on a window costs more to count, and changes so slowly that it is counted less often."""


@dataclass(frozen=True)
class Bad:
    """What uses up an error budget: bad ones of all, by the names of their recorded counts."""

    what: str
    of: str


ERRORS, SLOW, INVALID = Bad("errors", "requests"), Bad("slow", "answers"), Bad("invalid", "answers")
_COUNTED = {
    "requests": expressions.requests,
    "errors": expressions.errors,
    "answers": expressions.answers,
    "slow": expressions.slow,
    "invalid": expressions.invalid,
}


def count(what: str, seconds: int) -> str:
    """The recorded number of a window: `slipway:errors:increase5m`."""
    return f"slipway:{what}:increase{duration(seconds)}"


def share(bad: Bad, seconds: int) -> str:
    """The recorded share of bad ones: `slipway:errors:ratio5m`; nothing where there was nothing at all."""
    return f"slipway:{bad.what}:ratio{duration(seconds)}"


SCORES_BELOW, SCORES_MEAN, SCORES_APART = (f"slipway:scores:{what}1h" for what in ("below", "mean", "apart"))
"""Of an hour's scores: the share up to `le`, the mean, and how far the candidate's are from live's."""


OBJECTIVE, OBJECTIVE_SECONDS = "slipway:objective:ratio", "slipway:objective:seconds"
"""The share of bad ones that an objective allows (label `what`), and the latency that it is about."""


def objectives(watched: Watched) -> Iterator[Rule]:
    """What callers may expect, as series: a dashboard draws them beside what is measured."""
    labels = dict(of(watched))
    for bad, percent in goals(watched):
        allowed = f"vector({budget(percent):.12g})"
        yield {"record": OBJECTIVE, "expr": allowed, "labels": {**labels, "what": bad.what}}
    yield {
        "record": OBJECTIVE_SECONDS,
        "expr": f"vector({watched.objectives.latency_ms / 1000:g})",
        "labels": labels,
    }


def goals(watched: Watched) -> tuple[tuple[Bad, float], ...]:
    """What may be bad, and how many of a hundred shall not be."""
    available = watched.objectives.availability_percent
    return (ERRORS, available), (SLOW, watched.objectives.latency_percent), (INVALID, available)


def _asked(percent: float) -> frozenset[int]:
    """The windows of which a share is asked."""
    return ALWAYS.union(*((alert.long, alert.short) for alert in alerts(percent)))


def counts(watched: Watched, windows: tuple[int, ...]) -> Iterator[Rule]:
    """Counts and shares of these windows."""
    for seconds in windows:
        bads = [bad for bad, percent in goals(watched) if seconds in _asked(percent)]
        for what in dict.fromkeys(what for bad in bads for what in (bad.of, bad.what)):
            yield {"record": count(what, seconds), "expr": _COUNTED[what](watched, seconds)}
        for bad in bads:
            counted = (expressions.series(count(what, seconds), watched) for what in (bad.what, bad.of))
            yield {"record": share(bad, seconds), "expr": "{} / ({} > 0)".format(*counted)}


def scores(watched: Watched) -> Iterator[Rule]:
    """The shape of an hour's scores: as much of it as the server's histogram tells."""
    buckets = expressions.series(f"{SCORE}_bucket", watched)
    below = f"sum by (stage, endpoint, variant, le) (increase({buckets}[1h]))"
    number = gained(f"{SCORE}_count", watched, HOUR)
    yield {"record": count("scores", HOUR), "expr": number}
    recorded = expressions.series(count("scores", HOUR), watched)
    yield {"record": SCORES_BELOW, "expr": f"{below} / ignoring (le) group_left () ({recorded} > 0)"}
    yield {"record": SCORES_MEAN, "expr": f"{gained(f'{SCORE}_sum', watched, HOUR)} / ({recorded} > 0)"}
    candidate, live = (
        expressions.series(SCORES_BELOW, watched, f'variant="{variant}"') for variant in ("candidate", "live")
    )
    apart = f"abs({candidate} - on (stage, endpoint, le) group_left () {live})"
    yield {"record": SCORES_APART, "expr": f"max {BY} ({apart})"}
