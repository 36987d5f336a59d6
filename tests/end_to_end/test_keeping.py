"""What a stage keeps for those who come later, on the real sandbox: fences, a proven ledger, nothing more.

The tests of this file build on each other, in order: it is one story.
"""

import hashlib
import json
import shutil

import pytest

from release.domain import names, plan
from tests.end_to_end.world import SKIP, World

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

PROMOTE = ("promote", "dev", "prod", *SKIP)
SECOND = "ledger/00000002.json"


@pytest.fixture(scope="module")
def story(world, fresh) -> list[str]:
    """Three releases that came to prod one after the other; the first one is named by nothing any more."""
    found = []
    for _ in range(3):
        found.append(fresh())
        world.slipway(*PROMOTE)
    return found


@pytest.fixture(scope="module")
def bucket(world) -> str:
    return world.ports("prod").artifacts.bucket


@pytest.fixture(scope="module")
def leftovers(world, story, bucket) -> dict[str, str]:
    """What a crash, or an earlier program, leaves: a model and its config, an artifact, an image."""
    sagemaker, ecr, live = world.client("sagemaker"), world.client("ecr"), world.endpoint("prod").live
    model, config = (f"delays-prod-{digit * 12}" for digit in "ef")
    name = plan.model_plan("prod", "delays", live).name
    role = sagemaker.describe_model(ModelName=name)["ExecutionRoleArn"]
    sha256 = hashlib.sha256(b"left over").hexdigest()
    key = f"models/{sha256}/model.tar.gz"
    world.client("s3").put_object(Bucket=bucket, Key=key, Body=b"left over")
    container = {"Image": live.image, "ModelDataUrl": f"s3://{bucket}/{key}"}
    sagemaker.create_model(ModelName=model, ExecutionRoleArn=role, PrimaryContainer=container)
    variant = {"VariantName": "live", "ModelName": model, "InstanceType": "ml.m7i.large"}
    sagemaker.create_endpoint_config(
        EndpointConfigName=config, ProductionVariants=[{**variant, "InitialInstanceCount": 1}]
    )
    repository = names.repository("prod")
    known = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageDigest": live.digest}])
    [image] = known["images"]
    manifest = json.dumps({**json.loads(image["imageManifest"]), "annotations": {"left": "over"}})
    put = ecr.put_image(repositoryName=repository, imageManifest=manifest, imageTag="release-eeeeeeeeeeee")
    digest = put["image"]["imageId"]["imageDigest"]
    return {"endpoint config": config, "model": model, "artifact": sha256, "image": digest}


class TestCleanup:
    def test_what_is_young_is_not_even_listed(self, world, leftovers):
        assert world.slipway("cleanup", "prod").result["goes"] == []

    def test_what_nobody_names_goes_and_the_way_back_stays(self, world, story, bucket, leftovers):
        pins = world.endpoint("prod").pins
        made = world.made("prod", pins)
        found = world.slipway("cleanup", "prod", "--older-than", "0").result
        goes = {(thing["kind"], thing["name"]) for thing in found["goes"]}
        assert goes == {*leftovers.items(), ("release", story[0])}
        assert found["deleted"] == []
        found = world.slipway("cleanup", "prod", "--older-than", "0", "--delete").result
        assert {(thing["kind"], thing["name"]) for thing in found["deleted"]} == goes
        again = world.slipway("cleanup", "prod", "--older-than", "0", "--delete").result
        assert (again["goes"], again["deleted"]) == ([], [])
        assert world.made("prod", pins) == made
        ecr = world.client("ecr")
        images = ecr.list_images(repositoryName=names.repository("prod"))["imageIds"]
        assert {image["imageDigest"] for image in images} == {pin.digest for pin in pins.named}
        kept = world.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
        assert {found["Key"].partition("/")[0] for found in kept} >= {"ledger", "models", "releases"}
        world.assert_clean("prod", serves=story[2])
        world.slipway("status", "prod")


class TestFence:
    def test_a_rollback_fences_what_it_leaves_for_every_checkout(self, world, story, tmp_path):
        assert world.slipway("rollback", "prod").result["release"] == story[1]
        shutil.copytree(world.project, tmp_path / "other")
        other = World(tmp_path / "other", world.sandbox)
        done = other.slipway(*PROMOTE, expected=1)
        assert f"{story[2]} is refused by prod: fence: fenced in prod" in done.result["error"]
        assert f"./slipway fence clear {story[2]} --reason 'why'" in done.stderr
        [kept] = other.slipway("fence").result["fences"]
        assert (kept["release"], kept["reason"]) == (story[2], "rolled back in prod")
        [line] = world.slipway("status", "prod").result["stages"]
        assert f"{story[2]} is fenced in prod" in " ".join(line["notes"])

    def test_it_is_cleared_with_a_reason_and_comes_again(self, world, story):
        assert "needs a reason" in world.slipway("fence", "clear", story[2], expected=2).result["error"]
        world.clear(story[2])
        assert world.slipway(*PROMOTE).result["release"] == story[2]
        [past] = world.slipway("fence", "--all").result["fences"]
        assert past["cleared"]["reason"] == "the test brings it again"
        world.assert_clean("prod", serves=story[2], refresh=False)

    def test_one_that_was_put_by_hand_holds_in_every_stage_that_is_there(self, world, story):
        found = world.slipway("fence", "add", story[2], "--reason", "it drifts").result
        assert [kept["stage"] for kept in found["fences"]] == ["dev", "prod"]
        assert "it drifts" in world.slipway("promote", "staging", expected=1).result["error"]
        world.clear(story[2])
        assert world.slipway("fence").result == {"fences": [], "unread": []}


class TestHistory:
    def test_it_says_who_moved_what_on_which_grounds_and_how_it_ended(self, world, story):
        found = world.slipway("history", "prod").result["rollouts"]
        assert [(line["kind"], line["release"], line["end"]) for line in found] == [
            *(("promote", release, "landed") for release in story),
            ("rollback", story[1], "landed"),
            ("promote", story[2], "refused"),
            ("promote", story[2], "landed"),
        ]
        assert found[0]["skip"] == {"stages": ["staging"], "reason": SKIP[-1]}
        assert {gate["name"] for gate in found[-1]["gates"]} >= {"auc", "parity"}
        assert found[0]["gates"] is None, "its manifest was cleaned up"

    def test_a_whole_ledger_is_proven(self, world, story):
        found = world.slipway("verify").result
        counts = {stage["stage"]: stage["entries"] for stage in found["stages"]}
        assert counts["prod"] == len(world.entries("prod"))
        assert found["whole"]

    def test_what_was_done_to_it_is_named_and_undone_from_its_versions(self, world, story, bucket):
        s3 = world.client("s3")
        written = s3.get_object(Bucket=bucket, Key=SECOND)["Body"].read()
        last = f"ledger/{len(world.entries('prod')):08d}.json"
        newest = s3.get_object(Bucket=bucket, Key=last)["Body"].read()

        def problems() -> str:
            [stage] = world.slipway("verify", "prod", expected=1).result["stages"]
            return "; ".join(stage["problems"])

        s3.put_object(Bucket=bucket, Key=SECOND, Body=written.replace(b"creating", b"moving"))
        s3.put_object(Bucket=bucket, Key=last, Body=newest.replace(b'"landed"', b'"reverted"'))
        s3.put_object(Bucket=bucket, Key="ledger/notes.txt", Body=b"?")
        found = problems()
        assert "ledger/notes.txt is no entry" in found
        assert "entry 2 was changed after it was written" in found
        assert f"entry {int(last[7:15])} was changed after it was written" in found

        s3.put_object(Bucket=bucket, Key=last, Body=newest)
        s3.delete_object(Bucket=bucket, Key="ledger/notes.txt")
        s3.delete_object(Bucket=bucket, Key=SECOND)
        assert problems() == "entry 2 was deleted; its versions are left"

        s3.put_object(Bucket=bucket, Key=SECOND, Body=written)
        assert world.slipway("verify", "prod").result["whole"]
