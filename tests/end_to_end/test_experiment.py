"""An experiment on the real engine, the real sandbox and real model servers, to both of its ends."""

import json

import pytest

from demo.callers import calling
from demo.project import TOLERANT, change_stage
from monitoring.experiments.assignment import arm, inference_id
from release.domain import names
from release.domain.ledger import Closed
from tests.end_to_end.world import SKIP, wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

STAGE, NAME = "prod", names.endpoint("delays", "prod")
PROMOTE = ("promote", "dev", STAGE, *SKIP)
ROLLOUT = {"strategy": "judged", "steps": [50], "step_seconds": 5, "hold_seconds": 3_600, "bake_seconds": 5}
ASK = ("--outcome", "on_time", "--base", ".245", "--minimum", ".02")
START = ("experiment", "start", STAGE, "--from", "dev", *SKIP, *ASK)
RATE = 150.0
KEYS = [f"user-{number}" for number in range(60)]


@pytest.fixture(scope="module")
def prod(world, fresh):
    """A stage that serves a release, and judges what comes; the release."""
    release = fresh()
    bucket = world.ports(STAGE).artifacts.bucket
    world.edit(STAGE, capture={"percent": 100, "to": f"s3://{bucket}/capture/delays"})
    world.slipway(*PROMOTE)
    change_stage(world.project, STAGE, ROLLOUT, TOLERANT)
    return release


def asked_by_key(world, experiment, body):
    """Each key's request, aimed as the page says, and the variant that answered it."""
    runtime = world.client("sagemaker-runtime")
    for key in KEYS:
        answer = runtime.invoke_endpoint(
            EndpointName=NAME,
            Body=body,
            ContentType="application/json",
            TargetVariant=arm(experiment, key, 50),
            InferenceId=inference_id(experiment, key),
        )
        yield key, answer["InvokedProductionVariant"]


def left(world, experiment, kind, lines):
    """Callers leave a file in the stage's bucket."""
    bucket = world.ports(STAGE).artifacts.bucket
    body = "\n".join(map(json.dumps, lines)).encode()
    world.client("s3").put_object(Bucket=bucket, Key=f"experiments/{experiment}/{kind}/a.jsonl", Body=body)


def test_it_compares_holds_rollouts_and_ends_with_what_is_kept_or_by_a_rollback(world, fresh, prod):
    coming = fresh()
    with calling(world.env["AWS_ENDPOINT_URL"], NAME, RATE) as seen:
        begun = world.slipway(*START).result
    assert (begun["candidate"], begun["live"], set(seen.last)) == (coming, prod, {"live", "candidate"})
    assert seen.failures == []
    variants = world.describe(STAGE)["ProductionVariants"]
    assert {v["VariantName"]: v["CurrentWeight"] for v in variants} == {"live": 50.0, "candidate": 50.0}
    world.assert_no_changes(STAGE)
    (line,) = world.slipway("status", STAGE).result["stages"]
    assert line["rollout"].startswith(f"experiment {begun['id']} of delays: {coming} has 50 %")

    golden, _ = world.ports(STAGE).artifacts.golden(world.ports(STAGE).artifacts.manifest(prod))
    body = next(r.body for r in golden.requests if r.content_type == "application/json")
    answered = dict(asked_by_key(world, begun["id"], body))
    assert answered == {key: arm(begun["id"], key, 50) for key in KEYS}
    at = world.ports(STAGE).clock.now().isoformat()
    left(world, begun["id"], "exposures", [{"key": k, "variant": v, "at": at} for k, v in answered.items()])
    left(world, begun["id"], "outcomes", [{"key": k, "value": 1, "at": at} for k in [*KEYS[:20], "nobody"]])
    result = world.slipway("experiment", "result", STAGE).result
    assert (result["shows"], result["waits"]) == ("undecided", len(KEYS))
    assert result["set_aside"] == {"outcomes of a key that was not exposed": 1}

    bucket = world.ports(STAGE).artifacts.bucket
    captured = ("experiment", "result", STAGE, "--exposures", f"s3://{bucket}/capture/delays/")
    wait_until(lambda: world.slipway(*captured).result["waits"] == len(KEYS), "the captured exposures")
    assert world.slipway(*captured).result["set_aside"].keys() == {
        "outcomes of a key that was not exposed",
        "requests without a key",
    }

    other = fresh()
    refused = world.slipway(*PROMOTE, expected=3)
    assert f"An experiment runs on delays in {STAGE}: {coming} has 50 %" in refused.result["error"]
    assert world.slipway("experiment", "status", STAGE).result["disagreements"] == []

    with calling(world.env["AWS_ENDPOINT_URL"], NAME, RATE) as seen:
        stop = ("experiment", "stop", STAGE, "--keep", "candidate", "--because", "more on time")
        stopped = world.slipway(*stop).result
    assert (stopped["serves"], seen.failures) == (coming, [])
    world.assert_clean(STAGE, serves=coming)
    assert world.endpoint(STAGE).previous.release == prod
    for place in stopped["report"]:
        bucket, _, key = place.removeprefix("s3://").partition("/")
        assert b"more on time" in world.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()

    with calling(world.env["AWS_ENDPOINT_URL"], NAME, RATE) as seen:
        assert world.slipway(*START).result["candidate"] == other
        assert world.slipway("rollback", STAGE).result["release"] == coming
    assert seen.failures == []
    world.assert_clean(STAGE, serves=coming)
    closed = [entry.what for entry in world.entries(STAGE) if isinstance(entry.what, Closed)][-1]
    assert closed.reason == "the experiment was ended by a rollback"
