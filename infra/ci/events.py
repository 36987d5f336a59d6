"""What is told of the stages: alarms and endpoints that change, findings, and that a retrain is due.

EventBridge sends each event as it is to one target. The component starts nothing in a stage and reads none.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import policies
from infra.arns import Place
from release.domain import names
from release.domain.occasions import SOURCE

TOPIC = f"{names.PROJECT}-ci-events"
ALARMS, ENDPOINTS, FINDINGS, RETRAIN = "alarms", "endpoints", "findings", "retrain"


def rule_name(rule: str) -> str:
    """A rule's name in EventBridge."""
    return f"{names.PROJECT}-ci-{rule}"


def topic_policy(place: Place) -> str:
    """Who may publish to this stack's topic: EventBridge, for this stack's rules."""
    rules = [
        place.arn("events", f"rule/{rule_name(rule)}") for rule in (ALARMS, ENDPOINTS, FINDINGS, RETRAIN)
    ]
    return policies.document(
        {
            "Sid": "RulesPublish",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": place.arn("sns", TOPIC),
            "Condition": {
                "StringEquals": {"aws:SourceAccount": place.account},
                "ArnEquals": {"aws:SourceArn": rules},
            },
        }
    )


def patterns(place: Place, endpoints: Sequence[str]) -> dict[str, str]:
    """What is listened to, by rule; `endpoints` are SageMaker's names.

    Not the silent alarms of an endpoint's objectives: one fault rings many, and one over them tells of it.
    """
    silent = [names.alarm(name, f"{role}-") for name in endpoints for role in (names.LIVE, names.CANDIDATE)]
    alarms = [{"prefix": place.arn("cloudwatch", f"alarm:{name}-")} for name in endpoints]
    found = {
        ALARMS: {
            "source": ["aws.cloudwatch"],
            "detail-type": ["CloudWatch Alarm State Change"],
            "resources": alarms,
            "detail": {
                "alarmName": [{"anything-but": {"prefix": silent}}],
                "state": {"value": ["ALARM", "OK"]},
            },
        },
        ENDPOINTS: {
            "source": ["aws.sagemaker"],
            "detail-type": ["SageMaker Endpoint State Change"],
            "detail": {"EndpointName": list(endpoints)},
        },
        FINDINGS: {
            "source": [SOURCE],
            "account": [place.account],
            "detail": {"endpointName": list(endpoints)},
        },
    }
    return {name: json.dumps(pattern, sort_keys=True) for name, pattern in found.items()}


@dataclass(frozen=True)
class EventsArgs:
    """Arguments of Events."""

    place: Place
    endpoints: Sequence[str]
    """The endpoints that are listened to, by their names in SageMaker."""
    schedule: str | None
    """When a retrain is due, in EventBridge's words."""
    target: str | None
    """ARN of what gets the events; None for a topic that is made here."""
    target_role: str | None
    tags: Mapping[str, str]


class Events(pulumi.ComponentResource):
    """Rules and their target. `target` is its ARN."""

    def __init__(self, name: str, args: EventsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:ci:Events", name, None, opts)
        self._args = args
        self.target: pulumi.Output[str] = pulumi.Output.from_input(args.target or self._topic(name))
        for rule, pattern in patterns(args.place, args.endpoints).items() if args.endpoints else ():
            self._rule(rule, pattern=pattern)
        if args.schedule:
            self._rule(RETRAIN, schedule=args.schedule)
        self.register_outputs({"target": self.target})

    def _topic(self, name: str) -> pulumi.Output[str]:
        child = pulumi.ResourceOptions(parent=self)
        topic = aws.sns.Topic(name, name=TOPIC, tags=self._args.tags, opts=child)
        aws.sns.TopicPolicy(name, arn=topic.arn, policy=topic_policy(self._args.place), opts=child)
        return topic.arn

    def _rule(self, rule: str, pattern: str | None = None, schedule: str | None = None) -> None:
        made = aws.cloudwatch.EventRule(
            rule,
            name=rule_name(rule),
            event_pattern=pattern,
            schedule_expression=schedule,
            tags=self._args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.cloudwatch.EventTarget(
            rule,
            rule=made.name,
            target_id=rule,
            arn=self.target,
            role_arn=self._args.target_role,
            opts=pulumi.ResourceOptions(parent=self),
        )
