"""What moto's SNS lacks: a Publish to nobody is refused, and HTTP subscribers confirm before they hear."""

from typing import Any, cast

from moto.core.responses import ActionResult
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import Subscription
from moto.sns.responses import SNSResponse

from sandbox.aws.shared.moto_actions import replace
from sandbox.aws.sns.http import PENDING, PROTOCOLS, Posts, confirm, is_pending

ARN_PARTS = 6


def install(posts: Posts) -> None:
    """Patch moto's SNS."""
    published, subscribed, delivered = SNSResponse.publish, SNSResponse.subscribe, Subscription.publish

    def publish(self: SNSResponse) -> ActionResult:
        if not any(self._get_param(name) for name in ("TopicArn", "TargetArn", "PhoneNumber")):
            raise SNSInvalidParameter("TopicArn or TargetArn Reason: no value for required parameter")
        return published(self)

    def subscribe(self: SNSResponse) -> ActionResult:
        parts = str(self._get_param("TopicArn") or "").split(":")
        if len(parts) < ARN_PARTS:
            reason = f"An ARN must have at least {ARN_PARTS} elements, not {len(parts)}"
            raise SNSInvalidParameter(f"Invalid parameter: TopicArn Reason: {reason}")
        known = set(self.backend.subscriptions)
        answer = subscribed(self)
        arn = cast(Any, answer.result)["SubscriptionArn"]
        subscription = self.backend.subscriptions[arn]
        if subscription.protocol not in PROTOCOLS:
            return answer
        if arn not in known or is_pending(subscription):
            posts.ask(subscription)
        wanted = str(self._get_param("ReturnSubscriptionArn")).lower() == "true"
        return ActionResult({"SubscriptionArn": arn if wanted or not is_pending(subscription) else PENDING})

    def deliver(self: Subscription, message: str, message_id: str, *rest: Any, **members: Any) -> None:
        if self.protocol not in PROTOCOLS:
            return delivered(self, message, message_id, *rest, **members)
        matcher = self._filter_policy_matcher
        if matcher is None or matcher.matches(members.get("message_attributes"), message):
            if members.get("message_structure") == "json":
                message = self._parse_message_structure(message, self.protocol)
            posts.notify(self, message, message_id, members.get("subject"))
        return None

    SNSResponse.publish = publish
    SNSResponse.subscribe = subscribe
    Subscription.publish = deliver
    replace(SNSResponse, "confirm_subscription", _confirm)


def _confirm(self: SNSResponse) -> ActionResult:
    topic, token = self._get_param("TopicArn"), self._get_param("Token") or ""
    for arn, subscription in list(self.backend.subscriptions.items()):
        if subscription.topic.arn == topic and confirm(subscription, token):
            return ActionResult({"SubscriptionArn": arn})
    raise SNSInvalidParameter("Invalid parameter: Token")
