"""The deployer's policy covers what the commands and Pulumi call in a short real life."""

import os

import pytest

from infra.deployer_policy import document
from tests.infra.deployer_policy import allows

pytestmark = [
    pytest.mark.sandbox,
    # pulumi_aws warns of its own old names when it is imported.
    pytest.mark.filterwarnings("ignore:.*has been deprecated in favor of:DeprecationWarning"),
]
STAGES = ("dev", "staging", "prod")
"""Prod too: whoever releases reads the other stages' fences, and status tells of all."""


@pytest.fixture(scope="module")
def needs(world, trained):
    """What the callers of a whole life needed, from the first stage to its end."""
    world.sandbox.reset_calls()
    world.slipway("release", "--model", os.fspath(trained["logistic"]))
    world.slipway("promote", "staging")
    world.slipway("release", "--model", os.fspath(trained["boosting"]))
    world.slipway("promote", "staging")
    world.slipway("rollback", "staging")
    for command in (("status",), ("history", "staging"), ("cleanup", "staging", "--older-than", "0")):
        world.slipway(*command)
    for command in (("invoke", "staging"), ("doctor", "staging"), ("logs", "staging")):
        world.slipway(*command, expected=None)
    world.edit("staging", instances={"min": 2, "max": 5})
    world.up("staging")
    found = world.sandbox.permissions()
    world.sandbox.reset_calls()
    assert world.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview").returncode == 0
    for action, resources in world.sandbox.permissions().items():
        found[action] = sorted({*found.get(action, []), *resources})
    return found


def test_the_policies_of_the_stages_allow_every_call(world, needs):
    policies = [document(world.settings(stage)) for stage in STAGES]
    refused = [
        f"{action} on {resource}"
        for action, resources in needs.items()
        for resource in resources
        if not any(allows(policy, action, resource) for policy in policies)
    ]
    assert refused == [], "\n".join(refused)


def test_it_sees_what_is_easily_forgotten(needs):
    """Without these a policy looks whole, and the first hour on a real account ends with an error."""
    assert needs.keys() >= {
        *("iam:PassRole", "iam:CreateServiceLinkedRole", "kms:CreateGrant", "kms:GenerateDataKey"),
        *("s3:ListBucket", "s3:ListBucketVersions", "logs:CreateLogGroup", "kms:TagResource"),
        *("application-autoscaling:RegisterScalableTarget", "servicequotas:ListServiceQuotas"),
        *("ecr:PutImage", "ecr:InitiateLayerUpload", "sagemaker:AddTags", "sagemaker:InvokeEndpoint"),
    }
