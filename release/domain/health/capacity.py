"""The conditions in which a fleet is full, short, refusing or not called at all. Pure.

They are causes, or soon will be: what callers notice of them is a matter of the budgets. So all are tickets
but the silence of callers, which no budget sees.

How many instances serve, SageMaker publishes nowhere as such. It does with every request: the value of
`InvocationsPerInstance` is one over the number of active instances, so that all requests over the sum of
these values is that number. Where nobody calls, nobody knows it.
"""

from collections.abc import Iterator

from release.domain.burn_rates import HOUR, LEAST_BAD, MINUTE, alerts
from release.domain.health.alarm import INSTANCES, REFUSALS, REQUESTS, Alarm, Condition, Reading
from release.domain.health.budgets import span
from release.domain.health.serving import Watched, vcpus
from release.domain.names import LIVE

FULL_PERCENT = 90
"""Of a processor, memory or disk, from which on it is as good as full: a burst has nowhere to go."""
LASTING = 15 * MINUTE
"""How long a fleet is given to mend itself: SageMaker replaces an instance and starts another in less."""

_SHARES = Reading("shares", "InvocationsPerInstance", "Sum")


def conditions(watched: Watched) -> Iterator[Condition]:
    """Of the live variant."""
    yield from _saturation(watched)
    yield from _refusals(watched)
    least, scaled = watched.least_instances, watched.scaling
    if least > 1:
        yield _ticket(
            watched,
            "instances-short",
            "requests / shares",
            (REQUESTS, _SHARES),
            least - 0.5,
            f"fewer than {least} instances have answered for {span(LASTING)}, and never fewer should.",
            below=True,
        )
    if scaled and scaled.invocations:
        yield _ticket(
            watched,
            "capacity-full",
            f"IF(requests / shares >= {scaled.most - 0.5:g}, shares, 0)",
            (REQUESTS, _SHARES),
            scaled.invocations,
            f"all {scaled.most} instances that instances.max allows have had more than "
            f"{scaled.invocations} requests a minute each for {span(LASTING)}: no more are added.",
        )
    if minutes := watched.settings.monitoring.paging.silence_minutes:
        yield _silence(watched, minutes)


def _saturation(watched: Watched) -> Iterator[Condition]:
    cores = vcpus(watched.serves_on)
    for what, metric, statistic, most, words in (
        ("cpu", "CPUUtilization", "Average", 100 * cores, f"{FULL_PERCENT} % of all {cores} vCPUs are busy"),
        (
            "memory",
            "MemoryUtilization",
            "Maximum",
            100,
            f"an instance has {FULL_PERCENT} % of its memory full",
        ),
        ("disk", "DiskUtilization", "Maximum", 100, f"an instance has {FULL_PERCENT} % of its disk full"),
    ):
        reading = Reading("used", metric, statistic, INSTANCES)
        bound = most * FULL_PERCENT / 100
        yield _ticket(watched, what, "used", (reading,), bound, f"{words}, for {span(LASTING)}.")


def _refusals(watched: Watched) -> Iterator[Condition]:
    """As many refusals as errors would page."""
    percent = watched.objectives.availability_percent
    for alert in alerts(percent):
        if alert.within != HOUR:
            continue
        bound = round(100 * alert.bound(percent), 10)
        share = "100 * refusals / requests"
        readings = (REQUESTS, REFUSALS)
        pair = tuple(
            Alarm(
                watched.alarm(LIVE, f"refusals-{span(window).replace(' ', '')}"),
                watched.dimensions(LIVE),
                readings,
                f"IF(refusals >= {LEAST_BAD}, {share}, 0)" if window == alert.long else share,
                window,
                bound,
                _says(
                    watched,
                    f"more than {bound:g} % of the requests were refused (4xx) in {span(window)}: callers "
                    "send what the release does not accept, or more than the container takes (429).",
                ),
            )
            for window in (alert.long, alert.short)
        )
        yield Condition("refusals", LIVE, "ticket", pair)


def _silence(watched: Watched, minutes: int) -> Condition:
    """Nobody called in the newest period.

    CloudWatch judges by an older period's count before it lets a missing one breach, so one without data is
    filled with none. Where there is no series at all there may be nothing to fill: what is missing breaches.
    """
    says = f"nobody has called for {span(minutes * MINUTE)}, and somebody always does."
    alarm = Alarm(
        watched.alarm(LIVE, "silence"),
        watched.dimensions(LIVE),
        (REQUESTS,),
        f"FILL({REQUESTS.id}, 0)",
        minutes * MINUTE,
        1,
        _says(watched, says),
        below=True,
        rings_without_data=True,
    )
    return Condition("silence", LIVE, "page", (alarm,))


def _ticket(
    watched: Watched,
    what: str,
    expression: str,
    readings: tuple[Reading, ...],
    bound: float,
    words: str,
    below: bool = False,
) -> Condition:
    """A condition that has to last, minute after minute."""
    alarm = Alarm(
        watched.alarm(LIVE, what),
        watched.dimensions(LIVE),
        readings,
        expression,
        MINUTE,
        bound,
        _says(watched, words),
        below=below,
        periods=LASTING // MINUTE,
    )
    return Condition(what, LIVE, "ticket", (alarm,))


def _says(watched: Watched, words: str) -> str:
    return f"{watched.name} in {watched.stage}, {LIVE}: {words}"
