"""The role of a stage's retraining pipelines allows what their definition does, and not more.

What a request needs is what the sandbox asks of its callers; conditions are taken to hold.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from integrations.formats import files_of
from release.domain import names
from release.domain.errors import UsageError
from sandbox.aws.shared.permissions import Permission, needed
from sandbox.aws.shared.policies import allows
from tests.end_to_end.permissions import actions, resources, without_action, without_resource
from tests.infra.declared import ACCOUNT, NEW, Declared, declare, pin, stage
from tests.integrations.stages import STAGE, exported

ENDPOINTS = {"delays": {"live": pin(NEW)}}
PLACE = f"us-east-1:{ACCOUNT}"
BUCKET = f"arn:aws:s3:::slipway-{STAGE}-{ACCOUNT}-us-east-1"
JOBS = {"Training": "TrainingJob", "Processing": "ProcessingJob"}
REQUEST: Any = {"type": "http", "headers": [(b"content-type", b"application/x-amz-json-1.1")]}
READ = {
    f"{BUCKET}/training/proven/delays-prod-1/gates.json": "s3:GetObject",
    "arn:of:Key:key": "kms:Decrypt",
}
"""What an execution reads itself: the property file, which the stage's key encrypts."""
LOOKED_UP = dict.fromkeys(("ecr:BatchGetImage", "ecr:DescribeImages"), "registering looks the image up")


def of_stage(**training: Any) -> Declared:
    return declare(stage(ENDPOINTS, name=STAGE, training=training))


def role_policy(declared: Declared) -> dict[str, Any]:
    [found] = [one for one in declared.of("RolePolicy") if one.name == "pipeline"]
    return found.document()


@pytest.fixture(scope="module")
def policy() -> dict[str, Any]:
    return role_policy(of_stage(pipelines=True))


def definition() -> dict[str, Any]:
    return json.loads(files_of("sagemaker-pipelines", exported(pipelines=True))["delays.pipeline.json"])


def requests() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each action that an execution calls, with what it is asked for."""
    steps = definition()["Steps"]
    [gates] = [step for step in steps if step["Type"] == "Condition"]
    for step in (*steps, *gates["Arguments"]["IfSteps"]):
        if kind := JOBS.get(step["Type"]):
            name = f"{step['Arguments'][f'{kind}Name']}-kytlemm1lvpq-cIpzShs3Qp-1"
            yield f"Create{kind}", {**step["Arguments"], f"{kind}Name": name}
            yield f"Describe{kind}", {f"{kind}Name": name}
            yield f"Stop{kind}", {f"{kind}Name": name}
        if step["Type"] == "RegisterModel":
            yield "CreateModelPackage", step["Arguments"]
            group = step["Arguments"]["ModelPackageGroupName"]
            version = f"arn:aws:sagemaker:{PLACE}:model-package/{group}/1"
            yield "DescribeModelPackage", {"ModelPackageName": version}
            yield "AddTags", {"ResourceArn": version}


def needs() -> set[Permission]:
    """What an execution needs of its role."""
    asked = {
        one
        for action, request in requests()
        for one in needed("sagemaker", action, REQUEST, json.dumps(request).encode())
    }
    images = f"arn:aws:ecr:{PLACE}:repository/slipway-{STAGE}"
    read = {Permission(action, resource) for resource, action in READ.items()}
    return asked | read | {Permission(action, images) for action in LOOKED_UP}


def test_a_stage_declares_the_role_and_says_its_arn_where_its_settings_ask_for_it():
    name = names.pipeline_role(STAGE, "us-east-1")
    roles = {role.inputs["name"]: role for role in of_stage(pipelines=True).of("Role")}
    assert name in roles
    assert json.loads(roles[name].inputs["assumeRolePolicy"]) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
            }
        ],
    }
    plain = of_stage()
    assert name not in {role.inputs["name"] for role in plain.of("Role")}
    assert of_stage(pipelines=True).aws() - plain.aws() == {
        ("aws:iam/role:Role", "pipeline"),
        ("aws:iam/rolePolicy:RolePolicy", "pipeline"),
    }
    page = files_of("sagemaker-pipelines", exported(pipelines=True))["README.md"]
    assert f"--role-arn arn:aws:iam::{ACCOUNT}:role/{name} " in page
    unnamed = files_of("sagemaker-pipelines", exported())["README.md"]
    assert "--role-arn ROLE " in unnamed
    assert "slipway:training: {pipelines: true}" in unnamed


def test_the_role_is_bounded_where_the_stage_says_so():
    bound = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    settings = stage(ENDPOINTS, name=STAGE, training={"pipelines": True}, permissions_boundary=bound)
    assert {role.inputs["permissionsBoundary"] for role in declare(settings).of("Role")} == {bound}


def test_the_role_allows_each_call_of_the_exported_definition(policy):
    assert [one for one in sorted(needs()) if not allows([policy], *one)] == []
    assert {action for action, _ in requests()} >= {"CreateTrainingJob", "CreateProcessingJob"}


def test_without_a_permission_or_a_resource_of_the_role_a_call_is_denied(policy):
    def denied(left: Any) -> list[Permission]:
        return [one for one in needs() if not allows([left], *one)]

    assert [one for one in actions(policy) if not denied(without_action(policy, one))] == []
    assert [one for one in resources(policy) if not denied(without_resource(policy, *one))] == []


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("sagemaker:CreateTrainingJob", f"arn:aws:sagemaker:{PLACE}:training-job/delays-dev-1"),
        ("sagemaker:StopTrainingJob", f"arn:aws:sagemaker:{PLACE}:training-job/others-prod-1"),
        ("sagemaker:UpdateModelPackage", f"arn:aws:sagemaker:{PLACE}:model-package/delays-prod-retrained/1"),
        ("sagemaker:CreateModelPackage", f"arn:aws:sagemaker:{PLACE}:model-package-group/delays-prod"),
        ("sagemaker:UpdateEndpoint", f"arn:aws:sagemaker:{PLACE}:endpoint/delays-prod"),
        ("sagemaker:StartPipelineExecution", f"arn:aws:sagemaker:{PLACE}:pipeline/delays-prod-retrain"),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/slipway-prod-us-east-1-execution"),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/slipway-prod-us-east-1-pipeline"),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/slipway-dev-us-east-1-training"),
        ("s3:GetObject", f"{BUCKET}/ledger/00000001.json"),
        ("s3:GetObject", f"{BUCKET}/capture/delays-prod/live/x.jsonl"),
        ("s3:PutObject", f"{BUCKET}/training/proven/x/model.tar.gz"),
        ("s3:ListBucket", BUCKET),
        ("ecr:PutImage", f"arn:aws:ecr:{PLACE}:repository/slipway-prod"),
    ],
)
def test_what_is_not_the_pipelines_is_denied(policy, action, resource):
    assert not allows([policy], action, resource)


def test_nothing_is_allowed_on_all_and_no_action_by_a_pattern(policy):
    assert [action for action in actions(policy) if "*" in action] == []
    for _, resource in resources(policy):
        own = resource.removesuffix("/*").removesuffix("-*")
        assert "*" not in own
        assert STAGE in own or own == "arn:of:Key:key"
    handed = [one for one in policy["Statement"] if one["Action"] == "iam:PassRole"]
    assert [one["Condition"] for one in handed] == [
        {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    ]


def test_a_stage_without_endpoints_has_a_policy_that_aws_takes():
    policy = role_policy(declare(stage({}, name=STAGE, training={"pipelines": True})))
    assert all(one["Resource"] for one in policy["Statement"])


@pytest.mark.parametrize("name", ["delays", "a" * 30])
def test_a_job_of_a_pipeline_has_a_name_that_sagemaker_takes(name):
    """It adds an execution's id of 12 characters, a token of 10 or 12 and a number, each after a hyphen."""
    job = f"{names.pipeline_jobs(name, 'a' * 12)}-{'e' * 12}-{'t' * 12}-9"
    assert len(job) <= names.SAGEMAKER_NAME_LIMIT


def test_pipelines_is_a_switch():
    with pytest.raises(UsageError, match=r"slipway:training\.pipelines"):
        stage(ENDPOINTS, training={"pipelines": "sometimes"})
