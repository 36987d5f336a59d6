"""An alarm on what CloudWatch counts, and a condition: it holds while all of its alarms ring. Pure values."""

from collections.abc import Mapping
from dataclasses import dataclass

from release.domain.burn_rates import Severity

INVOCATIONS = "AWS/SageMaker"
INSTANCES = "/aws/sagemaker/Endpoints"
"""The namespaces of what SageMaker publishes of an endpoint's requests and of its instances."""


@dataclass(frozen=True)
class Reading:
    """A metric of a variant under a short name, as an expression of metric math reads it."""

    id: str
    metric: str
    statistic: str
    namespace: str = INVOCATIONS


REQUESTS = Reading("requests", "Invocations", "Sum")
FAILURES = Reading("failures", "InvocationModelErrors", "Sum")
"""All that is no 2xx, and what never answered ..."""
REFUSALS = Reading("refusals", "Invocation4XXErrors", "Sum")
"""... of which these say nothing of the model."""
ERRORS_PERCENT = "100 * (failures - refusals) / requests"
"""Of the three: the requests that had no answer, or a 5xx."""
MICROSECONDS_PER_MILLISECOND = 1000
"""`ModelLatency` is in microseconds."""


@dataclass(frozen=True)
class Alarm:
    """A value worked out of readings, and when it is too much."""

    name: str
    dimensions: Mapping[str, str]
    readings: tuple[Reading, ...]
    expression: str
    """Metric math over the readings' ids."""
    period: int
    """Seconds of one value."""
    bound: float
    says: str
    """The alarm's description: what it means when it rings."""
    below: bool = False
    """Whether it rings below its bound, and not above it."""
    periods: int = 1
    """So many values in a row have to be beyond the bound."""
    rings_without_data: bool = False


@dataclass(frozen=True)
class Condition:
    """Something that people are told of: it holds while all of its alarms ring."""

    name: str
    role: str
    """The variant that it is about: `live` or `candidate`."""
    severity: Severity
    alarms: tuple[Alarm, ...]
