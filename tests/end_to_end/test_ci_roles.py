"""Each workflow's job with the very policy that its role has in IAM: it does its work, and no other."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch

import pytest

from tests.end_to_end.noticed import note
from tests.end_to_end.permissions import NOT_IN_THE_LIFE, READ_BY_THE_PROVIDER, actions
from tests.end_to_end.world import Done
from tests.infra.ci.stack import ci_stack

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

BUCKET = "slipway-staging-123456789012-us-east-1"
TRUTH = f"s3://{BUCKET}/truth/delays"
READS = (
    ("status",),
    ("plan",),
    ("doctor", "staging"),
    ("history",),
    ("verify", "staging"),
    ("logs", "staging"),
    ("fence",),
    ("report", "staging"),
    ("cleanup", "staging"),
    ("rollback", "staging", "--dry-run"),
)
"""What the job that only reads does."""
_QUOTAS = NOT_IN_THE_LIFE["servicequotas:ListAWSDefaultServiceQuotas"]
_OTHER_TYPE = "a way back to another instance type takes the variant from autoscaling, and gives it back"
_PULLS = "a promotion reads a stage before it that is in another account by this role"
_READ_BY_THE_PROVIDER = {action: NOT_IN_THE_LIFE[action] for action in READ_BY_THE_PROVIDER}
SPARE: Mapping[str, Mapping[str, str]] = {
    "rollback-staging": {
        "sagemaker:UpdateEndpointWeightsAndCapacities": "a judged rollout is taken back by its weights",
        "application-autoscaling:RegisterScalableTarget": _OTHER_TYPE,
        "application-autoscaling:DeregisterScalableTarget": _OTHER_TYPE,
        "application-autoscaling:PutScalingPolicy": _OTHER_TYPE,
        "iam:CreateServiceLinkedRole": _OTHER_TYPE,
        "s3:ListBucketVersions": "the ledger is damaged",
        "s3:GetObjectVersion": "the ledger is damaged",
        "ecr:DescribeRepositories": "the bucket is gone",
        "servicequotas:ListAWSDefaultServiceQuotas": _QUOTAS,
    },
    "read-only": {
        **_READ_BY_THE_PROVIDER,
        "cloudwatch:GetDashboard": "a stage tells somebody of what happens: these have no dashboard",
        "sns:GetSubscriptionAttributes": "an address is subscribed to the alarms",
        "ecr:GetAuthorizationToken": _PULLS,
        "ecr:BatchGetImage": _PULLS,
        "ecr:BatchCheckLayerAvailability": _PULLS,
        "ecr:GetDownloadUrlForLayer": _PULLS,
        "servicequotas:ListAWSDefaultServiceQuotas": _QUOTAS,
    },
}
"""What a role may do and its job does not do here, with the reason why it may."""


@pytest.fixture(scope="module")
def roles(world, tmp_path_factory):
    """The policies of the roles of a CI stack that is up, as IAM has them; staging is monitored."""
    world.edit("staging", capture={"percent": 100}, monitoring={"quality": {"truth": TRUTH}})
    stack = ci_stack(tmp_path_factory.mktemp("ci") / "project", world.sandbox.env, world.project)
    stack.must("up", "--yes", "--skip-preview")
    arns = json.loads(stack.must("stack", "output", "roles"))
    iam = world.client("iam")
    return {
        name: iam.get_role_policy(RoleName=arn.rpartition("/")[2], PolicyName="job")["PolicyDocument"]
        for name, arn in arns.items()
    }


@pytest.fixture(scope="module")
def job(world, roles):
    """Runs a command as the job of a role."""

    def run(role: str, *arguments: str, expected: int | None = 0) -> Done:
        world.sandbox.enforce(role, [roles[role]])
        return world.slipway(*arguments, expected=expected, env=world.env | {"AWS_ACCESS_KEY_ID": role})

    return run


@pytest.fixture(scope="module")
def served(world, trained, job):
    """Two releases, one after the other, brought to staging by the jobs of release and promotion."""
    found = []
    for kind in ("logistic", "boosting"):
        found.append(job("release", "release", "--model", os.fspath(trained[kind])).result["release"])
        job("promote-staging", "promote", "staging")
    return found


def spare(world, policy):
    """What of a policy nobody needed since the calls were reset."""
    needed = world.sandbox.permissions()
    return {action for action in actions(policy) if not any(fnmatch(one, action) for one in needed)}


def test_release_and_promotion_bring_a_release_and_no_job_another_ones(world, served, job):
    assert world.endpoint("staging").live.release == served[1]
    denied = job("promote-staging", "promote", "dev", "prod", "--skip", "--reason", "no", expected=4)
    assert "is not authorized to perform: " in denied.stderr
    denied = job("release", "promote", "staging", "prod", expected=4)
    assert "is not authorized to perform: " in denied.stderr


def test_the_job_that_reads_reads_all_and_moves_nothing(world, served, job, roles):
    world.sandbox.reset_calls()
    for command in READS:
        said = job("read-only", *command, expected=None)
        assert "not authorized" not in said.stderr, (command, said.stderr)
    assert spare(world, roles["read-only"]) == set(SPARE["read-only"])
    denied = job("read-only", "rollback", "staging", expected=4)
    assert "is not authorized to perform: " in denied.stderr
    world.assert_at_rest("staging", serves=served[1])


def test_the_job_that_monitors_reads_hours_tells_of_what_is_noticed_and_moves_nothing(
    world, served, job, roles, monkeypatch
):
    s3, now = world.client("s3"), datetime.now(UTC)
    before = f"capture/delays-staging/live/{now - timedelta(hours=3):%Y/%m/%d/%H}/x.jsonl"
    s3.put_object(Bucket=BUCKET, Key=before, Body=b"from before the release\n")
    told = {"inference_id": "x", "outcome": 1, "observed_at": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
    s3.put_object(Bucket=BUCKET, Key="truth/delays/x.jsonl", Body=json.dumps(told).encode())
    name = note(world, "staging", served[1], monkeypatch)
    world.sandbox.reset_calls()
    look = ("monitor", "monitor", "staging", "--scheduled", "--late")
    found = job(*look, expected=3).result
    assert (found["news"], found["untold"], found["failed"]) == (1, {}, {})
    assert [(one["release"], one["unmeasured"]) for one in found["looks"]] == [(served[1], "")]
    assert len(found["looks"][0]["hours"]) >= 2
    found = job(*look).result
    assert (found["news"], [one["id"] for one in found["open"]]) == (0, [name])
    assert job("monitor", "captured", "staging", expected=None).code in (0, 3)
    job("monitor", "quality", "staging")
    job("monitor", "findings", "staging", "--send")
    assert job("monitor", "monitor", "dev", "--scheduled").result["left_out"] == {
        "delays": "it captures nothing"
    }
    assert spare(world, roles["monitor"]) == set(), (
        "nothing is left over: a look deletes the lock that it held"
    )
    denied = job("monitor", "rollback", "staging", expected=4)
    assert "is not authorized to perform: " in denied.stderr
    world.assert_at_rest("staging", serves=served[1])


def test_the_job_of_a_rollback_goes_back_and_does_nothing_else(world, served, job, roles):
    world.sandbox.reset_calls()
    assert job("rollback-staging", "rollback", "staging").result["release"] == served[0]
    assert spare(world, roles["rollback-staging"]) == set(SPARE["rollback-staging"])
    denied = job("rollback-staging", "promote", "staging", expected=4)
    assert "AWS refused: " in denied.stderr, "it may not even ask whether dev has a bucket"
    world.assert_at_rest("staging", serves=served[0])
