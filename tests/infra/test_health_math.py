"""The budgets' alarms ring as the burn rates say, where the sandbox's CloudWatch works their math out."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain.burn_rates import LEAST_BAD, MINUTE, BurnAlert, alerts, rings
from release.domain.health.budgets import span
from sandbox.aws.cloudwatch.alarms.definition import AlarmDefinition, define
from sandbox.aws.cloudwatch.alarms.evaluation import evaluate
from sandbox.aws.cloudwatch.alarms.rules import ALARM
from sandbox.aws.cloudwatch.metrics.distributions import Distribution, of_values
from sandbox.aws.cloudwatch.metrics.store import MetricKey
from sandbox.pulumi.provider.services.cloudwatch import parameters
from tests.examples import examples
from tests.infra.declared import NEW, declare, pin, stage, whole

END = 100_000 * 86_400
"""A moment at which every window ends."""
FAST, SLOW = 1_000.0, 900_000.0
"""Microseconds within the objective of 300 ms, and beyond it."""

Window = tuple[int, int]
"""Bad requests, and all of them."""


@cache
def definitions() -> dict[str, AlarmDefinition]:
    """Every alarm of an endpoint by name, as CloudWatch reads it."""
    declared = declare(stage({"delays": {"live": pin(NEW)}}, name="prod"))
    found = (parameters(whole(alarm.inputs)) for alarm in declared.of("MetricAlarm"))
    return {one["AlarmName"]: define(one) for one in found}


def state(name: str, bad: int, requests: int) -> str | None:
    """The state of an alarm whose newest window has these requests, and the ones before none."""
    good = requests - bad
    values = {
        "Invocations": of_values([1.0], [requests]),
        "InvocationModelErrors": of_values([1.0, 0.0], [bad + good // 2, good - good // 2]),
        "Invocation4XXErrors": of_values([1.0, 0.0], [good // 2, requests - good // 2]),
        "ModelLatency": of_values([FAST, SLOW], [good, bad]),
    }

    def source(key: MetricKey, start: int, end: int, period: int, unit: str | None) -> Any:
        found: dict[int, Distribution] = {end - period: values[key.name]} if requests else {}
        return {"None": found}

    return evaluate(definitions()[name], source, END).state


def both(what: str, alert: BurnAlert, long: Window, short: Window) -> bool:
    """Whether both alarms of a burn rate ring."""
    windows = ((alert.long, long), (alert.short, short))
    return all(
        state(f"delays-prod-live-{what}-{alert.name}-{span(seconds).replace(' ', '')}", *window) == ALARM
        for seconds, window in windows
    )


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, Window]:
    """Counts of a long window and of its end, most of them at a bound or one from it."""
    requests = draw(st.integers(0, 40) | st.integers(0, 20_000) | st.integers(1, 20).map(lambda n: 1000 * n))
    share = draw(st.sampled_from([0.0, 0.005, 0.01, 0.03, 0.06, 0.072, 0.144, 0.864, 1.0]))
    near = draw(st.sampled_from([round(share * requests), LEAST_BAD])) + draw(st.integers(-1, 1))
    long = (min(max(near, 0), requests), requests)
    last = draw(st.integers(0, requests))
    short = (draw(st.integers(0, min(long[0], last))), last)
    return long, draw(st.sampled_from([long, short]))


@pytest.mark.parametrize(("what", "percent"), [("errors", 99.5), ("latency", 99.0)])
@examples(5)
@given(counted=windows())
def test_cloudwatch_rings_as_the_burn_rates_say(
    what: str, percent: float, counted: tuple[Window, Window]
) -> None:
    for alert in alerts(percent):
        assert both(what, alert, *counted) == rings(alert, percent, *counted)


def test_refusals_are_no_errors_and_nobody_calling_is_none() -> None:
    for alert in alerts(99.5):
        assert not both("errors", alert, (0, 10_000), (0, 10_000))
        assert not both("errors", alert, (0, 0), (0, 0))


def counted(name: str, **values: float) -> str | None:
    """The state of an alarm on these values a minute, for as many minutes as it looks back."""

    def source(key: MetricKey, start: int, end: int, period: int, unit: str | None) -> Any:
        assert period == MINUTE
        found = {at: of_values([values[key.name]]) for at in range(start, end, period)}
        return {"None": found}

    return evaluate(definitions_of_a_fleet()[name], source, END).state


@cache
def definitions_of_a_fleet() -> dict[str, AlarmDefinition]:
    fleet, paging = {"min": 2, "max": 4, "invocations_per_instance": 600}, {"silence_minutes": 30}
    endpoint = {"live": pin(NEW), "instances": fleet, "monitoring": {"paging": paging}}
    declared = declare(stage({"delays": endpoint}, name="prod"))
    found = (parameters(whole(alarm.inputs)) for alarm in declared.of("MetricAlarm"))
    return {one["AlarmName"]: define(one) for one in found}


def silent_for(minutes: int | None) -> str | None:
    """The state of the alarm of silence so long after the last request; None: nobody ever called."""

    def source(key: MetricKey, start: int, end: int, period: int, unit: str | None) -> Any:
        last = -1 if minutes is None else END - minutes * MINUTE
        sums = {at: (min(at + period, last) - at) / MINUTE for at in range(start, end, period)}
        found = {at: of_values([1.0], [count]) for at, count in sums.items() if count > 0}
        return {"None": found} if found else {}

    return evaluate(definitions_of_a_fleet()["delays-prod-live-silence"], source, END).state


def test_silence_rings_in_the_very_minute_after_which_callers_are_never_silent() -> None:
    assert [at for at in range(1, 120) if silent_for(at) == ALARM] == list(range(30, 120))
    assert silent_for(None) == ALARM


@pytest.mark.parametrize(
    ("name", "values", "ringing"),
    [
        ("cpu", {"CPUUtilization": 181.0}, True),
        ("cpu", {"CPUUtilization": 179.0}, False),
        ("memory", {"MemoryUtilization": 91.0}, True),
        ("disk", {"DiskUtilization": 89.0}, False),
        ("instances-short", {"Invocations": 900.0, "InvocationsPerInstance": 900.0}, True),
        ("instances-short", {"Invocations": 900.0, "InvocationsPerInstance": 450.0}, False),
        ("capacity-full", {"Invocations": 2404.0, "InvocationsPerInstance": 601.0}, True),
        ("capacity-full", {"Invocations": 2396.0, "InvocationsPerInstance": 599.0}, False),
        ("capacity-full", {"Invocations": 1803.0, "InvocationsPerInstance": 601.0}, False),
    ],
)
def test_a_fleet_is_short_full_or_busy_as_said(name: str, values: dict[str, float], ringing: bool) -> None:
    assert (counted(f"delays-prod-live-{name}", **values) == ALARM) == ringing
