"""Grafana's dashboard: live beside candidate, against the objectives, for every stage and endpoint. Pure.

It asks for what the rules record, so that a line in it and an alert are the same number. Built by hand: it is
one shape of panel many times, and a library of types would only spell the same keys.
"""

from dataclasses import dataclass
from typing import Any

from monitoring.prometheus import expressions
from monitoring.prometheus.expressions import INVALID, JOB, LATENCY
from monitoring.prometheus.recording import (
    ERRORS,
    LONG,
    OBJECTIVE,
    OBJECTIVE_SECONDS,
    SCORES_APART,
    SCORES_BELOW,
    SCORES_MEAN,
    SLOW,
    Bad,
    count,
    share,
)
from monitoring.prometheus.watched import Pace, duration
from release.domain.burn_rates import HOUR, MINUTE

UID = "slipway-endpoints"
_SCHEMA = 39
"""Grafana's version of the document, of its releases 10 and 11; later ones migrate it."""
_OF = 'stage="$stage",endpoint="$endpoint"'
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_COLUMNS, _WIDTH, _HEIGHT = 24, 8, 7
_VARIANT, _OBJECTIVE = "{{variant}}", "objective"


@dataclass(frozen=True)
class _Panel:
    """One panel: what it shows, in which unit of Grafana's, by which queries (legend and PromQL)."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    kind: str = "timeseries"


def dashboard(pace: Pace) -> dict[str, Any]:
    """The dashboard as Grafana imports it."""
    return {
        "uid": UID,
        "title": "Slipway: endpoints",
        "tags": ["slipway"],
        "schemaVersion": _SCHEMA,
        "version": 1,
        "editable": True,
        "timezone": "utc",
        "refresh": duration(pace.seconds),
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": _variables()},
        "panels": [_panel(number, panel) for number, panel in enumerate(_panels())],
    }


def _variables() -> list[dict[str, Any]]:
    """What is chosen at the top; the names are those that the objectives are recorded for."""
    chosen = (
        ("stage", f"label_values({OBJECTIVE_SECONDS}, stage)"),
        ("endpoint", f'label_values({OBJECTIVE_SECONDS}{{stage="$stage"}}, endpoint)'),
    )
    return [
        {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"},
        *(
            {
                "name": name,
                "type": "query",
                "datasource": _SOURCE,
                "query": {"query": query, "refId": name},
                "refresh": 2,
                "sort": 1,
            }
            for name, query in chosen
        ),
    ]


def _panels() -> list[_Panel]:
    return [*_objectives(), *_served(), *_answered(), *_containers()]


def _objectives() -> list[_Panel]:
    ringing = f'ALERTS{{alertname=~"Slipway.*",alertstate="firing",{_OF}}}'
    return [
        _Panel("Error budget left, 30 days", "percentunit", (("errors", _left(ERRORS)),), "stat"),
        _Panel("Latency budget left, 30 days", "percentunit", (("slow answers", _left(SLOW)),), "stat"),
        _Panel("Alerts", "short", (("{{alertname}} {{variant}}", ringing),)),
    ]


def _left(bad: Bad) -> str:
    """What is left of 30 days' budget, of all variants together; below 0 where more than all was used.

    The windows overlap, those of the bad ones as those of all, so that their share is right.
    """
    used = "sum by (stage, endpoint) (sum_over_time({}{{{}}}[30d]))"
    counted = (used.format(count(what, LONG), _OF) for what in (bad.what, bad.of))
    return "1 - {} / {} / on (stage, endpoint) {}".format(*counted, _objective(bad))


def _objective(bad: Bad) -> str:
    """The share of bad ones that an objective allows, without the label that says of what."""
    return f'sum by (stage, endpoint) ({OBJECTIVE}{{what="{bad.what}",{_OF}}})'


def _served() -> list[_Panel]:
    per_second = f"{count('requests', 5 * MINUTE)}{{{_OF}}} / {5 * MINUTE}"
    burns = tuple(
        (
            f"{_VARIANT} {duration(window)}",
            f"{share(ERRORS, window)}{{{_OF}}} / on (stage, endpoint) group_left () {_objective(ERRORS)}",
        )
        for window in (5 * MINUTE, HOUR)
    )
    return [
        _Panel("Requests a second", "reqps", ((_VARIANT, per_second),)),
        _Panel("Share of errors, 5 minutes", "percentunit", _against(ERRORS)),
        _Panel("Burn rate of the error budget", "short", burns),
    ]


def _against(bad: Bad) -> tuple[tuple[str, str], ...]:
    measured = f"{share(bad, 5 * MINUTE)}{{{_OF}}}"
    return ((_VARIANT, measured), (_OBJECTIVE, _objective(bad)))


def _answered() -> list[_Panel]:
    buckets = f"sum by (variant, le) (rate({LATENCY}_bucket{{{_OF}}}[5m]))"
    quantiles = (
        (f"{_VARIANT} p{part * 100:g}", f"histogram_quantile({part:g}, {buckets})")
        for part in (0.5, 0.95, 0.99)
    )
    limit = f"{OBJECTIVE_SECONDS}{{{_OF}}}"
    invalid = f"sum by (variant) (increase({INVALID}{{{_OF}}}[5m]))"
    return [
        _Panel("Latency, 5 minutes", "s", (*quantiles, (_OBJECTIVE, limit))),
        _Panel("Share of slow answers, 5 minutes", "percentunit", _against(SLOW)),
        _Panel("Predictions that are no number, 5 minutes", "short", ((_VARIANT, invalid),)),
        _Panel("Mean score, 1 hour", "short", ((_VARIANT, f"{SCORES_MEAN}{{{_OF}}}"),)),
        _Panel(
            "Share of scores up to a bound, 1 hour",
            "percentunit",
            ((f"{_VARIANT} ≤ {{{{le}}}}", f"{SCORES_BELOW}{{{_OF}}}"),),
        ),
        _Panel(
            "Distance of the candidate's scores from live's",
            "short",
            ((_VARIANT, f"{SCORES_APART}{{{_OF}}}"),),
        ),
    ]


def _containers() -> list[_Panel]:
    def by_variant(how: str, metric: str, window: str = "") -> str:
        inside = f"{metric}{{{_OF}}}{window}"
        return f"sum by (variant) ({f'{how}({inside})' if how else inside})"

    workers = by_variant("", expressions.WORKERS)
    up = f'sum by (variant) (up{{job="{JOB}",{_OF}}})'
    return [
        _Panel("Containers that answer", "short", ((_VARIANT, up),)),
        _Panel(
            "Workers' processor time",
            "percentunit",
            ((_VARIANT, f"{by_variant('rate', expressions.CPU, '[5m]')} / {workers}"),),
        ),
        _Panel(
            "Requests under way for each worker",
            "short",
            ((_VARIANT, f"{by_variant('', expressions.IN_FLIGHT)} / {workers}"),),
        ),
        _Panel("Workers' memory", "bytes", ((_VARIANT, by_variant("", expressions.MEMORY)),)),
        _Panel(
            "Workers started anew, 15 minutes",
            "short",
            ((_VARIANT, by_variant("changes", expressions.STARTED, "[15m]")),),
        ),
        _Panel(
            "Telemetry windows not printed, 15 minutes",
            "short",
            ((_VARIANT, by_variant("increase", expressions.WINDOWS_DROPPED, "[15m]")),),
        ),
    ]


def _panel(number: int, panel: _Panel) -> dict[str, Any]:
    row, column = divmod(number, _COLUMNS // _WIDTH)
    targets = [
        {"refId": chr(ord("A") + index), "datasource": _SOURCE, "expr": query, "legendFormat": legend}
        for index, (legend, query) in enumerate(panel.queries)
    ]
    return {
        "id": number + 1,
        "type": panel.kind,
        "title": panel.title,
        "datasource": _SOURCE,
        "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": targets,
    }
