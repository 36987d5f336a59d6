"""What the roles may do: each its job, and no more than whoever deploys."""

import json
import re

import pytest

from infra import deployer_policy
from infra.ci.grants import DEPLOYS
from infra.ci.roles import LONGEST
from infra.ci.stage_files import Project
from infra.policies import resources
from release.domain.errors import UsageError
from sandbox.aws.shared.policies import allows
from tests.infra.ci import roles_page
from tests.infra.ci.examples import PROJECT, STAGES, by_name, settings
from tests.infra.declared import ACCOUNT, declare, stage

WRITES = re.compile(
    r"[\w-]+:(Create|Put|Delete|Update|Register|Deregister|Add|Tag|Untag|Set|Invoke|Pass|Start|Stop|Enable|"
    r"Schedule|Subscribe|Unsubscribe|Initiate|Upload|Complete|Abort|BatchDelete|GenerateData|Retire|Encrypt)\w*"
)
ENDPOINT = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/delays-{{}}"
MODEL = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model/delays-{{}}-3f2a9c01d4e7"
CONFIG = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint-config/delays-{{}}-3f2a9c01d4e7"
BUCKET = f"arn:aws:s3:::slipway-{{}}-{ACCOUNT}-us-east-1"
EXECUTION = f"arn:aws:iam::{ACCOUNT}:role/slipway-{{}}-us-east-1-execution"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
DEPLOYING = {"release": "dev", "retrain": "dev", "promote-staging": "staging", "promote-prod": "prod"}
"""The roles that deploy a stage, and which."""


def policy(name, **keys):
    """The policy of a role, as IAM gets it."""
    return json.loads(by_name(settings(**keys))[name].policy())


def may(name, action, resource):
    return allows([policy(name)], action, resource)


def conditions(document, action, resource):
    """Of each statement that allows this, what has to be so besides."""
    found = [one for one in document["Statement"] if allows([{"Statement": one}], action, resource)]
    return [one.get("Condition") for one in found]


def actions(name, **keys):
    statements = policy(name, **keys)["Statement"]
    return {action for one in statements if one["Effect"] == "Allow" for action in one["Action"]}


@pytest.mark.parametrize("name", by_name())
def test_no_role_may_what_whoever_deploys_may_not(name):
    """Whatever a role is allowed, one of the stages' deployers is allowed there, too; but one tells.

    And reads what really happened, where a stage says where that is; these do not.
    """
    deployers = [deployer_policy.document(found) for found in PROJECT.stages]
    for one in policy(name)["Statement"]:
        if one["Effect"] != "Allow" or (name == "monitor" and one["Action"] == ["events:PutEvents"]):
            continue
        for action in one["Action"]:
            for resource in resources(one):
                assert any(allows([found], action, resource) for found in deployers), (action, resource)


@pytest.mark.parametrize("name", by_name())
def test_iam_takes_it_with_a_state_bucket_and_each_statement_has_its_reason(name):
    keys = {"state_bucket": "states", "state_key": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/abc"}
    role = by_name(settings(**keys))[name]
    text = role.policy()
    assert len(re.sub(r"\s", "", text)) <= LONGEST
    sids = [one["Sid"] for one in json.loads(text)["Statement"]]
    assert len(sids) == len(set(sids))
    assert all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in sids)
    assert all(grant.why for grant in role.grants)


@pytest.mark.parametrize("name", by_name())
def test_the_policy_says_what_its_grants_say(name):
    """Fewer statements, for IAM counts letters; each with all that it is held to."""
    role = by_name()[name]
    granted = [grant.statement for grant in role.grants]
    written = json.loads(role.policy())["Statement"]
    assert told(written) == told(granted)
    assert len(written) < len(granted)


def told(statements):
    """What these say of each action on each resource."""
    return {
        (one["Effect"], action, resource, json.dumps(one.get("Condition")))
        for one in statements
        for action in one["Action"]
        for resource in resources(one)
    }


def test_a_project_that_no_policy_can_name_is_refused_before_anything_is_made():
    many = {f"endpoint-{number}": {} for number in range(60)}
    project = Project(tuple(stage(many, name=name) for name in STAGES))
    with pytest.raises(UsageError, match=r"slipway-ci-.* has .* characters, and IAM takes 10240"):
        [role.policy() for role in by_name(project=project).values()]


def test_captured_answers_are_read_by_whoever_rolls_out_or_monitors_and_by_nobody_else():
    captured = {"delays": {"capture": {"percent": 5, "to": "s3://kept-elsewhere/answers"}}}
    project = Project(tuple(stage(captured, name=name) for name in STAGES))
    there = "arn:aws:s3:::kept-elsewhere/answers/delays-prod/live/x.jsonl"
    roles = by_name(project=project)
    readers = {
        name for name, role in roles.items() if allows([json.loads(role.policy())], "s3:GetObject", there)
    }
    assert readers == {
        name for name in roles if name.startswith(("promote-", "release", "retrain", "monitor"))
    }


def test_the_key_of_captured_records_is_used_by_whoever_reads_them_and_by_nobody_else():
    captured = {"delays": {"capture": {"percent": 5, "key": KEY}}}
    project = Project(tuple(stage(captured, name=name) for name in STAGES))
    roles = by_name(project=project)
    readers = {
        name
        for name, role in roles.items()
        if None in conditions(json.loads(role.policy()), "kms:Decrypt", KEY)
    }
    assert readers == {
        name for name in roles if name.startswith(("promote-", "release", "retrain", "monitor"))
    }
    for role in roles.values():
        assert None not in conditions(json.loads(role.policy()), "kms:GenerateDataKey", KEY)


def test_who_only_reads_writes_nothing_anywhere():
    assert [action for action in actions("read-only") if WRITES.match(action)] == []
    for name in STAGES:
        bucket = BUCKET.format(name)
        assert may("read-only", "sagemaker:DescribeEndpoint", ENDPOINT.format(name))
        assert may("read-only", "s3:GetObject", f"{bucket}/ledger/00000001.json")
        assert not may("read-only", "s3:PutObject", f"{bucket}/ledger/00000001.json")
        assert not may("read-only", "s3:GetObject", f"{bucket}/data/files/md5/ab/cdef"), (
            "what models learned from"
        )
        assert not may("read-only", "s3:GetObject", f"{bucket}/captured/delays/x"), "what callers sent"


@pytest.mark.parametrize("name", STAGES)
def test_a_rollback_moves_traffic_and_makes_or_deletes_nothing(name):
    role, bucket = f"rollback-{name}", BUCKET.format(name)
    assert may(role, "sagemaker:UpdateEndpoint", ENDPOINT.format(name))
    assert may(role, "s3:PutObject", f"{bucket}/ledger/00000002.json")
    assert may(role, "s3:PutObject", f"{bucket}/fences/3f2a9c01d4e7.json")
    assert not may(role, "s3:PutObject", f"{bucket}/models/x/model.tar.gz")
    assert not may(role, "s3:PutObject", f"{bucket}/approvals/3f2a9c01d4e7.json")
    made = {action for action in actions(role) if re.search(r":(Create|Delete|Pass|Tag)", action)}
    assert made == {"iam:CreateServiceLinkedRole"}, "which AWS has for every account that scales"
    other = next(found for found in STAGES if found != name)
    assert not may(role, "sagemaker:UpdateEndpoint", ENDPOINT.format(other))


def test_a_promotion_reads_the_stages_before_and_writes_its_own():
    for action, where, allowed in (
        ("sagemaker:CreateModel", MODEL.format("prod"), True),
        ("sagemaker:CreateModel", MODEL.format("staging"), False),
        ("sagemaker:UpdateEndpoint", ENDPOINT.format("staging"), False),
        ("s3:GetObject", f"{BUCKET.format('staging')}/models/x/model.tar.gz", True),
        ("s3:GetObject", f"{BUCKET.format('dev')}/releases/x/manifest.json", True),
        ("s3:GetObject", f"{BUCKET.format('dev')}/data/files/md5/ab/cdef", False),
        ("s3:PutObject", f"{BUCKET.format('staging')}/ledger/00000001.json", False),
        ("ecr:BatchGetImage", f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/slipway-staging", True),
        ("ecr:PutImage", f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/slipway-staging", False),
    ):
        assert may("promote-prod", action, where) is allowed, (action, where)
    after = f"{BUCKET.format('prod')}/fences/3f2a9c01d4e7.json"
    assert may("promote-staging", "s3:GetObject", after), "fences are looked for in all stages"
    assert not may("promote-staging", "s3:GetObject", after.replace("fences", "releases"))


def test_a_release_builds_for_the_first_stage_and_sees_the_others_fences_and_live_models_alone():
    assert may("release", "ecr:PutImage", f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/slipway-dev")
    assert not may("release", "sagemaker:DescribeEndpoint", ENDPOINT.format("prod"))
    assert may("release", "s3:GetObject", f"{BUCKET.format('prod')}/fences/3f2a9c01d4e7.json")
    assert may("release", "s3:GetObject", f"{BUCKET.format('prod')}/models/3f2a/model.tar.gz")
    assert not may("release", "s3:PutObject", f"{BUCKET.format('prod')}/models/3f2a/model.tar.gz")
    assert not may("release", "s3:GetObject", f"{BUCKET.format('prod')}/ledger/00000001.json")


def test_a_retrain_sees_the_traffic_of_the_stages_that_it_proposes_to():
    logs = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/sagemaker/Endpoints/delays-{{}}"
    for found in STAGES:
        assert may("retrain", "logs:FilterLogEvents", logs.format(found))
        assert may("retrain", "cloudwatch:GetMetricData", "*")
    assert not may("retrain", "logs:DeleteLogGroup", logs.format("prod"))
    assert not may("read-only", "logs:FilterLogEvents", logs.format("prod"))


def test_a_retrain_remembers_in_every_ledger_and_moves_the_first_stage_alone():
    ledger = f"{BUCKET.format('prod')}/ledger/00000009.json"
    assert may("retrain", "s3:PutObject", ledger)
    assert may("retrain", "s3:PutObject", f"{BUCKET.format('prod')}/ledger-heartbeat.json")
    assert not may("retrain", "s3:PutObject", ledger.replace("ledger", "fences"))
    assert may("retrain", "sagemaker:UpdateEndpoint", ENDPOINT.format("dev"))
    assert not may("retrain", "sagemaker:UpdateEndpoint", ENDPOINT.format("prod"))
    assert not may("retrain", "sagemaker:CreateEndpointConfig", CONFIG.format("prod"))


@pytest.mark.parametrize("name", by_name())
def test_a_key_is_used_where_it_has_a_stages_alias(name):
    for action in ("kms:Decrypt", "kms:GenerateDataKey", "kms:UntagResource", "kms:RetireGrant"):
        for condition in conditions(policy(name), action, KEY):
            ((how, held),) = condition.items()
            assert (how, held.keys()) == ("ForAnyValue:StringEquals", {"kms:ResourceAliases"})
            aliases = held["kms:ResourceAliases"]
            assert aliases
            assert {alias.removeprefix("alias/slipway-") for alias in aliases} <= set(STAGES)
            assert len(set(aliases)) == len(aliases)


@pytest.mark.parametrize(("name", "deploys"), DEPLOYING.items())
def test_of_other_keys_a_job_that_deploys_does_what_making_one_needs(name, deploys):
    document, own = policy(name), {"kms:ResourceAliases": [f"alias/slipway-{deploys}"]}
    assert {"ForAnyValue:StringEquals": own} in conditions(document, "kms:Decrypt", KEY)
    assert may(name, "kms:CreateAlias", f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/slipway-{deploys}")
    assert not may(name, "kms:CreateAlias", f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/payroll")
    allowing = [one for one in document["Statement"] if one["Effect"] == "Allow" and "Condition" not in one]
    free = {action for one in allowing for action in one["Action"] if action.startswith("kms:")}
    assert free == {
        *("kms:CreateKey", "kms:ListAliases", "kms:CreateAlias", "kms:EnableKeyRotation"),
        *("kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"),
    }
    tagged = declare(stage(name=deploys)).one("Key").inputs["tags"]
    with_its_tags = {f"aws:RequestTag/{tag}": value for tag, value in tagged.items()}
    assert {"StringEquals": with_its_tags} in conditions(document, "kms:TagResource", KEY)
    by_services = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    assert conditions(document, "kms:CreateGrant", KEY)[1:] == [by_services]


@pytest.mark.parametrize("name", by_name())
@pytest.mark.parametrize("action", ["ScheduleKeyDeletion", "PutKeyPolicy", "UpdateAlias", "DeleteAlias"])
def test_no_role_deletes_a_key_says_who_uses_it_or_moves_its_alias(name, action):
    alias = f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/slipway-{{}}"
    for there in (KEY, *(alias.format(found) for found in STAGES)):
        assert not may(name, f"kms:{action}", there)


@pytest.mark.parametrize("name", by_name())
def test_approvals_and_waivers_are_peoples(name):
    for prefix in ("approvals", "waivers"):
        for found in STAGES:
            assert not may(name, "s3:PutObject", f"{BUCKET.format(found)}/{prefix}/3f2a9c01d4e7.json")


@pytest.mark.parametrize("name", by_name())
def test_no_role_can_widen_a_role(name):
    """Of the account's roles, whoever deploys makes the execution role; those of the workflows nobody."""
    for action in ("iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:CreateRole", "iam:PassRole"):
        assert not may(name, action, f"arn:aws:iam::{ACCOUNT}:role/slipway-ci-{name}")
    assert not {action for action in actions(name) if action.startswith("iam:Attach")}


@pytest.mark.parametrize("name", by_name())
@pytest.mark.parametrize(
    "action",
    [
        *("UpdateAssumeRolePolicy", "PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary"),
        *("DeleteRole", "AttachRolePolicy"),
    ],
)
def test_no_role_says_who_assumes_a_stages_role_or_what_bounds_it(name, action):
    for found in STAGES:
        assert not may(name, f"iam:{action}", EXECUTION.format(found))
        assert not may(name, f"iam:{action}", EXECUTION.format(found).replace("execution", "training"))


@pytest.mark.parametrize(("name", "deploys"), DEPLOYING.items())
@pytest.mark.parametrize("action", ["iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy"])
def test_where_a_stage_has_a_boundary_its_roles_are_made_and_changed_with_that_alone(name, deploys, action):
    stages = (stage(name=one, permissions_boundary=BOUNDARY, training={}) for one in STAGES)
    project = Project(tuple(stages))
    document = json.loads(by_name(project=project)[name].policy())
    held = {"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}}
    for of in ("execution", "training"):
        there = EXECUTION.format(deploys).replace("execution", of)
        assert conditions(document, action, there) == [held]
        assert allows([document], "iam:GetRole", there)
        assert not allows([document], action, f"{there}-2"), "no other role by a name like it"
    assert conditions(policy(name), action, EXECUTION.format(deploys)) == [None], "as the program warns"


def test_pulumis_state_is_written_by_who_runs_it_and_read_by_who_previews():
    state = "arn:aws:s3:::states/.pulumi/stacks/slipway/prod.json"
    for name, found in by_name(settings(state_bucket="states")).items():
        document = [json.loads(found.policy())]
        reads, writes = (allows(document, action, state) for action in ("s3:GetObject", "s3:PutObject"))
        runs = not name.startswith(("rollback", "read-only", "monitor"))
        assert (reads, writes) == (runs or name == "read-only", runs), name
    assert not may("release", "s3:GetObject", state), "without a state bucket nobody is granted one"


def test_whatever_a_stage_asks_for_each_statement_of_its_deployer_has_its_reason():
    asked = {"training": {"pipelines": True}, "model_packages": "registered"}
    endpoints = {"delays": {"capture": {"percent": 5, "to": "s3://kept-elsewhere/requests"}}}
    project = Project(tuple(stage(endpoints, name=name, **asked) for name in STAGES))
    endpoints["delays"]["capture"]["key"] = KEY
    elsewhere = stage(endpoints, batch={"reads": ["s3://warehouse"]})
    documents = [deployer_policy.document(one) for one in (project.stages[0], elsewhere)]
    sids = {one["Sid"] for document in documents for one in document["Statement"]}
    assert sids == set(DEPLOYS)
    found = by_name(project=project)
    assert {name: bool(role.policy()) for name, role in found.items()} == dict.fromkeys(found, True)
    job = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/delays-dev-1"
    assert allows([json.loads(found["retrain"].policy())], "sagemaker:CreateTrainingJob", job)
    assert not allows([json.loads(found["read-only"].policy())], "sagemaker:CreateTrainingJob", job)


def test_stages_of_other_accounts_are_other_stacks():
    apart = Project((*PROJECT.stages[:2], stage(name="prod", account="210987654321")))
    assert by_name(project=apart).keys() == {
        "release",
        "retrain",
        "promote-staging",
        "rollback-dev",
        "rollback-staging",
        "read-only",
        "monitor",
    }
    prod = by_name(settings(account="210987654321"), apart)
    assert prod.keys() == {"promote-prod", "rollback-prod", "read-only", "monitor"}
    assert f"slipway-staging-{ACCOUNT}" not in prod["promote-prod"].policy()
    assert "prod" in by_name(project=apart)["read-only"].environments, "its job reads the stage before"
    with pytest.raises(UsageError, match="No stage of the project is in account 999999999999"):
        by_name(settings(account="999999999999"), apart)


def test_the_page_lists_what_is_granted():
    """Otherwise: python -m tests.infra.ci.roles_page."""
    text = roles_page.DOCUMENT.read_text(encoding="utf-8")
    assert text == roles_page.page(text)
