"""The rule file of one endpoint: what is recorded and what rings, in groups. Pure."""

from typing import Any

from monitoring.prometheus import recording
from monitoring.prometheus.alerting import alert_rules
from monitoring.prometheus.recording import LONG, WINDOWS
from monitoring.prometheus.watched import Pace, Watched, duration

SELDOM = 4
"""Long windows are counted at every so many evaluations of the others."""


def rule_file(watched: Watched, pace: Pace) -> dict[str, Any]:
    """The groups of an endpoint.

    Alerts stand in one group with the short windows, after them: Prometheus evaluates a group in order and at
    one moment, so that an alert sees what was counted for it a moment before.
    """
    name = f"slipway-{watched.stage}-{watched.endpoint}"
    often = tuple(seconds for seconds in WINDOWS if seconds < LONG)
    seldom = tuple(seconds for seconds in WINDOWS if seconds >= LONG)
    long = [*recording.counts(watched, seldom), *recording.scores(watched)]
    short = [*recording.objectives(watched), *recording.counts(watched, often), *alert_rules(watched, pace)]
    return {
        "groups": [
            {"name": f"{name}-long", "interval": duration(SELDOM * pace.seconds), "rules": long},
            {"name": name, "interval": duration(pace.seconds), "rules": short},
        ]
    }
