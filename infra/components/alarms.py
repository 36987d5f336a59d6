"""The topic that people hear of alarms on, and the alarms of one endpoint.

An endpoint's alarms exist before it does, and those of a guarded update before it begins: one that names a
missing alarm would not be watched. An alarm without data does not ring.

SageMaker publishes the invocation metrics of each fleet with the dimension EndpointConfigName beside the
endpoint's and the variant's ("Auto-rollback configuration and monitoring" in the developer guide).
`InvocationModelErrors` counts all that is no 2xx: 4xx, 5xx, and what never answered ("SageMaker AI endpoint
invocation metrics").
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import policies
from infra.arns import Place
from infra.components.metric_alarm import metric_alarm
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


@dataclass(frozen=True)
class AlarmTopicArgs:
    """Arguments of AlarmTopic."""

    stage: str
    place: Place
    key_arn: pulumi.Input[str]
    email: str | None
    tags: Mapping[str, str]


class AlarmTopic(pulumi.ComponentResource):
    """An encrypted topic that CloudWatch may publish to, and a subscriber where the stage names one."""

    def __init__(self, name: str, args: AlarmTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:components:AlarmTopic", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        topic_name = names.alert_topic(args.stage)
        topic = aws.sns.Topic(
            name, name=topic_name, kms_master_key_id=args.key_arn, tags=args.tags, opts=child
        )
        aws.sns.TopicPolicy(name, arn=topic.arn, policy=policies.topic(args.place, topic_name), opts=child)
        if args.email:
            aws.sns.TopicSubscription(
                name, topic=topic.arn, protocol="email", endpoint=args.email, opts=child
            )
        self.arn: pulumi.Output[str] = topic.arn
        self.register_outputs({"arn": self.arn})


@dataclass(frozen=True)
class EndpointAlarmsArgs:
    """Arguments of EndpointAlarms."""

    endpoint: str
    """The SageMaker endpoint's name."""
    watched: str | None
    """The endpoint config that a guarded update is about to move to."""
    bounds: Alarms
    tags: Mapping[str, str]


class EndpointAlarms(pulumi.ComponentResource):
    """The alarms that take a guarded update of the endpoint back, and the same two of all that serves.

    Both are of errors and latency. The first are of the fleet of one endpoint config. All are silent: nobody
    has to do anything about an update that took itself back, and of all that serves the objectives' alarms
    tell (`infra/components/health.py`); a bad minute by these bounds is seen by `./slipway doctor` alone.
    """

    def __init__(
        self, name: str, args: EndpointAlarmsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("slipway:components:EndpointAlarms", name, None, opts)
        of_endpoint = {"EndpointName": args.endpoint, "VariantName": names.LIVE}
        pair = _pair(args.endpoint, of_endpoint, args.bounds)
        self.all: list[pulumi.Resource] = [metric_alarm(alarm, args.tags, self) for alarm in pair]
        if args.watched:
            of_fleet = {**of_endpoint, "EndpointConfigName": args.watched}
            for alarm in _pair(args.watched, of_fleet, args.bounds):
                metric_alarm(alarm, args.tags, self)
        self.register_outputs({})


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
