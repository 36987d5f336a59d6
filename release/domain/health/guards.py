"""The two alarms that take a guarded update back, of errors and of latency: which bounds ring, as values.

SageMaker publishes the invocation metrics of each fleet with the dimension EndpointConfigName beside the
endpoint's and the variant's ("Auto-rollback configuration and monitoring" in the developer guide).
`InvocationModelErrors` counts all that is no 2xx: 4xx, 5xx, and what never answered ("SageMaker AI endpoint
invocation metrics").
"""

from collections.abc import Mapping

from release.domain import names
from release.domain.deployment import alarm_names
from release.domain.guardrails import ALARM_PERIOD_SECONDS, ALARM_PERIODS
from release.domain.health.alarm import (
    ERRORS_PERCENT,
    FAILURES,
    MICROSECONDS_PER_MILLISECOND,
    REFUSALS,
    REQUESTS,
    Alarm,
    Reading,
)
from release.domain.pins import Alarms

FEWEST_FOR_ERRORS = 20
"""In one period. Below it, one failed request would already take an update back."""
FEWEST_FOR_LATENCY = 100
"""In one period. Of fewer, the 99th percentile is the slowest one.

CloudWatch's own way for few samples, `ignore`, keeps the state of an alarm as it is while a minute has less
than 1,000 ("Percentile-based alarms and low data samples" in its user guide): a quiet endpoint would never
ring, or for ever.
"""


def of_endpoint(endpoint: str, bounds: Alarms) -> tuple[Alarm, Alarm]:
    """The pair of all that serves as an endpoint's variant `live`."""
    return _pair(endpoint, _dimensions(endpoint), bounds)


def of_fleet(endpoint: str, config: str, bounds: Alarms) -> tuple[Alarm, Alarm]:
    """The pair of one endpoint config's fleet, whatever else serves meanwhile."""
    return _pair(config, {**_dimensions(endpoint), "EndpointConfigName": config}, bounds)


def _dimensions(endpoint: str) -> dict[str, str]:
    return {"EndpointName": endpoint, "VariantName": names.LIVE}


def _pair(watched: str, dimensions: Mapping[str, str], bounds: Alarms) -> tuple[Alarm, Alarm]:
    errors, latency = alarm_names(watched)
    return (
        Alarm(
            errors,
            dimensions,
            (REQUESTS, FAILURES, REFUSALS),
            f"IF(requests >= {FEWEST_FOR_ERRORS}, {ERRORS_PERCENT}, 0)",
            ALARM_PERIOD_SECONDS,
            bounds.errors_percent,
            f"More than {bounds.errors_percent:g} % of a minute's invocations had no answer, or a 5xx.",
            periods=ALARM_PERIODS,
        ),
        Alarm(
            latency,
            dimensions,
            (REQUESTS, Reading("latency", "ModelLatency", "p99")),
            f"IF(requests >= {FEWEST_FOR_LATENCY}, latency, 0)",
            ALARM_PERIOD_SECONDS,
            bounds.latency_ms * MICROSECONDS_PER_MILLISECOND,
            f"One invocation in a hundred waited over {bounds.latency_ms:g} ms for the model.",
            periods=ALARM_PERIODS,
        ),
    )
