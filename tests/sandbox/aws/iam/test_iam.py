"""The policies that AWS manages."""

import pytest

from sandbox.testing import SandboxHandle
from tests.sandbox.world import World

pytestmark = pytest.mark.sandbox


def test_policies_that_aws_manages_can_be_attached(sandbox: SandboxHandle, world: World) -> None:
    """The one that most roles of SageMaker have."""
    iam = sandbox.client("iam")
    arn = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
    iam.attach_role_policy(RoleName="runs", PolicyArn=arn)
    attached = iam.list_attached_role_policies(RoleName="runs")["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == ["AmazonSageMakerFullAccess"]
