"""Pins, ledger and SageMaker do not say the same: what the commands do, and that what they name ends it.

The table is docs/state.md; each test provokes one standing of it, and leaves a stage that is whole.
"""

import threading
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from release.domain import plan
from release.domain.names import repository
from release.domain.pins import ReleasePin
from tests.end_to_end.moments import watch
from tests.end_to_end.world import wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

PROMOTE = ("promote", "dev", "staging")


@pytest.fixture(scope="module")
def staging(world, fresh):
    """A stage with a live and a previous release."""
    for _ in range(2):
        fresh()
        world.slipway(*PROMOTE)


def test_a_file_from_before_the_last_rollout_is_refused_until_it_is_brought_up_to_date(world, fresh, staging):
    """A lost commit: promoting from it would bring the last release but one, and a rollback go to it."""
    old, before = world.file("staging").read_bytes(), world.endpoint("staging").pins
    release = fresh()
    world.slipway(*PROMOTE)
    today = world.file("staging").read_bytes()
    world.file("staging").write_bytes(old)
    world.sandbox.reset_calls()
    for command in (("promote", "staging", "prod"), ("rollback", "staging"), PROMOTE, ("apply", "staging")):
        done = world.slipway(*command, expected=2)
        assert "Pulumi.staging.yaml is not as the last rollout of delays left it" in done.stderr
        assert "./slipway sync staging" in done.stderr
    assert world.updates() == 0
    [line] = world.slipway("sync", "staging").result["endpoints"]
    assert (line["before"]["live"]["release"], line["after"]["live"]["release"]) == (
        before.live.release,
        release,
    )
    assert world.file("staging").read_bytes() == today
    world.assert_clean("staging", serves=release, refresh=False)
    assert world.slipway("promote", "staging", "prod").result["release"] == release
    assert world.slipway("rollback", "staging").result["release"] == before.live.release


@contextmanager
def callers(world, stage: str, count: int = 3) -> Generator[list[str]]:
    """People who ask the endpoint all the time; the list fills with what went wrong for them."""
    endpoint, lost, asked = f"delays-{stage}", [], []
    ports = world.ports(stage)
    golden, _ = ports.artifacts.golden(ports.artifacts.manifest(world.endpoint(stage).live.release))
    request, done = golden.requests[0], threading.Event()

    def ask() -> None:
        while not done.is_set():
            asked.append(True)
            try:
                ports.endpoints.invoke(endpoint, request.body.encode(), request.content_type)
            except Exception as error:
                lost.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield lost
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert len(asked) > 20, "hardly anybody asked: it shows nothing"


def moved(world, stage: str, config: str) -> None:
    """A plain update-endpoint from outside, waited for."""
    sagemaker = world.client("sagemaker")
    sagemaker.update_endpoint(EndpointName=f"delays-{stage}", EndpointConfigName=config)
    sagemaker.get_waiter("endpoint_in_service").wait(
        EndpointName=f"delays-{stage}", WaiterConfig={"Delay": 1}
    )


def lose_image(world, stage: str, pin: ReleasePin) -> None:
    """The stage's registry has the image of a release no more."""
    images = [{"imageDigest": pin.digest}]
    world.client("ecr").batch_delete_image(repositoryName=repository(stage), imageIds=images)


def lose_artifact(world, pin: ReleasePin) -> None:
    """Its bucket has the artifact of a release no more, but for its versions."""
    bucket, _, key = pin.model.removeprefix("s3://").partition("/")
    world.client("s3").delete_object(Bucket=bucket, Key=key)


def strangers(world, stage: str) -> str:
    """An endpoint config that nobody here made, of the live release's model."""
    model = plan.model_plan(stage, "delays", world.endpoint(stage).live).name
    variant = {"VariantName": "AllTraffic", "ModelName": model, "InstanceType": "ml.m7i.large"}
    world.client("sagemaker").create_endpoint_config(
        EndpointConfigName="by-hand", ProductionVariants=[{**variant, "InitialInstanceCount": 1}]
    )
    return "by-hand"


@pytest.mark.parametrize("to", ["previous", "a stranger's"])
def test_an_endpoint_moved_from_outside_is_brought_back_and_never_made_anew(world, fresh, staging, to):
    """Nobody who asks meanwhile is left without an answer, whoever runs `pulumi up` in between."""
    before, made = world.endpoint("staging").pins, world.describe("staging")["CreationTime"]
    other = (
        plan.config_plan("staging", "delays", before.previous).name
        if to == "previous"
        else strangers(world, "staging")
    )
    release = fresh()
    with callers(world, "staging") as lost:
        moved(world, "staging", other)
        world.sandbox.reset_calls()
        refused = world.slipway(*PROMOTE, expected=2)
        assert f"delays-staging serves {other}" in refused.stderr
        assert "./slipway apply staging --endpoint delays" in refused.stderr
        [line] = world.slipway("status", "staging", expected=1).result["stages"]
        assert "./slipway apply staging --endpoint delays" in line["disagreements"][-1]
        assert "replac" not in world.up("staging", "--refresh")
        assert world.describe("staging")["EndpointConfigName"] == other
        assert world.slipway("apply", "staging").result["release"] == before.live.release
        assert world.updates() == 1
        assert world.endpoint("staging").pins == before
        assert world.slipway(*PROMOTE).result["release"] == release
    assert lost == []
    assert "DeleteEndpoint" not in world.sandbox.calls()["sagemaker"]
    assert world.describe("staging")["CreationTime"] == made
    world.assert_clean("staging", serves=release, refresh=False)


def test_a_deleted_endpoint_is_found_before_anything_is_opened_and_made_again(world, fresh, staging):
    before, entries = world.endpoint("staging").pins, len(world.entries("staging"))
    sagemaker = world.client("sagemaker")
    sagemaker.delete_endpoint(EndpointName="delays-staging")
    wait_until(lambda: world.ports("staging").endpoints.describe("delays-staging") is None, "it is gone")
    for command in (("rollback", "staging"), PROMOTE):
        refused = world.slipway(*command, expected=2)
        assert "The endpoint delays-staging does not exist" in refused.stderr
        assert "./slipway apply staging --endpoint delays" in refused.stderr
    assert len(world.entries("staging")) == entries
    world.slipway("apply", "staging", "--endpoint", "delays")
    world.assert_clean("staging", serves=before.live.release)
    assert world.endpoint("staging").pins == before
    assert world.slipway("rollback", "staging").result["release"] == before.previous.release


def test_what_the_way_back_lost_is_red_and_brought_again(world, staging):
    """Its config, its model, its image and its artifact; another stage still has the image."""
    pins = world.endpoint("staging").pins
    lost, sagemaker = pins.previous, world.client("sagemaker")
    config = plan.config_plan("staging", "delays", lost)
    sagemaker.delete_endpoint_config(EndpointConfigName=config.name)
    sagemaker.delete_model(ModelName=config.production[0].model_name)
    lose_artifact(world, lost)
    lose_image(world, "staging", lost)
    [line] = world.slipway("status", "staging", expected=1).result["stages"]
    said = "\n".join(line["disagreements"])
    for what in ("endpoint config", "model", "artifact", "image"):
        assert f"{what} " in said
    assert "./slipway apply staging --endpoint delays" in line["disagreements"][-1]
    assert "./slipway apply staging" in world.slipway("rollback", "staging", expected=2).stderr
    world.sandbox.reset_calls()
    world.slipway("apply", "staging", "--endpoint", "delays")
    assert world.updates() == 0
    assert world.slipway("status", "staging").result["agree"] is True
    world.assert_clean("staging", serves=pins.live.release)
    assert world.slipway("rollback", "staging").result["release"] == lost.release


@pytest.mark.parametrize("damage", ["garbage", "removed", "of a later version"])
def test_over_a_damaged_ledger_no_release_goes_on_and_the_way_back_does(world, staging, damage):
    """It is named with its place, and whole again once that is put back; what the way back wrote stays."""
    s3, bucket = world.client("s3"), world.ports("staging").artifacts.bucket
    last = f"ledger/{len(world.entries('staging')):08d}.json"
    written = s3.get_object(Bucket=bucket, Key=last)["Body"].read()
    match damage:
        case "garbage":
            s3.put_object(Bucket=bucket, Key=last, Body=b"<html>")
        case "removed":
            s3.delete_object(Bucket=bucket, Key=last)
        case _:
            s3.put_object(Bucket=bucket, Key=last, Body=written.replace(b'"format":3', b'"format":4'))
    refused = world.slipway(*PROMOTE, expected=3)
    assert "The ledger of staging is damaged" in refused.stderr
    assert f"entry {int(last[7:15])} was" in refused.stderr
    assert "./slipway verify staging" in refused.stderr
    [line] = world.slipway("status", "staging", expected=1).result["stages"]
    assert any(f"entry {int(last[7:15])} was" in text for text in line["disagreements"])
    previous = world.endpoint("staging").previous.release
    if damage != "of a later version":
        assert world.slipway("rollback", "staging").result["release"] == previous
    s3.put_object(Bucket=bucket, Key=last, Body=written)
    world.assert_at_rest("staging", serves=world.endpoint("staging").live.release)
    assert world.slipway("status", "staging").result["agree"] is True
    world.slipway("verify", "staging")


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PULUMI_CONFIG_PASSPHRASE", "another"), ("PULUMI_BACKEND_URL", "file:///nowhere/at/all")],
)
def test_what_would_fail_pulumi_is_said_before_the_ledger_and_the_pin_are_written(
    world, fresh, staging, variable, value
):
    release, entries, file = fresh(), len(world.entries("staging")), world.file("staging").read_bytes()
    refused = world.slipway(*PROMOTE, env=world.env | {variable: value}, expected=2)
    assert "Pulumi is not ready for staging" in refused.stderr
    assert variable in refused.stderr
    assert (len(world.entries("staging")), world.file("staging").read_bytes()) == (entries, file)
    assert world.slipway(*PROMOTE).result["release"] == release


def test_a_region_in_which_the_stage_is_not_is_refused(world, fresh, staging):
    file, entries = world.file("staging").read_bytes(), len(world.entries("staging"))
    fresh()
    world.file("staging").write_bytes(file.replace(b"us-east-1\n", b"eu-west-1\n", 1))
    for command in (PROMOTE, ("rollback", "staging"), ("apply", "staging"), ("promote", "staging", "prod")):
        refused = world.slipway(*command, expected=2)
        assert "are of another account or region" in refused.stderr
        assert "aws:region" in refused.stderr
    world.file("staging").write_bytes(file)
    assert len(world.entries("staging")) == entries


def test_a_hold_of_somebody_who_is_gone_is_seen_and_ended(world, fresh, staging):
    """Nothing moves by it; what the dead rollout had moved is brought back, and the release comes again."""
    release, before, seen = fresh(), world.endpoint("staging").pins, watch(world, "staging")
    seen.kill(world.start(*PROMOTE), "verifying", "group")
    [line] = world.slipway("status", "staging", expected=None).result["stages"]
    assert f"promote of {release} (delays) stopped half-way" in line["rollout"]
    assert "needs a reason" in world.slipway("unlock", "staging", expected=2).stderr
    world.sandbox.reset_calls()
    done = world.slipway("unlock", "staging", "--reason", "its host is gone").result
    assert f"promote of {release}" in done["rollout"]
    assert world.updates() == 0
    assert world.entries("staging")[-1].what.reason == "its host is gone"
    assert world.endpoint("staging").pins == before
    assert "Nothing holds staging" in world.slipway("unlock", "staging", "--reason", "x", expected=2).stderr
    [line] = world.slipway("status", "staging", expected=1).result["stages"]
    assert "./slipway apply staging --endpoint delays" in line["disagreements"][-1]
    assert world.slipway("apply", "staging").result["release"] == before.live.release
    assert world.slipway(*PROMOTE).result["release"] == release
    world.assert_clean("staging", serves=release, refresh=False)


def test_a_destroyed_stage_with_pins_is_built_again_by_the_command_that_is_named(world, fresh, staging):
    release, s3, bucket = fresh(), world.client("s3"), world.ports("staging").artifacts.bucket
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for found in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            s3.delete_object(Bucket=bucket, Key=found["Key"], VersionId=found["VersionId"])
    done = world.pulumi("destroy", "--stack", "staging", "--yes", "--skip-preview")
    assert done.returncode == 0, done.stdout + done.stderr
    [line] = world.slipway("status", "staging", expected=1).result["stages"]
    assert "nothing of staging is there" in line["disagreements"][-2]
    for command in (("rollback", "staging"), ("apply", "staging"), ("promote", "staging", "prod")):
        assert "./slipway promote staging" in world.slipway(*command, expected=2).stderr
    assert world.slipway("promote", "staging").result["release"] == release
    assert world.endpoint("staging").previous is None
    world.assert_clean("staging", serves=release)
