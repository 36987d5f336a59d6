"""The topic that people hear of alarms on, and the alarms of one endpoint.

An endpoint's alarms exist before it does, and those of a guarded update before it begins: one that names a
missing alarm would not be watched. An alarm without data does not ring. By which bounds they ring is
`release/domain/health/guards.py`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import policies
from infra.arns import Place
from infra.components.metric_alarm import metric_alarm
from release.domain import names
from release.domain.health import guards
from release.domain.pins import Alarms


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
        pair = guards.of_endpoint(args.endpoint, args.bounds)
        self.all: list[pulumi.Resource] = [metric_alarm(alarm, args.tags, self) for alarm in pair]
        if args.watched:
            for alarm in guards.of_fleet(args.endpoint, args.watched, args.bounds):
                metric_alarm(alarm, args.tags, self)
        self.register_outputs({})
