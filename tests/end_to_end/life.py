"""A stage's whole life in steps with names, and what the sandbox asked for at each of them."""

import json
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from demo.callers import calling
from demo.project import GUARDED, TOLERANT, change_stage
from release.domain import names
from tests.end_to_end.batches import as_csv, golden_rows, put
from tests.end_to_end.permissions import Needs
from tests.end_to_end.world import World, wait_until

JUDGED = {"strategy": "judged", "steps": [30, 60], "step_seconds": 20, "hold_seconds": 3_600}
RATE = 150.0
"""Requests per second of the callers of a stage that is judged."""

BOUNDARY = "arn:aws:iam::aws:policy/PowerUserAccess"


@dataclass
class Life:
    """What callers needed at each step, and what SageMaker needed of staging's execution role."""

    world: World
    callers: dict[str, Needs] = field(default_factory=dict)
    role: dict[str, Needs] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Generator[None]:
        """Remember what is asked for in the block."""
        self.world.sandbox.reset_calls()
        yield
        role = f"role/{names.execution_role('staging', 'us-east-1')}"
        self.callers[name] = self.world.sandbox.permissions()
        self.role[name] = self.world.sandbox.permissions(f"arn:aws:iam::123456789012:{role}")

    def command(self, *arguments: str, expected: int | None = 0) -> None:
        """A step that is one command."""
        with self.step(" ".join(arguments)):
            self.world.slipway(*arguments, expected=expected)


def lived(world: World, trained: Mapping[str, Path]) -> Life:
    """A life from the first release to the end of a stage."""
    life = Life(world)
    with life.step("release of the first model"):
        world.slipway("release", "--model", os.fspath(trained["logistic"]))
    with life.step("promotion of the first model to staging"):
        world.slipway("promote", "staging")
    with life.step("release of the second model"):
        second = world.slipway("release", "--model", os.fspath(trained["boosting"])).result["release"]
    with life.step("judged promotion of the second model, aborted"):
        _aborted(world)
    with life.step("promotion of the second model to staging"):
        world.clear(second)
        change_stage(world.project, "staging", GUARDED)
        world.slipway("promote", "staging")
    life.command("rollback", "staging")
    for command in (("status",), ("history", "staging"), ("verify", "staging"), ("fence",)):
        life.command(*command)
    for command in (("invoke", "staging"), ("doctor", "staging"), ("logs", "staging")):
        life.command(*command, expected=None)
    with life.step("files that are scored in staging, and one that is refused"):
        for rows, code in ((as_csv(golden_rows(world, "staging", 20)), 0), (b"x\n", 1)):
            source = put(world, "staging", "in/flights.csv", rows)
            target = f"{source.partition('/in/')[0]}/out-{code}"
            world.slipway("score", "staging", "--input", source, "--output", target, expected=code)
    with life.step("apply staging, in a network and captured"):
        bucket = world.ports("staging").artifacts.bucket
        network = {"subnets": ["subnet-1"], "security_groups": ["sg-1"]}
        world.edit("staging", vpc=network, capture={"percent": 100, "to": f"s3://{bucket}/captured/delays"})
        world.slipway("apply", "staging")
        world.slipway("invoke", "staging")
        wait_until(lambda: _captured(world), "the captured request")
    with life.step("pulumi up with an address, a boundary, more instances and alarms that tell"):
        told = {"paging": {"tell": "pages and tickets"}}
        world.edit("staging", instances={"min": 2, "max": 5}, monitoring=told)
        world.set("staging", alerts={"email": "a@example.com"}, permissions_boundary=BOUNDARY)
        world.up("staging")
    with life.step("pulumi up without them"):
        world.edit("staging", instances={"min": 2, "max": 2}, monitoring={"paging": {"tell": "nothing"}})
        world.set("staging", alerts=None, permissions_boundary=None)
        world.up("staging")
    changed_by_hand(world)
    with life.step("pulumi up --refresh after changes by hand"):
        world.up("staging", "--refresh")
    left_over(world)
    life.command("cleanup", "staging", "--older-than", "0", "--delete")
    with life.step("pulumi destroy"):
        done = world.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview")
        assert done.returncode == 0, done.stdout + done.stderr
    return life


def _captured(world: World) -> int:
    """How many requests to staging's endpoint are in S3."""
    found = {one["name"]: one for one in world.sandbox.status()["endpoints"]}
    return found[names.endpoint("delays", "staging")]["captured"]


def _aborted(world: World) -> None:
    """A rollout that is judged, until somebody takes it back."""
    change_stage(world.project, "staging", JUDGED, TOLERANT)

    def has_traffic() -> bool:
        found = world.describe("staging")["ProductionVariants"]
        weights = {variant["VariantName"]: variant["CurrentWeight"] for variant in found}
        return weights.get(names.CANDIDATE, 0) > 0 or process.poll() is not None

    with calling(world.env["AWS_ENDPOINT_URL"], names.endpoint("delays", "staging"), RATE):
        process = world.start("promote", "staging", "--json")
        wait_until(has_traffic, "the candidate's traffic")
        assert process.poll() is None, process.communicate()
        world.slipway("abort", "staging")
        world.ended(process, expected=1)


def changed_by_hand(world: World) -> None:
    """What somebody changed in a console: tags of everything, and settings that the program declares."""
    tag = {"Key": "by", "Value": "hand"}
    ecr, kms, iam = world.client("ecr"), world.client("kms"), world.client("iam")
    repository = ecr.describe_repositories(repositoryNames=[names.repository("staging")])["repositories"][0]
    named = {"repositoryName": repository["repositoryName"]}
    ecr.put_image_tag_mutability(**named, imageTagMutability="MUTABLE")
    ecr.put_image_scanning_configuration(**named, imageScanningConfiguration={"scanOnPush": False})
    ecr.tag_resource(resourceArn=repository["repositoryArn"], tags=[tag])
    key = kms.describe_key(KeyId=names.key_alias("staging"))["KeyMetadata"]["KeyId"]
    kms.update_key_description(KeyId=key, Description="by hand")
    policy = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy.replace("AccountDecides", "Hand"))
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "by", "TagValue": "hand"}])
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.update_alias(AliasName=names.key_alias("staging"), TargetKeyId=other)
    role = {"RoleName": names.execution_role("staging", "us-east-1")}
    iam.update_role(**role, Description="by hand")
    trust = json.dumps(iam.get_role(**role)["Role"]["AssumeRolePolicyDocument"])
    iam.update_assume_role_policy(
        **role, PolicyDocument=trust.replace("aws:SourceAccount", "aws:sourceAccount")
    )
    iam.tag_role(**role, Tags=[tag])
    place = "us-east-1:123456789012"
    topic = f"arn:aws:sns:{place}:{names.alert_topic('staging')}"
    world.client("sns").tag_resource(ResourceArn=topic, Tags=[tag])
    group = f"arn:aws:logs:{place}:log-group:{names.log_group_of(names.endpoint('delays', 'staging'))}"
    world.client("logs").tag_resource(resourceArn=group, tags={"by": "hand"})
    endpoint = f"arn:aws:sagemaker:{place}:endpoint/{names.endpoint('delays', 'staging')}"
    world.client("sagemaker").add_tags(ResourceArn=endpoint, Tags=[tag])
    cloudwatch = world.client("cloudwatch")
    prefix = f"{names.endpoint('delays', 'staging')}-"
    alarms = cloudwatch.describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"]
    cloudwatch.tag_resource(ResourceARN=alarms[0]["AlarmArn"], Tags=[tag])


def left_over(world: World) -> None:
    """What a crash leaves: an image that nobody names."""
    ecr, repository = world.client("ecr"), names.repository("staging")
    live = world.endpoint("staging").live
    assert live is not None
    known = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageDigest": live.digest}])
    [image] = known["images"]
    manifest = json.dumps({**json.loads(image["imageManifest"]), "annotations": {"left": "over"}})
    ecr.put_image(repositoryName=repository, imageManifest=manifest, imageTag="release-eeeeeeeeeeee")
