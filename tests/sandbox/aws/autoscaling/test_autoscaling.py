"""What moto's Application Auto Scaling lacks: tags, and activities."""

import pytest

from sandbox.aws.autoscaling.rules import target_problem
from sandbox.testing import SandboxHandle
from tests.sandbox.world import World

pytestmark = pytest.mark.sandbox


def test_a_scalable_target_has_tags(world: World) -> None:
    scaling = world.sandbox.client("application-autoscaling")
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{world.endpoint()}/variant/live",
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


@pytest.mark.parametrize(
    ("types", "bounds", "words"),
    [
        ({}, (1, 2), "doesn't exist: endpoint/e/variant/live"),
        ({"other": "ml.m7i.large"}, (1, 2), "doesn't exist"),
        ({"live": "ml.t2.medium"}, (1, 2), "not supported for the instance type ml.t2.medium"),
        ({"live": "ml.t3.large"}, (1, 1), "not supported"),
        ({"live": "ml.m7i.large"}, (3, 2), "cannot be greater than maximum"),
    ],
)
def test_what_cannot_be_a_target(types: dict[str, str | None], bounds: tuple[int, int], words: str) -> None:
    assert words in (target_problem("endpoint/e/variant/live", types, *bounds) or "")


def test_what_can_be_one() -> None:
    for kind in ("ml.m7i.large", "ml.trn1.2xlarge", None):
        for bounds in ((1, 1), (0, 4), (None, 4)):
            assert target_problem("endpoint/e/variant/live", {"live": kind}, *bounds) is None
