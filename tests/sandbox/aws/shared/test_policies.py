"""What IAM policies allow, and in which words what they do not allow is refused."""

import pytest

from sandbox.aws.shared.errors import BadRequest
from sandbox.aws.shared.permissions import Permission
from sandbox.aws.shared.policies import Policies, allows

MODEL = "arn:aws:sagemaker:us-east-1:123456789012:model/delays-prod-1"


def statement(action, resource="*", effect="Allow", **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([], False),
        ([statement("sagemaker:CreateModel")], True),
        ([statement("sagemaker:createmodel")], True),
        ([statement("sagemaker:CreateModelPackage")], False),
        ([statement("sagemaker:Create*")], True),
        ([statement("sagemaker:CreateMode?")], True),
        ([statement("*")], True),
        ([statement(["iam:PassRole", "sagemaker:CreateModel"])], True),
        ([statement("sagemaker:CreateModel", "arn:aws:sagemaker:*:123456789012:model/*-prod-*")], True),
        ([statement("sagemaker:CreateModel", "arn:aws:sagemaker:*:123456789012:model/*-dev-*")], False),
        ([statement("sagemaker:CreateModel", MODEL.replace(".", "x"))], True),
        ([statement("sagemaker:*"), statement("sagemaker:CreateModel", effect="Deny")], False),
        ([{"Effect": "Allow", "NotAction": "sagemaker:Create*", "Resource": "*"}], False),
        ([{"Effect": "Allow", "NotAction": "sagemaker:Delete*", "Resource": "*"}], True),
        ([{"Effect": "Allow", "Action": "*", "NotResource": MODEL}], False),
        ([{"Effect": "Allow", "Action": "*", "NotResource": ["arn:aws:s3:::*", "*:domain/*"]}], True),
        ([statement("sagemaker:CreateModel", Condition={"StringEquals": {"a": "b"}})], True),
    ],
)
def test_what_a_policy_allows(statements, allowed):
    assert allows([{"Statement": statements}], "sagemaker:CreateModel", MODEL) is allowed


def test_one_statement_need_not_be_a_list_and_policies_add_up():
    documents = [{"Statement": statement("iam:PassRole")}, {"Statement": statement("sagemaker:CreateModel")}]
    assert allows(documents, "iam:PassRole", "arn:aws:iam::123456789012:role/x")
    assert allows(documents, "sagemaker:CreateModel", MODEL)


def signed_by(key):
    value = f"AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/sagemaker/aws4_request, Signature=0"
    return {"headers": [(b"authorization", value.encode())]}


def test_only_who_has_policies_is_held_to_them_and_is_told_what_is_missing():
    policies = Policies()
    policies.set("deployer", [{"Statement": statement("sagemaker:DescribeModel")}])
    needs = [Permission("sagemaker:CreateModel", MODEL)]
    policies.check(signed_by("somebody"), "sagemaker", needs)
    policies.check({"headers": []}, "sagemaker", needs)
    with pytest.raises(BadRequest) as caught:
        policies.check(signed_by("deployer"), "sagemaker", needs)
    assert (caught.value.code, caught.value.status) == ("AccessDeniedException", 400)
    assert caught.value.message == (
        "User: arn:aws:iam::123456789012:user/deployer is not authorized to perform: sagemaker:CreateModel "
        f"on resource: {MODEL} because no identity-based policy allows the sagemaker:CreateModel action"
    )
    with pytest.raises(BadRequest) as caught:
        policies.check(signed_by("deployer"), "s3", [Permission("s3:GetObject", "arn:aws:s3:::b/k")])
    assert (caught.value.code, caught.value.status) == ("AccessDenied", 403)
    assert 'on resource: "arn:aws:s3:::b/k" because' in caught.value.message, "S3 puts it into quotes"
    policies.clear()
    policies.check(signed_by("deployer"), "sagemaker", needs)


def test_a_role_that_was_assumed_is_told_by_its_own_name():
    policies, role = Policies(), "arn:aws:sts::123456789012:assumed-role/runs/SageMaker"
    policies.set("ASIA1", [], role)
    with pytest.raises(BadRequest, match=f"User: {role} is not authorized"):
        policies.check(signed_by("ASIA1"), "s3", [Permission("s3:GetObject", "arn:aws:s3:::b/k")])


@pytest.mark.parametrize("document", [{}, {"Statement": [{"Effect": "Allow"}]}, {"Statement": ["x"]}, []])
def test_what_is_no_policy_is_refused(document):
    with pytest.raises(ValueError, match="not a policy"):
        Policies().set("deployer", [document])
