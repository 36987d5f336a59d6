"""People with AWS identities of their own approve a release, and waive a gate of one."""

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from ruamel.yaml import YAML

from demo import bad_models
from infra.deployer_policy import document
from tests.end_to_end.world import SKIP

pytestmark = pytest.mark.sandbox
SSO = "arn:aws:iam::123456789012:role/AWSReservedSSO_Approver_0a1b2c3d4e5f"
BUCKETS = "arn:aws:s3:::slipway-*"
APPROVER = {
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:GetObject"],
            "Resource": [BUCKETS, f"{BUCKETS}/*"],
        },
        {
            "Effect": "Allow",
            "Action": ["s3:PutObject"],
            "Resource": [f"{BUCKETS}/{prefix}/*" for prefix in ("approvals", "waivers", "ledger")],
        },
        {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": ["*"]},
    ]
}
"""What docs/releases.md says that an approver needs, and no more."""
ROLE = "arn:aws:iam::123456789012:role/deployer"


def ask(world, stage, **values: Any):
    """What a stage asks for, as a person writes it into Pulumi.yaml."""
    yaml, path = YAML(), world.project / "Pulumi.yaml"
    document = yaml.load(path)
    [entry] = [entry for entry in document["stages"] if entry["name"] == stage]
    entry.update(values)
    yaml.dump(document, path)


def user(world, name):
    """The environment of an IAM user with keys of its own."""
    iam = world.client("iam")
    iam.create_user(UserName=name)
    return _with(world, iam.create_access_key(UserName=name)["AccessKey"])


def session(world, role, name):
    """The environment of whoever assumed a role under this name."""
    answer = world.client("sts").assume_role(RoleArn=role, RoleSessionName=name)
    return _with(world, answer["Credentials"])


def _with(world, keys):
    named = {"AccessKeyId": "AWS_ACCESS_KEY_ID", "SecretAccessKey": "AWS_SECRET_ACCESS_KEY"}
    named |= {"SessionToken": "AWS_SESSION_TOKEN"} if "SessionToken" in keys else {}
    return world.env | {variable: keys[key] for key, variable in named.items()}


def test_two_people_approve_what_a_third_released(world, trained):
    release = world.slipway("release", "--model", os.fspath(trained["logistic"])).result["release"]
    ask(world, "prod", approvals=2, approval_days=7)
    say = ("approve", release, "--stage", "prod", "--reason", "read the report")
    assert "./slipway promote prod; it makes the stage" in world.slipway(*say, expected=2).stderr
    world.sandbox.reset_calls()
    refused = world.slipway("promote", "dev", "prod", *SKIP, expected=1)
    assert "approval: 0 of 2 approvals: nobody said yes" in refused.stderr
    assert f"./slipway approve {release} --stage prod --reason 'why'" in refused.stderr
    assert world.endpoint("prod").live is None
    assert "user/moto released" in world.slipway(*say, expected=2).stderr, "the maker's own"

    keys = user(world, "ada")
    world.sandbox.enforce(keys["AWS_ACCESS_KEY_ID"], [APPROVER])
    ada = world.slipway(*say, env=keys | {"GITHUB_ACTOR": "ada-at-github"}).result
    assert (ada["by"], ada["missing"]) == ("arn:aws:iam::123456789012:user/ada", 1)
    assert "(CI says: ada-at-github)" in ada["words"]
    role = world.slipway(*say, env=session(world, ROLE, "ada"), expected=2).stderr
    assert "assumed-role/deployer/ada is a session of a role, and a role is no person" in role
    no = ("approve", release, "--stage", "prod", "--revoke", "--reason", "not yet")
    assert world.slipway(*no, env=session(world, SSO, "carl")).result["missing"] == 2
    world.slipway("promote", "dev", "prod", *SKIP, expected=1)
    deployer = user(world, "deployer")
    policies = [document(world.settings(stage)) for stage in ("dev", "staging", "prod")]
    world.sandbox.enforce(deployer["AWS_ACCESS_KEY_ID"], policies)
    denied = world.slipway(*say, env=deployer, expected=4).stderr
    assert 'not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::slipway-prod' in denied
    for name in ("bob", "carl"):  # these are Identity Center's
        said = world.slipway(*say, env=session(world, SSO, name)).result
    assert said["missing"] == 0

    assert world.slipway("promote", "dev", "prod", *SKIP).result["changed"]
    world.assert_at_rest("prod", serves=release)
    lines = world.slipway("history", "prod").result["rollouts"]
    assert [line["end"] for line in lines] == [
        *("refused", "approved", "revoked"),
        *("refused", "approved", "approved", "landed"),
    ]
    assert [one["by"].rpartition("/")[2] for one in lines[-1]["approvals"]] == ["bob", "carl"]
    world.slipway("verify", "prod")


@pytest.mark.long
def test_a_version_that_is_approved_in_sagemakers_registry_lets_its_release_in(world, trained):
    release = world.slipway("release", "--model", os.fspath(trained["logistic"])).result["release"]
    world.set("staging", model_packages="approved")
    deployer = user(world, "registering")
    policies = [document(world.settings(stage)) for stage in ("dev", "staging")]
    world.sandbox.enforce(deployer["AWS_ACCESS_KEY_ID"], policies)
    refused = world.slipway("promote", "staging", expected=1, env=deployer).stderr
    assert "model_package: version 1 in SageMaker's Model Registry waits for its approval" in refused
    [listed] = world.client("sagemaker").list_model_packages(ModelPackageGroupName="delays-staging")[
        "ModelPackageSummaryList"
    ]
    arn = listed["ModelPackageArn"]
    approved = {"ModelPackageArn": arn, "ModelApprovalStatus": "Approved"}
    with pytest.raises(ClientError, match="not authorized to perform: sagemaker:UpdateModelPackage"):
        _client(world, deployer).update_model_package(**approved)
    reader = _client(world, user(world, "reader"))
    reader.update_model_package(**approved, ApprovalDescription="read its card")

    assert world.slipway("promote", "staging", env=deployer).result["release"] == release
    [line] = [one for one in world.slipway("history", "staging").result["rollouts"] if one["end"] == "landed"]
    assert [(one["by"].rpartition("/")[2], one["reason"]) for one in line["approvals"]] == [
        ("reader", "read its card")
    ]
    live = world.endpoint("staging").live
    package = world.client("sagemaker").describe_model_package(ModelPackageName=arn)
    [container] = package["InferenceSpecification"]["Containers"]
    assert (container["Image"], container["ModelDataUrl"]) == (live.image, live.model)
    assert package["CustomerMetadataProperties"]["slipway.release"] == release
    group = arn.replace(":model-package/", ":model-package-group/").rpartition("/")[0]
    tags = world.client("sagemaker").list_tags(ResourceArn=group)["Tags"]
    assert {"Key": "slipway:alias:staging", "Value": "1"} in tags


def _client(world, env):
    """SageMaker for somebody else."""
    return world.sandbox.client(
        "sagemaker",
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
    )


@pytest.mark.long
def test_a_gate_that_failed_is_waived_until_a_day(world, trained, tmp_path):
    def fail(evidence):
        for gate in evidence["gates"]:
            if gate["name"] == "auc":
                gate.update(passed=False, reason="the test month's AUC is 0.66 (at least 0.68)")

    failing = bad_models.with_evidence(trained["boosting"], tmp_path, fail)
    order = ("release", "--model", os.fspath(failing))
    assert "./slipway waive" not in world.slipway(*order, expected=1).stderr, "dev allows none yet"
    ask(world, "dev", waivers=True)
    refused = world.slipway(*order, expected=1)
    release = world.entries("dev")[-1].subject.release
    assert f"./slipway waive {release} --stage dev --gate auc --reason 'why' --until " in refused.stderr
    today = datetime.now(UTC).date()
    waive = ("waive", release, "--stage", "dev", "--reason", "a new airport", "--until")
    assert "is past" in world.slipway(*waive, f"{today - timedelta(2)}", "--gate", "auc", expected=2).stderr
    until = f"{today + timedelta(2)}"
    assert "nothing to waive" in world.slipway(*waive, until, "--gate", "log_loss", expected=2).stderr
    assert "nobody can waive" in world.slipway(*waive, until, "--gate", "parity", expected=2).stderr
    world.slipway(*waive, until, "--gate", "auc")

    done = world.slipway(*order)
    words = f"auc waived until {until} by user/moto: a new airport"
    assert words in done.stderr
    assert done.result["release"] == release
    world.assert_at_rest("dev", serves=release)
    [landed] = world.slipway("history", "dev", "--last", "1").result["rollouts"]
    assert [(one["gate"], one["until"]) for one in landed["waivers"]] == [("auc", until)]
    assert "auc: " in world.slipway("promote", "dev", "prod", *SKIP, expected=1).stderr, "prod allows none"
