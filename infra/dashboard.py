"""An endpoint's dashboard as CloudWatch takes it: live beside candidate, each against its objectives. Pure.

Both variants are always in it, whether there is a candidate or not: variants are named by role. Its
structure is CloudWatch's "Dashboard Body Structure and Syntax".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from infra.arns import Place
from release.domain import names
from release.domain.burn_rates import HOUR, MINUTE, alerts, budget
from release.domain.health.alarm import INSTANCES, INVOCATIONS
from release.domain.health.budgets import span
from release.domain.health.serving import Watched, vcpus
from release.domain.health.told import Health

WINDOWS = "Slipway/Endpoint"
"""The namespace of what a container counts itself (docs/telemetry.md): of all variants of an endpoint."""
COLUMNS, WIDE, HIGH, TOP = 24, 8, 6, 4
"""Of CloudWatch's grid: its width, that of a graph, and the heights of a graph and of what is above all."""
ROW = COLUMNS // WIDE
ROLES = (names.LIVE, names.CANDIDATE)

Widget = dict[str, Any]
Line = list[Any]


def body(watched: Watched, told: Health, place: Place) -> dict[str, Any]:
    """The dashboard's body."""
    region = place.region
    graphs = [
        *_answers(watched, region),
        *_burns(watched, region),
        *_fleet(watched, region),
    ]
    placed = [
        {
            **graph,
            "x": WIDE * (number % ROW),
            "y": TOP + HIGH * (number // ROW),
            "width": WIDE,
            "height": HIGH,
        }
        for number, graph in enumerate(graphs)
    ]
    return {"start": "-PT3H", "periodOverride": "inherit", "widgets": [*_head(watched, told, place), *placed]}


def _head(watched: Watched, told: Health, place: Place) -> list[Widget]:
    """What this is, and whether anything rings."""
    where = f"{watched.stage} --endpoint {watched.name}"
    text = (
        f"# {watched.endpoint}\nMade by `pulumi up` from `Pulumi.{watched.stage}.yaml`: a change here is "
        f"undone by the next. What serves: `./slipway status {watched.stage}`. Why it fails: "
        f"`./slipway doctor {where}`. "
        f"Back to the release before: `./slipway rollback {where}`."
    )
    head: list[Widget] = [
        {"type": "text", "x": 0, "y": 0, "width": 2 * WIDE, "height": TOP, "properties": {"markdown": text}}
    ]
    alarms = [place.arn("cloudwatch", f"alarm:{message.name}") for message in told.messages]
    if alarms:
        properties = {"title": "Told", "alarms": alarms}
        where_to = {"x": 2 * WIDE, "y": 0, "width": WIDE, "height": TOP}
        head.append({"type": "alarm", **where_to, "properties": properties})
    return head


def _answers(watched: Watched, region: str) -> list[Widget]:
    """How many requests, how many of them failed, and how long the model took."""
    goals = watched.objectives
    requests = [
        line
        for role in ROLES
        for line in (
            _metric(watched, role, "Invocations", "requests", "Sum"),
            _metric(watched, role, "Invocation4XXErrors", "refused (4xx)", "Sum"),
        )
    ]
    failed = [line for role in ROLES for line in _share(watched, role, MINUTE, "100 *", "failed, %")]
    bounds = {
        f"{alert.name} burn": 100 * alert.bound(goals.availability_percent)
        for alert in alerts(watched.objectives.availability_percent)
    }
    latency = [
        _metric(watched, role, "ModelLatency", f"{statistic}, microseconds", statistic)
        for role in ROLES
        for statistic in ("p50", "p99")
    ]
    objective = {f"{goals.latency_percent:g} % within {goals.latency_ms:g} ms": 1000 * goals.latency_ms}
    return [
        _graph("Requests a minute", region, requests),
        _graph("Requests without an answer, or with a 5xx", region, failed, bounds),
        _graph("Time that the model takes", region, latency, objective),
    ]


def _burns(watched: Watched, region: str) -> list[Widget]:
    """How many times as fast as the budgets last they are used up, and the time that SageMaker adds."""
    rates = {
        f"{alert.name}: {alert.severity}": alert.rate
        for alert in alerts(watched.objectives.availability_percent)
    }
    graphs = []
    for window in (5 * MINUTE, HOUR):
        lines = [
            line
            for role in ROLES
            for line in (
                *_share(watched, role, window, _per_budget(watched), "errors"),
                *_slow(watched, role, window),
            )
        ]
        graphs.append(_graph(f"Burn rate of the error budgets over {span(window)}", region, lines, rates))
    overhead = [_metric(watched, role, "OverheadLatency", "p99, microseconds", "p99") for role in ROLES]
    return [*graphs, _graph("Time that SageMaker adds", region, overhead)]


def _fleet(watched: Watched, region: str) -> list[Widget]:
    """How full the instances are, how many there are, and what the containers count themselves."""
    cores = vcpus(watched.serves_on)
    used = [
        line
        for role in ROLES
        for line in (
            _metric(watched, role, "CPUUtilization", "", "Average", f"cpu_{role}", INSTANCES),
            _expression(f"cpu_{role} / {cores}", f"{role}: processors, %"),
            _metric(watched, role, "MemoryUtilization", "memory, %", "Maximum", namespace=INSTANCES),
            _metric(watched, role, "DiskUtilization", "disk, %", "Maximum", namespace=INSTANCES),
        )
    ]
    instances = [
        line
        for role in ROLES
        for line in (
            _metric(watched, role, "Invocations", "", "Sum", f"requests_{role}"),
            _metric(watched, role, "InvocationsPerInstance", "", "Sum", f"shares_{role}"),
            _expression(f"requests_{role} / shares_{role}", f"{role}: instances that answer"),
        )
    ]
    least = {"least": watched.least_instances}
    bounds = least | ({"most": watched.scaling.most} if watched.scaling else {})
    counted: list[Line] = [
        [WINDOWS, metric, "EndpointName", watched.endpoint, {"stat": "Sum", "label": label}]
        for metric, label in (
            ("invalid", "predictions that are no number"),
            ("missing", "values that were missing"),
            ("refused_rows", "rows refused"),
            ("errors", "errors"),
        )
    ]
    return [
        _graph("Instances: how full", region, used),
        _graph("Instances: how many", region, instances, bounds),
        _graph("What the containers count, both variants", region, counted),
    ]


def _per_budget(watched: Watched) -> str:
    return f"{1 / budget(watched.objectives.availability_percent):.10g} *"


def _share(watched: Watched, role: str, period: int, times: str, label: str) -> list[Line]:
    """Lines of the share of requests that failed, times something."""
    ids = {name: f"{name}_{role}" for name in ("requests", "failures", "refusals")}
    return [
        _metric(watched, role, "Invocations", "", "Sum", ids["requests"], period=period),
        _metric(watched, role, "InvocationModelErrors", "", "Sum", ids["failures"], period=period),
        _metric(watched, role, "Invocation4XXErrors", "", "Sum", ids["refusals"], period=period),
        _expression(
            f"{times} ({ids['failures']} - {ids['refusals']}) / {ids['requests']}", f"{role}: {label}", period
        ),
    ]


def _slow(watched: Watched, role: str, period: int) -> list[Line]:
    """Lines of the burn rate of the latency's budget."""
    goals = watched.objectives
    within = f"PR(:{1000 * goals.latency_ms:.0f})"
    return [
        _metric(watched, role, "ModelLatency", "", within, f"within_{role}", period=period),
        _expression(
            f"(100 - within_{role}) / {100 * budget(goals.latency_percent):.10g}", f"{role}: latency", period
        ),
    ]


def _metric(
    watched: Watched,
    role: str,
    metric: str,
    label: str,
    statistic: str,
    identifier: str = "",
    namespace: str = INVOCATIONS,
    period: int = MINUTE,
) -> Line:
    """One metric of a variant; one with an id is there for an expression, and not shown."""
    options: dict[str, Any] = {"stat": statistic, "period": period}
    options |= {"id": identifier, "visible": False} if identifier else {"label": f"{role}: {label}"}
    dimensions = watched.dimensions(role).items()
    return [namespace, metric, *(word for pair in dimensions for word in pair), options]


def _expression(expression: str, label: str, period: int = MINUTE) -> Line:
    return [{"expression": expression, "label": label, "period": period}]


def _graph(
    title: str, region: str, lines: Sequence[Line], bounds: Mapping[str, float] | None = None
) -> Widget:
    properties: dict[str, Any] = {
        "title": title,
        "view": "timeSeries",
        "stacked": False,
        "region": region,
        "metrics": list(lines),
        "yAxis": {"left": {"min": 0, "showUnits": False}},
    }
    if bounds:
        marks = [{"label": label, "value": round(value, 6)} for label, value in bounds.items()]
        properties["annotations"] = {"horizontal": marks}
    return {"type": "metric", "properties": properties}
