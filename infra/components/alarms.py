"""The topic that people hear of alarms on, and the alarms of one endpoint.

An endpoint's alarms exist before it does, and those of a guarded update before it begins: one that names a
missing alarm would not be watched. An alarm without data does not ring.

SageMaker publishes the invocation metrics of each fleet with the dimension EndpointConfigName beside the
endpoint's and the variant's ("Auto-rollback configuration and monitoring" in the developer guide).
`InvocationModelErrors` counts all that is no 2xx: 4xx, 5xx, and what never answered ("SageMaker AI endpoint
invocation metrics").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import policies
from infra.arns import Place
from release.domain import names
from release.domain.deployment import alarm_names
from release.domain.guardrails import ALARM_PERIOD_SECONDS, ALARM_PERIODS
from release.domain.pins import Alarms

FEWEST_FOR_ERRORS = 20
"""In one period. Below it, one failed request would already take an update back."""
FEWEST_FOR_LATENCY = 100
"""In one period. Of fewer, the 99th percentile is the slowest one.

CloudWatch's own way for few samples, `ignore`, keeps the state of an alarm as it is while a minute has less
than 1,000 ("Percentile-based alarms and low data samples" in its user guide): a quiet endpoint would never
ring, or for ever.
"""

_NAMESPACE = "AWS/SageMaker"
_MICROSECONDS_PER_MILLISECOND = 1000


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
    topic_arn: pulumi.Input[str]
    tags: Mapping[str, str]


class EndpointAlarms(pulumi.ComponentResource):
    """The alarms that page the stage's topic, and those that take a guarded update of the endpoint back.

    Both are of errors and latency. The first are of all that serves. The second are of the fleet of one
    endpoint config, and silent: nobody has to do anything about an update that took itself back.
    """

    def __init__(
        self, name: str, args: EndpointAlarmsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("slipway:components:EndpointAlarms", name, None, opts)
        self._args = args
        of_endpoint = {"EndpointName": args.endpoint, "VariantName": names.LIVE}
        self.all: list[pulumi.Resource] = self._pair(args.endpoint, of_endpoint, [args.topic_arn])
        if args.watched:
            self._pair(args.watched, {**of_endpoint, "EndpointConfigName": args.watched}, [])
        self.register_outputs({})

    def _pair(
        self, watched: str, dimensions: Mapping[str, str], topics: Sequence[pulumi.Input[str]]
    ) -> list[pulumi.Resource]:
        bounds = self._args.bounds
        errors, latency = alarm_names(watched)
        return [
            self._alarm(
                errors,
                f"More than {bounds.errors_percent:g} % of a minute's invocations had no answer, or a 5xx.",
                "100 * (failures - refusals) / requests",
                FEWEST_FOR_ERRORS,
                bounds.errors_percent,
                [
                    _metric("requests", "Invocations", "Sum", dimensions),
                    _metric("failures", "InvocationModelErrors", "Sum", dimensions),
                    _metric("refusals", "Invocation4XXErrors", "Sum", dimensions),
                ],
                topics,
            ),
            self._alarm(
                latency,
                f"One invocation in a hundred waited over {bounds.latency_ms:g} ms for the model.",
                "latency",
                FEWEST_FOR_LATENCY,
                bounds.latency_ms * _MICROSECONDS_PER_MILLISECOND,
                [
                    _metric("requests", "Invocations", "Sum", dimensions),
                    _metric("latency", "ModelLatency", "p99", dimensions),
                ],
                topics,
            ),
        ]

    def _alarm(
        self,
        name: str,
        description: str,
        measured: str,
        fewest: int,
        bound: float,
        metrics: Sequence[aws.cloudwatch.MetricAlarmMetricQueryArgs],
        topics: Sequence[pulumi.Input[str]],
    ) -> aws.cloudwatch.MetricAlarm:
        shown = aws.cloudwatch.MetricAlarmMetricQueryArgs(
            id="measured",
            expression=f"IF(requests >= {fewest}, {measured}, 0)",
            label=description,
            return_data=True,
        )
        return aws.cloudwatch.MetricAlarm(
            name,
            name=name,
            alarm_description=description,
            metric_queries=[shown, *metrics],
            comparison_operator="GreaterThanThreshold",
            threshold=bound,
            evaluation_periods=ALARM_PERIODS,
            treat_missing_data="notBreaching",
            alarm_actions=list(topics),
            ok_actions=list(topics),
            tags=self._args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _metric(
    query: str, metric: str, statistic: str, dimensions: Mapping[str, str]
) -> aws.cloudwatch.MetricAlarmMetricQueryArgs:
    return aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id=query,
        metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
            namespace=_NAMESPACE,
            metric_name=metric,
            dimensions=dimensions,
            period=ALARM_PERIOD_SECONDS,
            stat=statistic,
        ),
        return_data=False,
    )
