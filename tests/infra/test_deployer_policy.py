"""The policy of whoever deploys: as the file says, small enough, and wide nowhere."""

import json
import re

import pytest
from botocore.session import get_session

from infra.deployer_policy import LONGEST, document, length, managed
from infra.policies import resources
from sandbox.aws.shared.policies import allows
from tests.end_to_end import permissions
from tests.infra.declared import NEW, pin, stage
from tests.infra.deployer_policy import FILE, KEPT, text


def statements():
    return document(stage())["Statement"]


def test_the_file_is_what_the_stages_data_says():
    """Otherwise: python -m tests.infra.deployer_policy."""
    assert FILE.read_text(encoding="utf-8") == text(KEPT)


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_aws_takes_it_as_one_managed_policy(name):
    assert len(re.sub(r"\s", "", text(name))) <= LONGEST


def test_everything_is_the_stages_own_but_what_aws_gives_no_name():
    unnamed = {one["Sid"] for one in statements() if one["Resource"] == "*"}
    assert unnamed == {"Scaling", "NoResource"}
    for one in (one for one in statements() if one["Sid"] not in unnamed):
        for arn in resources(one):
            own = r"slipway-dev|delays-dev|:key/\*|aws-service-role|:/aws/sagemaker/TransformJobs\*"
            assert re.search(own, arn), arn


def test_who_deploys_a_stage_with_trainings_starts_its_jobs_and_hands_over_their_role():
    documents = [document(stage(training={}))]
    job = "arn:aws:sagemaker:us-east-1:123456789012:training-job/delays-dev-0123456789ab"
    for action in ("CreateTrainingJob", "DescribeTrainingJob", "StopTrainingJob"):
        assert allows(documents, f"sagemaker:{action}", job)
        assert not allows(documents, f"sagemaker:{action}", job.replace("-dev-", "-prod-"))
        assert not allows([document(stage())], f"sagemaker:{action}", job)
    handed = [one["Resource"] for one in documents[0]["Statement"] if one["Action"] == ["iam:PassRole"]]
    assert [arn.rpartition("/")[2] for arn in handed[0]] == [
        "slipway-dev-us-east-1-execution",
        "slipway-dev-us-east-1-training",
    ]
    assert length(documents[0]) <= LONGEST


def test_who_deploys_a_stage_with_pipelines_makes_and_starts_them_and_approves_nothing():
    plain, asked = (document(stage(training={"pipelines": each})) for each in (False, True))
    place = "arn:aws:sagemaker:us-east-1:123456789012"
    allowed = {
        "sagemaker:CreatePipeline": f"{place}:pipeline/delays-dev-retrain",
        "sagemaker:DescribePipelineExecution": f"{place}:pipeline/delays-dev-retrain/execution/kytlemm1lvpq",
        "sagemaker:CreateModelPackageGroup": f"{place}:model-package-group/delays-dev-retrained",
        "sagemaker:DescribeModelPackage": f"{place}:model-package/delays-dev-retrained/1",
        "iam:PassRole": "arn:aws:iam::123456789012:role/slipway-dev-us-east-1-pipeline",
    }
    for action, resource in allowed.items():
        assert allows([asked], action, resource)
        assert not allows([plain], action, resource), action
        assert not allows([asked], action, resource.replace("-dev-", "-prod-")), action
    assert not allows([asked], "sagemaker:UpdateModelPackage", allowed["sagemaker:DescribeModelPackage"])
    assert all(length(part) <= LONGEST for part in managed(stage(training={"pipelines": True})))


def test_no_statement_allows_all_of_a_service():
    allowing = [one for one in statements() if one["Effect"] == "Allow"]
    actions = [action for one in allowing for action in one["Action"]]
    assert [action for action in actions if action.endswith(":*")] == []
    pairs = [(action, str(one["Resource"])) for one in allowing for action in one["Action"]]
    assert len(pairs) == len(set(pairs)), "named twice"


def test_answers_that_are_captured_elsewhere_may_be_read_and_nothing_else_there():
    here = "s3://slipway-dev-123456789012-us-east-1/answers"
    elsewhere = "s3://kept-elsewhere/answers"
    live = pin(NEW, capture={"percent": 5, "to": "s3://kept-before/answers"})
    policy = document(stage({"delays": {"capture": {"percent": 5, "to": elsewhere}, "live": live}}))
    for bucket in ("kept-elsewhere", "kept-before"):
        there = f"arn:aws:s3:::{bucket}/answers/delays-dev/live/x.jsonl"
        assert allows([policy], "s3:ListBucket", f"arn:aws:s3:::{bucket}")
        assert allows([policy], "s3:GetObject", there)
        assert not allows([policy], "s3:PutObject", there)
        assert not allows([policy], "s3:GetObject", f"arn:aws:s3:::{bucket}/others/x.jsonl")
        assert not allows([document(stage())], "s3:GetObject", there)
    own = document(stage({"delays": {"capture": {"percent": 5, "to": here}}}))
    assert own == document(stage({"delays": {}})), "the stage's own bucket is in it already"


def test_records_that_have_a_key_of_their_own_are_decrypted_wherever_that_key_is():
    key, before = (f"arn:aws:kms:{region}:210987654321:key/1234" for region in ("us-east-1", "us-west-2"))
    live = pin(NEW, capture={"percent": 5, "to": "s3://kept-before/answers", "key": before})
    settings = stage({"delays": {"capture": {"percent": 5, "key": key}, "live": live}})
    policy = document(settings)
    for there in (key, before):
        assert allows([policy], "kms:Decrypt", there)
        assert not allows([policy], "kms:ScheduleKeyDeletion", there)
        assert not allows([document(stage())], "kms:Decrypt", there)


def test_a_policy_that_is_too_long_for_one_is_several_that_aws_takes():
    asks_much = stage(
        {"delays": {"capture": {"percent": 5, "to": "s3://kept-elsewhere/answers"}}},
        training={},
        model_packages="registered",
        batch={"reads": ["s3://warehouse"]},
    )
    whole, parts = document(asks_much), managed(asks_much)
    assert len(parts) == 2
    assert all(length(part) <= LONGEST for part in parts)
    assert [one for part in parts for one in part["Statement"]] == whole["Statement"]
    assert {part["Version"] for part in parts} == {whole["Version"]}
    assert managed(stage()) == [document(stage())]


def test_roles_are_handed_to_sagemaker_alone():
    (handing,) = [one for one in statements() if "iam:PassRole" in one["Action"]]
    assert handing["Action"] == ["iam:PassRole"]
    assert handing["Resource"].endswith(":role/slipway-dev-us-east-1-execution")
    assert handing["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


@pytest.mark.parametrize("prefix", ["approvals", "waivers"])
@pytest.mark.parametrize("action", ["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"])
def test_whoever_deploys_neither_writes_nor_deletes_a_yes_or_a_waiver(action, prefix):
    there = f"arn:aws:s3:::slipway-dev-123456789012-us-east-1/{prefix}/7f9ae170c5b5.json"
    assert allows([document(stage())], "s3:GetObject", there)
    assert not allows([document(stage())], action, there)
    assert allows([document(stage())], action, there.replace(prefix, "makers"))


def test_what_is_denied_is_no_permission_that_a_step_could_need():
    """What the end-to-end test takes away one by one; the denial stays whatever is taken."""
    assert not [arn for _, arn in permissions.resources(document(stage())) if "/approvals/" in arn]
    left = permissions.without_action(document(stage()), "s3:PutObject")["Statement"]
    assert [one["Effect"] for one in left if "s3:PutObject" in one["Action"]] == ["Deny"]


def test_sagemakers_actions_exist():
    known = {*get_session().get_service_model("sagemaker").operation_names, "InvokeEndpoint"}
    named = [action.split(":") for one in statements() for action in one["Action"]]
    assert {action for service, action in named if service == "sagemaker"} - known == set()


def test_another_stages_things_are_not_allowed():
    policy = document(stage())
    bucket = "arn:aws:s3:::slipway-{}-123456789012-us-east-1/models/x"
    endpoint = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/delays-{}"
    assert allows([policy], "s3:PutObject", bucket.format("dev"))
    assert not allows([policy], "s3:PutObject", bucket.format("prod"))
    assert allows([policy], "sagemaker:UpdateEndpoint", endpoint.format("dev"))
    assert not allows([policy], "sagemaker:UpdateEndpoint", endpoint.format("prod"))
    assert json.loads(FILE.read_text(encoding="utf-8"))["Version"] == "2012-10-17"
