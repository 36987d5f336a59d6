"""The policies of deployer and execution role allow all of a stage's life, and nothing that it needs not."""

import json
from fnmatch import fnmatch

import pytest

from infra.deployer_policy import document
from release.domain import names
from tests.end_to_end.life import lived
from tests.end_to_end.permissions import (
    BY_TIME,
    NOT_IN_THE_LIFE,
    actions,
    denied,
    resources,
    without_action,
    without_resource,
)
from tests.infra.deployer_policy import FILE

pytestmark = [pytest.mark.sandbox, pytest.mark.long]
STAGES = ("dev", "staging", "prod")
"""Prod too: whoever releases reads the other stages' fences, and status tells of all."""
POLICY = json.loads(FILE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def documents(world):
    """The deployers' policies, one for each stage; staging's releases are model packages too."""
    world.set("staging", model_packages="registered")
    return [document(world.settings(stage)) for stage in STAGES]


@pytest.fixture(scope="module")
def deployer(world, documents):
    """Every call of the world's user is held against the stages' policies, with these statements besides."""

    def holds(*statements):
        world.sandbox.enforce("deployer", [*documents, {"Statement": list(statements)}])

    holds()
    world.sandbox.env["AWS_ACCESS_KEY_ID"] = "deployer"
    yield holds
    world.sandbox.ask("DELETE", "policies")


@pytest.fixture(scope="module")
def life(world, trained, deployer):
    """What a whole life needed, from first to last; nothing was denied in it."""
    return lived(world, trained)


@pytest.fixture(scope="module")
def role(world, life):
    """The policies of staging's execution role, as IAM has them, with a network and captured requests."""
    iam, name = world.client("iam"), names.execution_role("staging", "us-east-1")
    inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
    return [iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"] for one in inline]


def test_the_policies_of_the_stages_allow_every_call(documents, life):
    """The registry's own protocol, too, whose calls the sandbox notes and cannot refuse."""
    assert list(denied(documents, life.callers)) == []


@pytest.mark.parametrize("action", actions(POLICY))
def test_without_a_permission_of_the_deployer_a_step_is_denied(documents, life, action):
    first = next(denied([without_action(one, action) for one in documents], life.callers), None)
    if action in NOT_IN_THE_LIFE:
        assert first is None, "a step needs it now: it is listed no more"
    elif first is not None or action not in BY_TIME:
        assert first is not None, "no step needs it: leave it out, or say why it is there"
        assert fnmatch(first.split(": ")[1].split(" ")[0], action)


def test_what_is_listed_as_in_no_step_is_in_the_policy():
    assert NOT_IN_THE_LIFE.keys() - set(actions(POLICY)) == set()


def test_without_a_resource_of_the_deployer_a_step_is_denied(documents, life):
    """Of staging's own; what has no stage in its name is taken from all policies at once."""
    spare = []
    for name, resource in resources(documents[1]):
        left = [without_resource(one, name, resource) for one in documents]
        if next(denied(left, life.callers), None) is None:
            spare.append(resource)
    assert spare == []


def test_without_a_permission_of_the_execution_role_a_step_is_denied(life, role):
    assert list(denied(role, life.role)) == []
    allowed = list(dict.fromkeys(action for one in role for action in actions(one)))
    assert len(allowed) > 20
    needed = {a: next(denied([without_action(one, a) for one in role], life.role), None) for a in allowed}
    assert [action for action, first in needed.items() if first is None] == []
    assert all(f": {action} on " in (first or "") for action, first in needed.items())


def test_without_a_resource_of_the_execution_role_a_step_is_denied(life, role):
    """The key is in two policies, for a stage may have either: what is captured, what files are answered."""
    spare = [
        name
        for place, one in enumerate(role)
        for name, resource in resources(one)
        if not next(
            denied([*role[:place], without_resource(one, name, resource), *role[place + 1 :]], life.role),
            None,
        )
    ]
    assert sorted(spare) == ["EncryptAnswers", "EncryptCaptured"]


@pytest.mark.parametrize(
    ("action", "command"),
    [
        ("sagemaker:DescribeEndpoint", ("status", "staging")),
        ("s3:GetObject", ("history", "staging")),
        ("sagemaker:UpdateEndpoint", ("rollback", "staging")),
    ],
)
def test_without_a_permission_a_command_fails_and_names_it(world, life, deployer, action, command):
    deployer({"Effect": "Deny", "Action": action, "Resource": "*"})
    try:
        done = world.slipway(*command, expected=4)
    finally:
        deployer()
    named = '"arn:aws:' if action.startswith("s3:") else "arn:aws:"
    assert f"is not authorized to perform: {action} on resource: {named}" in done.stderr


@pytest.mark.long
@pytest.mark.parametrize(
    "action",
    [
        *("application-autoscaling:DescribeScalableTargets", "cloudwatch:DescribeAlarms"),
        *("ecr:DescribeRepositories", "iam:GetRole", "kms:DescribeKey", "logs:DescribeLogGroups"),
        *("s3:GetBucketVersioning", "sagemaker:DescribeModel", "sns:GetTopicAttributes"),
    ],
)
def test_without_a_permission_pulumi_fails_and_names_it(world, life, deployer, action):
    """One of each service that the program declares things of: really denied, where the life would be."""
    if action.startswith("application-autoscaling"):
        world.edit("staging", instances={"min": 2, "max": 5})
        world.up("staging")
    deployer({"Effect": "Deny", "Action": action, "Resource": "*"})
    try:
        done = world.pulumi("preview", "--stack", "staging", "--refresh")
    finally:
        deployer()
    assert done.returncode != 0
    assert f"is not authorized to perform: {action} on resource: " in done.stdout + done.stderr
