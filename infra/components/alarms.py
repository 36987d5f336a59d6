"""The topic that people hear of alarms on, and the alarms of one endpoint.

An endpoint's alarms exist before it does: an update that names a missing alarm is refused, and an alarm
without data does not ring.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import policies
from infra.arns import Place
from release.domain import names
from release.domain.guardrails import ALARM_PERIOD_SECONDS, ALARM_PERIODS
from release.domain.pins import Alarms

_FEWEST_REQUESTS = 20
"""In one period. Below it, one failed request would already take an update back."""

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

    stage: str
    endpoint: str
    """The endpoint's name in the stage's data, such as `delays`."""
    bounds: Alarms
    topic_arn: pulumi.Input[str]
    tags: Mapping[str, str]


class EndpointAlarms(pulumi.ComponentResource):
    """The alarms that take an update of one endpoint back, and page the stage's topic."""

    def __init__(
        self, name: str, args: EndpointAlarmsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("slipway:components:EndpointAlarms", name, None, opts)
        self._args = args
        self.all: list[pulumi.Resource] = [self._errors(), self._latency()]
        self.register_outputs({})

    def _errors(self) -> aws.cloudwatch.MetricAlarm:
        alarm = names.alarm(self._args.endpoint, self._args.stage, "errors")
        percent = self._args.bounds.errors_percent
        return aws.cloudwatch.MetricAlarm(
            alarm,
            name=alarm,
            alarm_description=f"More than {percent:g} % of a minute's invocations failed (HTTP 5xx).",
            metric_queries=[
                aws.cloudwatch.MetricAlarmMetricQueryArgs(
                    id="share",
                    expression=f"IF(requests >= {_FEWEST_REQUESTS}, 100 * errors / requests, 0)",
                    label="Failed invocations, percent",
                    return_data=True,
                ),
                self._sum("errors", "Invocation5XXErrors"),
                self._sum("requests", "Invocations"),
            ],
            comparison_operator="GreaterThanThreshold",
            threshold=percent,
            evaluation_periods=ALARM_PERIODS,
            treat_missing_data="notBreaching",
            alarm_actions=[self._args.topic_arn],
            ok_actions=[self._args.topic_arn],
            tags=self._args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _latency(self) -> aws.cloudwatch.MetricAlarm:
        alarm = names.alarm(self._args.endpoint, self._args.stage, "latency")
        milliseconds = self._args.bounds.latency_ms
        return aws.cloudwatch.MetricAlarm(
            alarm,
            name=alarm,
            alarm_description=f"One invocation in a hundred waited over {milliseconds:g} ms for the model.",
            namespace=_NAMESPACE,
            metric_name="ModelLatency",
            dimensions=self._dimensions(),
            extended_statistic="p99",
            period=ALARM_PERIOD_SECONDS,
            comparison_operator="GreaterThanThreshold",
            threshold=milliseconds * _MICROSECONDS_PER_MILLISECOND,
            evaluation_periods=ALARM_PERIODS,
            evaluate_low_sample_count_percentiles="ignore",
            treat_missing_data="notBreaching",
            alarm_actions=[self._args.topic_arn],
            ok_actions=[self._args.topic_arn],
            tags=self._args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _sum(self, query: str, metric: str) -> aws.cloudwatch.MetricAlarmMetricQueryArgs:
        return aws.cloudwatch.MetricAlarmMetricQueryArgs(
            id=query,
            metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace=_NAMESPACE,
                metric_name=metric,
                dimensions=self._dimensions(),
                period=ALARM_PERIOD_SECONDS,
                stat="Sum",
            ),
            return_data=False,
        )

    def _dimensions(self) -> dict[str, str]:
        endpoint = names.endpoint(self._args.endpoint, self._args.stage)
        return {"EndpointName": endpoint, "VariantName": names.LIVE}
