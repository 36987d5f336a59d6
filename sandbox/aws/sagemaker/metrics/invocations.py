"""The invocation metrics that SageMaker publishes for each variant: namespace AWS/SageMaker.

They are counted in memory, by the second, so that a request costs about a microsecond; `publish` hands them
to CloudWatch. Names, units and values are those of "SageMaker AI endpoint invocation metrics". Each comes
twice: of the variant, and of the fleet that serves it with one endpoint config (dimension
EndpointConfigName; "Auto-rollback configuration and monitoring" in the developer guide). SageMaker
publishes once a minute; here values appear within half a second and by the second, so that alarms with
short periods can watch them as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from moto.cloudwatch.models import cloudwatch_backends

from sandbox.aws.cloudwatch.clock import Clock
from sandbox.aws.cloudwatch.metrics.api import store
from sandbox.aws.cloudwatch.metrics.distributions import of_values
from sandbox.aws.cloudwatch.metrics.store import MetricKey, Point

NAMESPACE = "AWS/SageMaker"

_MICROSECONDS = 1e6

Key = tuple[str, str, str, str, str]
"""Account, region, endpoint, variant, endpoint config."""


@dataclass
class _Second:
    """What one fleet did in one second."""

    invocations: int = 0
    client_errors: int = 0
    server_errors: int = 0
    model_errors: int = 0
    per_instance: list[float] = field(default_factory=list)
    model_latency: list[float] = field(default_factory=list)
    overhead_latency: list[float] = field(default_factory=list)


class InvocationMetrics:
    """Counts until they are published. Belongs to the event loop that answers invocations."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[tuple[int, Key], _Second] = {}

    def invocation(
        self, key: Key, status: int, model_latency: float, overhead_latency: float = 0.0, instances: int = 1
    ) -> None:
        """One invocation: the container's HTTP status (0: no answer) and the seconds that it took.

        One without an answer is an InvocationModelError, and no 5XX.

        `overhead_latency` is what the request took beyond the container, in seconds; `instances` is how many
        the variant has.
        """
        slot = (int(self._clock.now()), key)
        second = self._kept.get(slot)
        if second is None:
            second = self._kept[slot] = _Second()
        second.invocations += 1
        if not 200 <= status < 300:
            second.model_errors += 1
            if 400 <= status < 500:
                second.client_errors += 1
            elif status >= 500:
                second.server_errors += 1
        second.per_instance.append(1 / max(instances, 1))
        second.model_latency.append(model_latency * _MICROSECONDS)
        second.overhead_latency.append(overhead_latency * _MICROSECONDS)

    def publish(self) -> None:
        """Give what was counted to CloudWatch and begin again."""
        counted, self._kept = self._kept, {}
        for (at, key), second in counted.items():
            account, region, endpoint, variant, config = key
            of_variant = (("EndpointName", endpoint), ("VariantName", variant))
            of_fleet = (("EndpointConfigName", config), *of_variant)
            metrics = store(cloudwatch_backends[account][region])
            for dimensions in (of_variant, of_fleet):
                metrics.put(_points(at, dimensions, second))


def _points(at: int, dimensions: tuple[tuple[str, str], ...], second: _Second) -> Iterator[Point]:
    number = second.invocations
    for name, ones in (
        ("Invocations", number),
        ("Invocation4XXErrors", second.client_errors),
        ("Invocation5XXErrors", second.server_errors),
        ("InvocationModelErrors", second.model_errors),
    ):
        values = of_values((1.0, 0.0), (ones, number - ones))
        yield Point(MetricKey(NAMESPACE, name, dimensions), at, values, "None", 1)
    for name, seen, unit in (
        ("InvocationsPerInstance", second.per_instance, "None"),
        ("ModelLatency", second.model_latency, "Microseconds"),
        ("OverheadLatency", second.overhead_latency, "Microseconds"),
    ):
        yield Point(MetricKey(NAMESPACE, name, dimensions), at, of_values(seen), unit, 1)
