"""Publish without a topic, target or phone number is refused in SNS's words; moto would fail on it."""

from moto.core.responses import ActionResult
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.responses import SNSResponse


def install() -> None:
    """Patch moto's Publish."""
    original = SNSResponse.publish

    def publish(self: SNSResponse) -> ActionResult:
        if not any(self._get_param(name) for name in ("TopicArn", "TargetArn", "PhoneNumber")):
            raise SNSInvalidParameter("TopicArn or TargetArn Reason: no value for required parameter")
        return original(self)

    SNSResponse.publish = publish
