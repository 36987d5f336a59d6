"""SNS: a topic, its policy, and who is subscribed to it."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.pulumi.provider.aws import Aws, ProviderError, attempt, find, tag_list, tag_map
from sandbox.pulumi.provider.properties import Default, Property, json_document
from sandbox.pulumi.provider.resource import NAME, TAGS, Described, Resource, Update, retag
from sandbox.pulumi.provider.values import Properties

_GONE = ("NotFound", "NotFoundException")
_ATTRIBUTES = {
    "displayName": "DisplayName",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
}


class Topic(Described):
    """A topic that alarms publish to."""

    token = "aws:sns/topic:Topic"  # noqa: S105
    label = "SNS Topic"
    service, member, gone = "sns", "TopicArn", _GONE
    describe_call, delete_call = "get_topic_attributes", "delete_topic"
    computed = ("arn", "owner")
    properties: ClassVar[Mapping[str, Property]] = {
        "name": NAME,
        "displayName": Property(),
        "kmsMasterKeyId": Property(),
        "policy": Property(default=Default.COMPUTED, normal=json_document),
        "tags": TAGS,
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        name = str(inputs["name"])
        attributes = {theirs: inputs[ours] for ours, theirs in _ATTRIBUTES.items() if inputs.get(ours)}
        answer = attempt(
            f"creating SNS Topic ({name})",
            aws.client("sns").create_topic,
            Name=name,
            Attributes=attributes,
            Tags=tag_list(aws.all_tags(inputs.get("tags"))),
        )
        return answer["TopicArn"]

    def state(self, aws: Aws, doing: str, identifier: str, found: Any) -> Properties:
        attributes = found["Attributes"]
        listed = attempt(doing, aws.client("sns").list_tags_for_resource, ResourceArn=identifier)
        return {
            "name": identifier.rsplit(":", 1)[-1],
            "arn": identifier,
            "owner": attributes.get("Owner"),
            "tagsAll": tag_map(listed.get("Tags", ())),
            **{ours: attributes.get(theirs) for ours, theirs in _ATTRIBUTES.items()},
        }

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        sns = aws.client("sns")
        doing = f"updating SNS Topic ({identifier})"
        for ours in sorted(update.changed & set(_ATTRIBUTES)):
            value = update.inputs.get(ours) or ""
            attempt(
                doing,
                sns.set_topic_attributes,
                TopicArn=identifier,
                AttributeName=_ATTRIBUTES[ours],
                AttributeValue=value,
            )
        retag(doing, update, sns.tag_resource, sns.untag_resource, ResourceArn=identifier)


class TopicPolicy(Described):
    """Who may publish to a topic."""

    token = "aws:sns/topicPolicy:TopicPolicy"  # noqa: S105
    label = "SNS Topic Policy"
    service, member, gone = "sns", "TopicArn", _GONE
    describe_call = "get_topic_attributes"
    identity = ("arn",)
    computed = ("owner",)
    properties: ClassVar[Mapping[str, Property]] = {
        "arn": Property(required=True, replaces=True),
        "policy": Property(required=True, normal=json_document),
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        arn = str(inputs["arn"])
        self._put(aws, f"creating SNS Topic Policy ({arn})", arn, str(inputs["policy"]))
        return arn

    def state(self, aws: Aws, doing: str, identifier: str, found: Any) -> Properties | None:
        attributes = found["Attributes"]
        if not attributes.get("Policy"):
            return None
        return {"arn": identifier, "owner": attributes.get("Owner"), "policy": attributes["Policy"]}

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        doing = f"updating SNS Topic Policy ({identifier})"
        self._put(aws, doing, identifier, str(update.inputs["policy"]))

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        # A topic always has a policy: deleting one puts the default back, which lets the owner do all.
        owner = state.get("owner") or identifier.split(":")[4]
        policy = {
            "Version": "2008-10-17",
            "Id": "__default_policy_ID",
            "Statement": [
                {
                    "Sid": "__default_statement_ID",
                    "Effect": "Allow",
                    "Principal": {"AWS": "*"},
                    "Action": ["SNS:Publish", "SNS:Subscribe", "SNS:GetTopicAttributes"],
                    "Resource": identifier,
                    "Condition": {"StringEquals": {"AWS:SourceOwner": owner}},
                }
            ],
        }
        find(
            f"deleting SNS Topic Policy ({identifier})",
            _GONE,
            aws.client("sns").set_topic_attributes,
            TopicArn=identifier,
            AttributeName="Policy",
            AttributeValue=json.dumps(policy),
        )

    def _put(self, aws: Aws, doing: str, arn: str, policy: str) -> None:
        put = aws.client("sns").set_topic_attributes
        attempt(doing, put, TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


class TopicSubscription(Described):
    """Who hears of what a topic publishes. Its id is its ARN, also while it waits to be confirmed."""

    token = "aws:sns/topicSubscription:TopicSubscription"  # noqa: S105
    label = "SNS Topic Subscription"
    service, member, gone = "sns", "SubscriptionArn", _GONE
    describe_call = "get_subscription_attributes"
    identity = ()
    computed = ("arn", "ownerId", "pendingConfirmation")
    properties: ClassVar[Mapping[str, Property]] = {
        "topic": Property(required=True, replaces=True),
        "protocol": Property(required=True, replaces=True),
        "endpoint": Property(required=True, replaces=True),
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        endpoint = str(inputs["endpoint"])
        answer = attempt(
            f"creating {self.label} ({endpoint})",
            aws.client("sns").subscribe,
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=endpoint,
            ReturnSubscriptionArn=True,
        )
        return answer["SubscriptionArn"]

    def state(self, aws: Aws, doing: str, identifier: str, found: Any) -> Properties:
        attributes = found["Attributes"]
        return {
            "arn": identifier,
            "topic": attributes["TopicArn"],
            "protocol": attributes["Protocol"],
            "endpoint": attributes["Endpoint"],
            "ownerId": attributes.get("Owner"),
            "pendingConfirmation": attributes.get("PendingConfirmation") == "true",
        }

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        raise ProviderError(f"updating {self.label} ({identifier}): nothing of it can be updated")

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        # One that nobody confirmed cannot be deleted; AWS drops it after a while.
        missing = (*_GONE, "InvalidParameter:pending confirmation")
        unsubscribe = aws.client("sns").unsubscribe
        find(f"deleting {self.label} ({identifier})", missing, unsubscribe, SubscriptionArn=identifier)


RESOURCES: tuple[Resource, ...] = (Topic(), TopicPolicy(), TopicSubscription())
