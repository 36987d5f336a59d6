"""The alarms of an endpoint's objectives, who is told, and its dashboard. It takes nothing back.

Each alarm is silent. One composite alarm pages the stage's topic, and another tells it of what can wait, each
once however many of its alarms ring: its description says what to do next. A ticket about what pages already
is not sent (`ActionsSuppressor`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import dashboard
from infra.arns import Place
from infra.components.metric_alarm import metric_alarm
from release.domain import names
from release.domain.health.serving import Watched
from release.domain.health.told import health

SUPPRESSED_SECONDS = 120
"""How long a ticket waits for a page of the same cause, and after one: two evaluations."""


@dataclass(frozen=True)
class EndpointHealthArgs:
    """Arguments of EndpointHealth."""

    watched: Watched
    place: Place
    topic_arn: pulumi.Input[str]
    tags: Mapping[str, str]


class EndpointHealth(pulumi.ComponentResource):
    """An endpoint's alarms, the composite alarms over them, and its dashboard."""

    def __init__(
        self, name: str, args: EndpointHealthArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("slipway:components:EndpointHealth", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        told = health(args.watched)
        silent = [metric_alarm(alarm, args.tags, self) for alarm in told.alarms]
        page: aws.cloudwatch.CompositeAlarm | None = None
        for message in told.messages:
            made = aws.cloudwatch.CompositeAlarm(
                message.name,
                alarm_name=message.name,
                alarm_description=message.says,
                alarm_rule=message.rule,
                actions_suppressor=None if page is None else _suppressed_by(page),
                alarm_actions=[args.topic_arn],
                ok_actions=[args.topic_arn],
                tags=args.tags,
                opts=pulumi.ResourceOptions(parent=self, depends_on=silent),
            )
            page = made if message.severity == "page" else page
        if told.messages:
            aws.cloudwatch.Dashboard(
                f"{args.watched.endpoint}-dashboard",
                dashboard_name=names.dashboard(args.watched.endpoint),
                dashboard_body=json.dumps(dashboard.body(args.watched, told, args.place), sort_keys=True),
                opts=child,
            )
        self.register_outputs({})


def _suppressed_by(page: aws.cloudwatch.CompositeAlarm) -> aws.cloudwatch.CompositeAlarmActionsSuppressorArgs:
    return aws.cloudwatch.CompositeAlarmActionsSuppressorArgs(
        alarm=page.alarm_name, wait_period=SUPPRESSED_SECONDS, extension_period=SUPPRESSED_SECONDS
    )
