"""What moto's Application Auto Scaling lacks: tags, and activities."""

import pytest

from sandbox.testing import SandboxHandle

pytestmark = pytest.mark.sandbox


def test_a_scalable_target_has_tags(sandbox: SandboxHandle) -> None:
    scaling = sandbox.client("application-autoscaling")
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/e/variant/live",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    arn = scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2, Tags={"a": "1"})[
        "ScalableTargetARN"
    ]
    scaling.tag_resource(ResourceARN=arn, Tags={"b": "2"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"b": "2"}


def test_no_scaling_activity_is_said_to_be_none(sandbox: SandboxHandle) -> None:
    """Clients that look for activities after a change find an empty list."""
    autoscaling = sandbox.client("application-autoscaling")
    assert autoscaling.describe_scaling_activities(ServiceNamespace="sagemaker")["ScalingActivities"] == []
