"""The main job on the real engine: a release goes from dev to prod, and comes back.

Promises 1 (what was proven is what runs), 3 (a way back) and 6 (the plan is a function of data).
The tests of this file build on each other, in order: it is one story.
"""

import hashlib
import json
import os
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from demo.callers import calling
from release.domain import landed, names, plan
from release.domain.data_version import DataVersion
from release.domain.errors import UsageError
from release.domain.names import repository
from release.judge.windows import parse_line
from tests.end_to_end.world import SKIP, wait_until

pytestmark = pytest.mark.sandbox


def digests(world, stage):
    found = world.client("ecr").list_images(repositoryName=repository(stage))["imageIds"]
    return {image["imageDigest"] for image in found}


def test_a_stage_without_a_pin_has_everything_but_the_serving_trio(world):
    done = world.pulumi("up", "--stack", "prod", "--yes", "--skip-preview")
    if done.returncode:  # the stack does not exist yet: the first user of a stage makes it
        assert world.pulumi("stack", "init", "prod").returncode == 0
        done = world.pulumi("up", "--yes", "--stack", "prod", "--skip-preview")
    assert done.returncode == 0, done.stdout + done.stderr
    sagemaker = world.client("sagemaker")
    assert sagemaker.list_endpoints()["Endpoints"] == []
    assert sagemaker.list_models()["Models"] == []
    assert world.ports("prod").artifacts.exists()
    world.assert_clean("prod", serves=None)


def test_a_release_is_live_in_dev_and_verified(world, releases):
    world.assert_clean("dev", serves=releases.second)
    assert world.events("dev").count("landed") == 2


def test_the_same_bytes_arrive_in_every_stage(world, releases):
    for target in ("staging", "prod"):
        assert world.slipway("promote", target).result["release"] == releases.second
        world.assert_clean(target, serves=releases.second)
    pins = [world.endpoint(stage).live for stage in ("dev", "staging", "prod")]
    assert len({pin.digest for pin in pins}) == len({pin.sha256 for pin in pins}) == 1
    assert len({pin.image for pin in pins}) == len({pin.model for pin in pins}) == 3, (
        "each stage has its own copy"
    )
    assert digests(world, "staging") == digests(world, "prod")
    assert digests(world, "prod") <= digests(world, "dev")


def test_the_data_of_a_release_comes_back_by_its_hash_and_damaged_bytes_do_not(
    world, releases, trained, tmp_path
):
    kept = (trained["boosting"] / "data.parquet").read_bytes()
    found = world.slipway("data", releases.second)
    file = world.project / ".build" / "data" / f"{releases.second}.parquet"
    assert (found.result["file"], found.result["stage"]) == (str(file), "dev")
    assert file.read_bytes() == kept
    assert hashlib.sha256(kept).hexdigest() == found.result["sha256"]

    s3, bucket = world.client("s3"), world.ports("dev").artifacts.bucket
    key = names.data_key(hashlib.md5(kept, usedforsecurity=False).hexdigest())
    s3.put_object(Bucket=bucket, Key=key, Body=kept[:-1] + b"?")
    out = ("data", releases.second, "--out", str(tmp_path / "rows.parquet"))
    assert "is damaged" in world.slipway(*out, expected=4).result["error"]
    assert list(tmp_path.iterdir()) == []


def test_large_data_is_kept_and_other_bytes_than_the_versions_are_not(world, releases, tmp_path):
    store, rows = world.ports("dev").data, os.urandom(9 << 20)
    (tmp_path / "rows").write_bytes(rows)
    md5, sha256 = hashlib.md5(rows, usedforsecurity=False).hexdigest(), hashlib.sha256(rows).hexdigest()
    version = DataVersion("rows", sha256, md5, len(rows))
    assert not store.has(version)
    store.put(version, tmp_path / "rows")
    assert store.has(version)
    assert store.fetch(version, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == rows
    (tmp_path / "rows").write_bytes(rows + b"?")
    with pytest.raises(UsageError, match="It is not the data that the model was trained on"):
        store.put(version, tmp_path / "rows")


def test_the_variables_alone_lead_plain_boto3_to_the_endpoint(world, releases, trained):
    request = json.loads((trained["boosting"] / "golden.json").read_text())["requests"][0]
    waiter = world.client("sagemaker").get_waiter("endpoint_in_service")
    waiter.wait(EndpointName="delays-prod", WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    answer = world.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="delays-prod", Body=request["body"], ContentType=request["content_type"]
    )
    assert json.loads(answer["Body"].read())["predictions"] == pytest.approx(request["scores"], abs=1e-5)
    assert answer["InvokedProductionVariant"] == "live"


def test_its_telemetry_is_in_the_log_stream_and_in_cloudwatch(world, releases):
    """The judge reads the live variant's windows as they are, and they count what was asked of it."""
    group = "/aws/sagemaker/Endpoints/delays-prod"

    def windows():
        pages = (
            world.client("logs")
            .get_paginator("filter_log_events")
            .paginate(logGroupName=group, filterPattern='{ $.schema = "slipway-window/1" && $.requests > 0 }')
        )
        return [parse_line(json.dumps(event)) for page in pages for event in page["events"]]

    wait_until(windows, "a window of the requests before", patience=20)
    assert {window.variant for window in windows()} == {"live"}
    metrics = world.client("cloudwatch").get_metric_statistics(
        Namespace="Slipway/Endpoint",
        MetricName="requests",
        Dimensions=[{"Name": "EndpointName", "Value": "delays-prod"}],
        StartTime=datetime.now(UTC) - timedelta(hours=1),
        EndTime=datetime.now(UTC) + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )
    assert sum(point["Sum"] for point in metrics["Datapoints"]) >= 1


def test_the_same_promotion_again_changes_nothing(world, releases):
    before = world.file("prod").read_bytes()
    world.sandbox.reset_calls()
    assert world.slipway("promote", "staging", "prod").result["changed"] is False
    assert world.file("prod").read_bytes() == before
    assert world.updates() == 0


def test_the_same_model_built_again_is_the_same_release(world, releases, trained):
    again = world.slipway("release", "--model", str(trained["boosting"]))
    assert again.result == {
        "stage": "dev",
        "endpoint": "delays",
        "release": releases.second,
        "changed": False,
    }


def test_a_second_release_keeps_the_first_deployable(world, releases, trained):
    world.slipway("release", "--model", str(trained["logistic"]))
    world.slipway("promote", "dev", "prod", *SKIP)
    world.assert_clean("prod", serves=releases.first)
    assert world.endpoint("prod").previous.release == releases.second


def test_a_rollback_is_one_update_and_leaves_the_stage_clean(world, releases):
    world.sandbox.reset_calls()
    assert world.slipway("rollback", "prod").result["release"] == releases.second
    assert world.updates() == 1
    world.assert_clean("prod", serves=releases.second)
    assert world.endpoint("prod").previous.release == releases.first


def test_a_rollback_of_the_rollback_and_a_promotion_after_it(world, releases):
    world.slipway("rollback", "prod")
    world.assert_clean("prod", serves=releases.first)
    refused = world.slipway("promote", "staging", "prod", expected=1)
    assert "fenced in prod" in refused.result["error"]
    assert world.events("prod")[-1] == "refused"
    world.clear(releases.second)
    world.slipway("promote", "staging", "prod")
    world.assert_clean("prod", serves=releases.second)


def test_a_rollback_moves_the_traffic_while_pulumi_is_broken(world, releases):
    broken = world.env | {"PULUMI_BACKEND_URL": "file:///nowhere"}
    world.sandbox.reset_calls()
    assert world.slipway("rollback", "prod", env=broken).result["release"] == releases.first
    assert world.updates() == 1
    world.assert_clean("prod", serves=releases.first)
    world.clear(releases.second)


@pytest.fixture
def git(world):
    """git in the project, which is a repository from now on."""

    def run(*arguments):
        done = subprocess.run(["git", *arguments], cwd=world.project, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    run("init", "--quiet", "--initial-branch=main")
    run("config", "user.name", "Ann")
    run("config", "user.email", "ann@example.com")
    run("add", *(path.name for path in world.project.glob("Pulumi*.yaml")))
    run("commit", "--quiet", "-m", "the stages")
    return run


def test_a_promotion_is_proposed_merged_and_rolled_out_in_one_commit(world, releases, git, tmp_path):
    proposed = world.slipway("promote", "prod", "--propose", "--body", str(tmp_path / "body.md")).result
    assert (proposed["release"], proposed["replaces"]) == (releases.second, releases.first)
    assert "`./slipway promote prod --merged`" in (tmp_path / "body.md").read_text()
    world.assert_at_rest("prod", serves=releases.first)

    git("merge", "--quiet", "--no-ff", "--no-edit", proposed["branch"])
    world.assert_clean("prod", serves=releases.first, refresh=False)
    merge = git("rev-parse", "HEAD")
    [landed] = world.slipway("promote", "prod", "--merged").result["landed"]
    assert (landed["release"], landed["changed"]) == (releases.second, True)
    world.assert_clean("prod", serves=releases.second, refresh=False)

    subject = f"prod: delays promoted to {releases.second} (was {releases.first})"
    assert git("log", "--format=%s", f"{merge}..HEAD") == subject
    assert git("show", "--name-only", "--format=", "HEAD") == "Pulumi.prod.yaml"
    assert git("status", "--porcelain", "--untracked-files=no") == ""
    said = git("log", "-1", "--format=%b")
    assert f"Ledger: entry {len(world.entries('prod'))} of prod" in said
    assert "By: " in said

    after = git("rev-parse", "HEAD")
    git("reset", "--quiet", "--hard", merge)
    world.sandbox.reset_calls()
    [again] = world.slipway("promote", "prod", "--merged").result["landed"]
    assert (again["changed"], world.updates()) == (False, 0)
    git("reset", "--quiet", "--hard", after)


def test_status_tells_what_is_live_where(world, releases):
    status = world.slipway("status")
    assert status.result["agree"] is True
    assert [line["live"] for line in status.result["stages"]] == [
        releases.first,
        releases.second,
        releases.second,
    ]


def test_the_count_that_autoscaling_chose_survives_a_promotion_and_a_rollback(world, releases):
    """The load calls for more than five all the while, and a config starts with fewer."""
    world.edit("prod", instances={"max": 5, "invocations_per_instance": 60})
    world.up("prod")
    world.clear(releases.first)
    with calling(world.env["AWS_ENDPOINT_URL"], "delays-prod", 20.0):
        wait_until(lambda: landed.desired_count(world.describe("prod")) == 5, "five instances")
        world.slipway("promote", "dev", "prod", *SKIP)
        assert landed.desired_count(world.describe("prod")) == 5
        world.slipway("rollback", "prod")
        assert landed.desired_count(world.describe("prod")) == 5
    world.assert_clean("prod", serves=releases.second)


def test_status_shows_what_somebody_changed_behind_the_data(world, releases):
    sagemaker = world.client("sagemaker")
    other = plan.config_plan("prod", "delays", world.endpoint("prod").pins.previous)
    sagemaker.update_endpoint(EndpointName="delays-prod", EndpointConfigName=other.name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="delays-prod", WaiterConfig={"Delay": 1})
    status = world.slipway("status", "prod", expected=1)
    assert any("the endpoint config is" in text for text in status.result["stages"][0]["disagreements"])
