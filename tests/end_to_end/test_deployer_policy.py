"""The deployer's policy covers what the commands and Pulumi call in a short real life."""

import os

import pytest

from infra.deployer_policy import document
from sandbox.aws.shared.policies import allows

pytestmark = pytest.mark.sandbox
STAGES = ("dev", "staging", "prod")
"""Prod too: whoever releases reads the other stages' fences, and status tells of all."""


@pytest.fixture(scope="module")
def deployer(world):
    """Every call of the world's user is held against the stages' policies, with these statements besides."""
    documents = [document(world.settings(stage)) for stage in STAGES]

    def holds(*statements):
        world.sandbox.enforce("deployer", [*documents, {"Statement": list(statements)}])

    holds()
    world.sandbox.env["AWS_ACCESS_KEY_ID"] = "deployer"
    yield holds
    world.sandbox.ask("DELETE", "policies")


@pytest.fixture(scope="module")
def needs(world, trained, deployer):
    """What the callers of a whole life needed, from first to last; nothing was denied to them."""
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
    """The registry's own protocol, too, whose calls the sandbox notes and cannot refuse."""
    documents = [document(world.settings(stage)) for stage in STAGES]
    refused = [
        f"{action} on {resource}"
        for action, resources in needs.items()
        for resource in resources
        if not allows(documents, action, resource)
    ]
    assert refused == [], "\n".join(refused)


@pytest.mark.parametrize(
    ("action", "command"),
    [
        ("sagemaker:DescribeEndpoint", ("status", "staging")),
        ("s3:GetObject", ("history", "staging")),
        ("sagemaker:UpdateEndpoint", ("rollback", "staging")),
    ],
)
def test_without_a_permission_a_command_fails_and_names_it(world, needs, deployer, action, command):
    deployer({"Effect": "Deny", "Action": action, "Resource": "*"})
    try:
        done = world.slipway(*command, expected=4)
    finally:
        deployer()
    assert f"is not authorized to perform: {action} on resource: arn:aws:" in done.stderr


def test_it_sees_what_is_easily_forgotten(needs):
    """Without these a policy looks whole, and the first hour on a real account ends with an error."""
    assert needs.keys() >= {
        *("iam:PassRole", "iam:CreateServiceLinkedRole", "kms:CreateGrant", "kms:GenerateDataKey"),
        *("s3:ListBucket", "s3:ListBucketVersions", "logs:CreateLogGroup", "kms:TagResource"),
        *("application-autoscaling:RegisterScalableTarget", "servicequotas:ListServiceQuotas"),
        *("ecr:PutImage", "ecr:InitiateLayerUpload", "sagemaker:AddTags", "sagemaker:InvokeEndpoint"),
    }
