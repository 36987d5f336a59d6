"""Shadow variants and data capture."""

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused
from tests.sandbox.world import BUCKET, World, wait_for

SHADOWS = "https://docs.aws.amazon.com/sagemaker/latest/dg/model-shadow-deployment.html"
CAPTURE = "https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html"


def capture(
    prefix: str, percentage: int = 100, modes: tuple[str, ...] = ("Input", "Output")
) -> dict[str, Any]:
    """A DataCaptureConfig that keeps CSV and JSON as text."""
    return {
        "InitialSamplingPercentage": percentage,
        "DestinationS3Uri": f"s3://{BUCKET}/{prefix}",
        "CaptureOptions": [{"CaptureMode": mode} for mode in modes],
        "CaptureContentTypeHeader": {
            "CsvContentTypes": ["text/csv"],
            "JsonContentTypes": ["application/json"],
        },
    }


def captured(world: World, prefix: str, least: int = 1) -> list[tuple[str, dict[str, Any]]]:
    """Key and content of every captured request, once there are `least`."""

    def read() -> list[tuple[str, dict[str, Any]]]:
        listing = world.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return [
            (entry["Key"], json.loads(line))
            for entry in listing
            for line in world.s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read().splitlines()
        ]

    return wait_for(lambda: (found := read()) and len(found) >= least and found, f"{least} captured requests")


def fleets(world: World, endpoint: str) -> dict[str, dict[str, Any]]:
    """The fleets that serve, by variant, as the sandbox's status has them."""
    found = next(e for e in world.sandbox.status()["endpoints"] if e["name"] == endpoint)
    return {fleet["variant"]: fleet for d in found["deployments"] for fleet in d["fleets"]}


@pytest.fixture(scope="module")
def shadowed(world: World) -> str:
    """An endpoint whose variant `live` has a shadow that gets every request."""
    shadow = world.variant(world.model("shadow"), "shadow")
    config = world.config(
        world.variant(world.model("live")),
        ShadowProductionVariants=[shadow],
        DataCaptureConfig=capture("shadowed"),
    )
    return world.endpoint(config)


@pytest.fixture(scope="module")
def capturing(world: World) -> str:
    """An endpoint that captures everything under `everything`."""
    return world.endpoint(
        world.config(world.variant(world.model()), DataCaptureConfig=capture("everything/"))
    )


@behaviour("SageMaker", SHADOWS)
def test_shadows_get_copies(world: World, shadowed: str) -> None:
    """A shadow variant gets a copy of each request, and its answer is discarded."""
    before = fleets(world, shadowed)["shadow"]["served"]
    answers = [world.version(shadowed) for _ in range(20)]
    assert set(answers) == {"live"}
    wait_for(lambda: fleets(world, shadowed)["shadow"]["served"] == before + 20, "twenty copies")


@behaviour("SageMaker", "DescribeEndpoint")
def test_shadows_are_described(world: World, shadowed: str) -> None:
    """ShadowProductionVariants of DescribeEndpoint has the shadow's images, weight and count."""
    [shadow] = world.describe(shadowed)["ShadowProductionVariants"]
    assert (shadow["VariantName"], shadow["CurrentInstanceCount"], shadow["CurrentWeight"]) == (
        "shadow",
        1,
        1.0,
    )
    assert shadow["DeployedImages"][0]["ResolvedImage"] == f"{world.uri}@{world.digest}"
    assert [v["VariantName"] for v in world.describe(shadowed)["ProductionVariants"]] == ["live"]


@behaviour("SageMaker", SHADOWS)
def test_failures_of_a_shadow(world: World, shadowed: str) -> None:
    """A shadow that fails or is slow changes nothing for the caller."""
    world.sandbox.faults("invoke_errors", endpoint=shadowed, variant="shadow")
    world.sandbox.faults("invoke_latency", endpoint=shadowed, variant="shadow", seconds=1)
    failed = fleets(world, shadowed)["shadow"]["failed"]
    assert world.version(shadowed) == "live"
    wait_for(lambda: fleets(world, shadowed)["shadow"]["failed"] > failed, "the shadow's failure")


@behaviour("SageMaker Runtime", "InvokeEndpoint")
def test_shadows_are_no_target(world: World, shadowed: str) -> None:
    """A shadow variant cannot be the TargetVariant."""
    with refused("ValidationError", "Variant shadow not found"):
        world.invoke(shadowed, TargetVariant="shadow")


@behaviour("SageMaker", SHADOWS)
def test_shares_of_shadows(world: World) -> None:
    """A shadow's weight relative to the production variant's is the share of requests that it gets."""
    shadow = world.variant(world.model("shadow"), "shadow", weight=0.5)
    name = world.endpoint(
        world.config(world.variant(world.model("live"), weight=2.0), ShadowProductionVariants=[shadow])
    )
    for _ in range(200):
        world.invoke(name)
    served = wait_for(lambda: fleets(world, name)["shadow"]["served"], "copies")
    assert 20 < served < 85


@behaviour("SageMaker", CAPTURE)
def test_shadows_are_captured(world: World, shadowed: str) -> None:
    """Answers of a shadow are captured under its own name, with the event id of the real request."""
    world.invoke(shadowed, "to be captured", InferenceId="both")
    wait_for(
        lambda: (
            len([1 for _, c in captured(world, "shadowed/") if c["eventMetadata"].get("inferenceId")]) == 2
        ),
        "both captures",
    )
    both = {
        key.split("/")[2]: content["eventMetadata"]
        for key, content in captured(world, "shadowed/")
        if content["eventMetadata"].get("inferenceId") == "both"
    }
    assert set(both) == {"live", "shadow"}
    assert both["live"]["eventId"] == both["shadow"]["eventId"]


@behaviour("SageMaker", CAPTURE)
def test_the_layout(world: World, capturing: str) -> None:
    """Captures lie under <destination>/<endpoint>/<variant>/yyyy/mm/dd/hh/<file>.jsonl."""
    world.invoke(capturing)
    key, _ = captured(world, f"everything/{capturing}/")[0]
    hour = f"{datetime.now(UTC):%Y/%m/%d}"
    name = r"\d\d-\d\d-\d{3}-[0-9a-f-]{36}\.jsonl"
    assert re.fullmatch(rf"everything/{capturing}/live/{hour}/\d\d/{name}", key), key


@behaviour("SageMaker", CAPTURE)
def test_csv_and_json(world: World, capturing: str) -> None:
    """CSV and JSON of the configured content types are captured as text, with their encoding."""
    world.invoke(capturing, "1,2,3", ContentType="text/csv", InferenceId="csv")
    world.invoke(capturing, '{"a": 1}', ContentType="application/json; charset=utf-8", InferenceId="json")
    assert world.runtime.invoke_endpoint(
        EndpointName=capturing, Body=b"echo", ContentType="image/png", InferenceId="png"
    )
    found = wait_for(lambda: by_id(world, capturing, "csv", "json", "png"), "three captures")
    assert found["csv"]["captureData"]["endpointInput"] == {
        "observedContentType": "text/csv",
        "mode": "INPUT",
        "data": "1,2,3",
        "encoding": "CSV",
    }
    output = found["csv"]["captureData"]["endpointOutput"]
    assert (output["encoding"], output["mode"]) == ("JSON", "OUTPUT")
    assert json.loads(output["data"])["version"] == "1"
    assert found["json"]["captureData"]["endpointInput"]["encoding"] == "JSON"
    picture = found["png"]["captureData"]["endpointInput"]
    assert (picture["encoding"], base64.b64decode(picture["data"])) == ("BASE64", b"echo")


@behaviour("SageMaker", CAPTURE)
def test_the_metadata(world: World, capturing: str) -> None:
    """eventMetadata has eventId, inferenceTime, the InferenceId and the CustomAttributes."""
    world.invoke(capturing, InferenceId="of-metadata", CustomAttributes="trace=1")
    content = wait_for(lambda: by_id(world, capturing, "of-metadata"), "the capture")["of-metadata"]
    metadata = content["eventMetadata"]
    assert metadata["customAttributes"] == ["trace=1"]
    assert re.fullmatch(r"[0-9a-f-]{36}", metadata["eventId"])
    assert datetime.fromisoformat(metadata["inferenceTime"]).tzinfo is not None
    assert content["eventVersion"] == "0"


@behaviour("SageMaker", "CaptureOption")
def test_modes(world: World) -> None:
    """CaptureMode Input keeps the input alone."""
    config = capture("inputs", modes=("Input",))
    name = world.endpoint(world.config(world.variant(world.model()), DataCaptureConfig=config))
    world.invoke(name)
    [(_, content)] = captured(world, "inputs/")
    assert set(content["captureData"]) == {"endpointInput"}


@behaviour("SageMaker", "DataCaptureConfig")
def test_sampling(world: World) -> None:
    """InitialSamplingPercentage is the share of requests that are captured."""
    config = capture("sampled", 20)
    name = world.endpoint(world.config(world.variant(world.model()), DataCaptureConfig=config))
    for _ in range(300):
        world.invoke(name)
    count = wait_for(
        lambda: state(world, name)["captured"] > 20 and state(world, name)["captured"], "captures"
    )
    assert 20 < count < 110


@behaviour("SageMaker", "DataCaptureConfig")
def test_capture_that_is_off(world: World) -> None:
    """EnableCapture false captures nothing, and is described as Stopped."""
    config = {**capture("off"), "EnableCapture": False}
    name = world.endpoint(world.config(world.variant(world.model()), DataCaptureConfig=config))
    world.invoke(name)
    summary = world.describe(name)["DataCaptureConfig"]
    assert (summary["EnableCapture"], summary["CaptureStatus"]) == (False, "Stopped")
    assert state(world, name)["captured"] == 0


@behaviour("SageMaker", "DescribeEndpoint")
def test_capture_is_described(world: World, capturing: str) -> None:
    """DataCaptureConfig of DescribeEndpoint has its status, its percentage and its destination."""
    assert world.describe(capturing)["DataCaptureConfig"] == {
        "EnableCapture": True,
        "CaptureStatus": "Started",
        "CurrentSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{BUCKET}/everything/",
        "KmsKeyId": "",
    }


@behaviour("SageMaker", "DataCaptureConfig")
def test_capture_has_a_key(world: World) -> None:
    """KmsKeyId encrypts what is captured."""
    key = world.sandbox.client("kms").create_key()["KeyMetadata"]["Arn"]
    config = {**capture("keyed"), "KmsKeyId": key}
    name = world.endpoint(world.config(world.variant(world.model()), DataCaptureConfig=config))
    world.invoke(name)
    [(file, _)] = captured(world, "keyed/")
    found = world.s3.head_object(Bucket=BUCKET, Key=file)
    assert (found["ServerSideEncryption"], found["SSEKMSKeyId"]) == ("aws:kms", key)


@behaviour("SageMaker", CAPTURE)
def test_captures_that_cannot_be_written(world: World) -> None:
    """A capture that cannot be written to its bucket fails alone: the caller gets its answer."""
    config = {**capture("x"), "DestinationS3Uri": "s3://no-such-bucket-here/x"}
    name = world.endpoint(world.config(world.variant(world.model("1")), DataCaptureConfig=config))
    assert world.version(name) == "1"
    wait_for(lambda: state(world, name)["capture_failures"] == 1, "the failure to be counted")


def by_id(world: World, endpoint: str, *ids: str) -> dict[str, Any] | None:
    """The captures with these inference ids, once all are there."""
    contents = [content for _, content in captured(world, f"everything/{endpoint}/")]
    found = {content["eventMetadata"].get("inferenceId"): content for content in contents}
    return found if set(ids) <= set(found) else None


def state(world: World, endpoint: str) -> dict[str, Any]:
    return next(e for e in world.sandbox.status()["endpoints"] if e["name"] == endpoint)
