"""InvokeEndpoint: what goes through, who answers, how failures look."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused, unchecked
from tests.sandbox.world import World, wait_for

LIMITS = "https://docs.aws.amazon.com/general/latest/gr/sagemaker.html"


@pytest.fixture(scope="module")
def endpoint(world: World) -> str:
    """An endpoint with the variants `a` (weight 3), `b` (weight 1) and `idle` (weight 0)."""
    weights = {"a": 3.0, "b": 1.0, "idle": 0.0}
    variants = [world.variant(world.model(name), name, 1, weight) for name, weight in weights.items()]
    return world.endpoint(world.config(*variants))


def ask(world: World, endpoint: str, body: bytes = b"x", **members: Any) -> dict[str, Any]:
    return world.runtime.invoke_endpoint(EndpointName=endpoint, Body=body, **members)


@behaviour("SageMaker Runtime", "InvokeEndpoint")
def test_bytes(world: World, endpoint: str) -> None:
    """Body and content type go to the container and back untouched."""
    answer = ask(world, endpoint, b"echo", ContentType="application/x-odd; charset=latin-1")
    assert answer["Body"].read() == b"echo"
    assert answer["ContentType"] == "application/x-odd; charset=latin-1"


@behaviour("SageMaker Runtime", "InvokeEndpoint")
def test_no_header_is_made_up(world: World, endpoint: str) -> None:
    """The container gets no Content-Type, Accept or other header that the caller did not give."""
    given = json.loads(ask(world, endpoint, b"headers")["Body"].read())
    assert set(given) <= {"host", "content-length"}
    given = json.loads(ask(world, endpoint, b"headers", ContentType="text/csv", Accept="a/b")["Body"].read())
    assert (given["content-type"], given["accept"]) == ("text/csv", "a/b")


@behaviour("SageMaker Runtime", "InvokeEndpoint")
def test_custom_attributes(world: World, endpoint: str) -> None:
    """CustomAttributes go to the container, and what it sets comes back."""
    assert ask(world, endpoint, b"echo", CustomAttributes="trace=abc")["CustomAttributes"] == "trace=abc"


@behaviour("SageMaker Runtime", "InvokeEndpoint")
def test_long_custom_attributes(world: World, endpoint: str) -> None:
    """CustomAttributes have at most 1024 characters."""
    with refused("ValidationError", "at 'customAttributes' failed to satisfy constraint"):
        ask(world, endpoint, CustomAttributes="x" * 1025)


@behaviour("SageMaker Runtime", "InvokeEndpoint")
def test_inference_ids(world: World, endpoint: str) -> None:
    """An InferenceId has at most 64 characters."""
    assert ask(world, endpoint, InferenceId="i" * 64)
    with refused("ValidationError", "at 'inferenceId' failed to satisfy constraint"):
        ask(world, endpoint, InferenceId="i" * 65)


@behaviour("SageMaker Runtime", "InvokeEndpoint")
def test_the_invoked_variant(world: World, endpoint: str) -> None:
    """InvokedProductionVariant names the variant that answered."""
    for _ in range(10):
        answer = ask(world, endpoint)
        assert json.loads(answer["Body"].read())["version"] == answer["InvokedProductionVariant"]


@behaviour("SageMaker", "ProductionVariant")
def test_weights(world: World, endpoint: str) -> None:
    """Traffic divides by weight, and a variant of weight 0 gets none."""
    seen = Counter(ask(world, endpoint)["InvokedProductionVariant"] for _ in range(400))
    assert set(seen) == {"a", "b"}
    assert 250 < seen["a"] < 350


@behaviour("SageMaker Runtime", "InvokeEndpoint")
def test_target_variants(world: World, endpoint: str) -> None:
    """TargetVariant overrides the weights, even a weight of 0."""
    for name in ("a", "b", "idle"):
        assert ask(world, endpoint, TargetVariant=name)["InvokedProductionVariant"] == name


@behaviour("SageMaker Runtime", "InvokeEndpoint")
def test_unknown_target_variants(world: World, endpoint: str) -> None:
    """A TargetVariant that the endpoint does not have is a ValidationError."""
    with refused("ValidationError", "Variant ghost not found"):
        ask(world, endpoint, TargetVariant="ghost")


@behaviour("SageMaker Runtime", "InvokeEndpoint")
def test_missing_endpoints(world: World) -> None:
    """An endpoint that is not there is a ValidationError that names the account."""
    with refused("ValidationError", "Endpoint nope of account 123456789012 not found."):
        ask(world, "nope")


@behaviour("SageMaker Runtime", "InvokeEndpoint")
def test_the_pattern_of_a_name(world: World) -> None:
    """A name that no endpoint can have breaks the pattern of EndpointName."""
    with refused("ValidationError", "Value 'my_endpoint' at 'endpointName' failed to satisfy constraint"):
        ask(world, "my_endpoint")


@behaviour("SageMaker Runtime", "InvokeEndpoint")
def test_names_keep_their_case(world: World) -> None:
    """The case of an endpoint's name must be matched in InvokeEndpoint."""
    world.endpoint(name="CamelCase")
    assert ask(world, "CamelCase")
    with refused("ValidationError", "not found"):
        ask(world, "camelcase")


@behaviour("SageMaker Runtime", "InvokeEndpoint")
@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_model_errors(world: World, endpoint: str, status: int) -> None:
    """An error of the container is a ModelError (424) with its status, its message and its log stream."""
    with refused("ModelError", f"({status}) from primary", status=424) as refusal:
        ask(world, endpoint, f"status {status}".encode())
    assert refusal.response["OriginalStatusCode"] == status
    assert refusal.response["OriginalMessage"] == "as you wish"
    assert f"log-group:/aws/sagemaker/Endpoints/{endpoint}:log-stream:" in refusal.response["LogStreamArn"]


@behaviour("SageMaker Runtime", "InvokeEndpoint")
def test_the_log_stream_of_an_error(world: World, endpoint: str) -> None:
    """LogStreamArn of a ModelError names a stream that CloudWatch Logs has, `<variant>/<instance>`."""
    ask(world, endpoint, TargetVariant="b")
    with refused("ModelError", status=424) as refusal:
        ask(world, endpoint, b"status 500", TargetVariant="b")
    stream = refusal.response["LogStreamArn"].rpartition("log-stream:")[2]
    assert stream.startswith("b/i-")
    logs = world.sandbox.client("logs")
    group = f"/aws/sagemaker/Endpoints/{endpoint}"
    wait_for(
        lambda: logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=stream)["logStreams"],
        "the stream",
    )


@behaviour("SageMaker Runtime", LIMITS)
def test_large_bodies(world: World, endpoint: str) -> None:
    """A request of 6 MiB is served, and one byte more is refused with 413."""
    assert ask(world, endpoint, b"x" * (6 << 20))
    with refused("413", status=413):
        ask(world, endpoint, b"x" * ((6 << 20) + 1))


@behaviour("SageMaker Runtime", "InvokeEndpoint")
def test_throttling(world: World, endpoint: str) -> None:
    """A throttled invocation is a ThrottlingException that boto3 tries again."""
    world.sandbox.faults("fail_aws", service="sagemaker-runtime", action="InvokeEndpoint", endpoint=endpoint)
    with refused("ThrottlingException", "Rate exceeded"):
        unchecked(world.sandbox, "sagemaker-runtime").invoke_endpoint(EndpointName=endpoint, Body=b"x")
    world.sandbox.faults("fail_aws", service="sagemaker-runtime", action="InvokeEndpoint", endpoint=endpoint)
    assert ask(world, endpoint)["ResponseMetadata"]["RetryAttempts"] == 1


@behaviour("SageMaker Runtime", "InvokeEndpoint")
@pytest.mark.parametrize(
    ("code", "status"),
    [("InternalFailure", 500), ("ServiceUnavailable", 503), ("InternalDependencyException", 530)],
)
def test_failures_of_the_service(world: World, endpoint: str, code: str, status: int) -> None:
    """InternalFailure, ServiceUnavailable and InternalDependencyException come with their statuses."""
    world.sandbox.faults("fail_aws", service="sagemaker-runtime", action="InvokeEndpoint", code=code)
    with refused(code, status=status):
        unchecked(world.sandbox, "sagemaker-runtime").invoke_endpoint(EndpointName=endpoint, Body=b"x")


@behaviour("SageMaker Runtime", "InvokeEndpoint")
def test_errors_of_one_variant(world: World, endpoint: str) -> None:
    """Errors that are asked for of one variant leave the others alone."""
    world.sandbox.faults("invoke_errors", endpoint=endpoint, variant="b", status=502)
    with refused("ModelError", "(502)", status=424):
        ask(world, endpoint, TargetVariant="b")
    assert ask(world, endpoint, TargetVariant="a")


@behaviour("SageMaker Runtime", "InvokeEndpoint")
def test_target_models(world: World, endpoint: str) -> None:
    """TargetModel is refused by an endpoint that is not a multi-model endpoint."""
    with refused("ValidationError", "multi-model"):
        ask(world, endpoint, TargetModel="a.tar.gz")


@behaviour("SageMaker Runtime", "InvokeEndpoint")
def test_inference_components(world: World, endpoint: str) -> None:
    """InferenceComponentName is refused by an endpoint without inference components."""
    with refused("ValidationError", "Inference Component Name header is not allowed"):
        ask(world, endpoint, InferenceComponentName="c")


@behaviour("SageMaker", "ProductionVariantRoutingConfig")
def test_least_outstanding_requests(world: World) -> None:
    """RoutingStrategy LEAST_OUTSTANDING_REQUESTS sends a request to the instance that answers the fewest."""
    routing = {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"}
    variant = {**world.variant(world.model(), count=2), "RoutingConfig": routing}
    name = world.endpoint(world.config(variant))
    assert world.describe(name)["ProductionVariants"][0]["RoutingConfig"] == routing
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(world.invoke, name, "sleep 1")
        wait_for(lambda: in_flight(world, name), "the slow request")
        quick = {world.invoke(name)["pid"] for _ in range(6)}
        assert len(quick) == 1
        assert slow.result()["pid"] not in quick


def in_flight(world: World, endpoint: str) -> int:
    found = next(e for e in world.sandbox.status()["endpoints"] if e["name"] == endpoint)
    return sum(fleet["in_flight"] for d in found["deployments"] for fleet in d["fleets"])


@behaviour("SageMaker Runtime", "InvokeEndpointAsync", covered=False)
def test_async(world: World, endpoint: str) -> None:
    """InvokeEndpointAsync answers NotImplemented."""
    client = unchecked(world.sandbox, "sagemaker-runtime")
    with refused("NotImplemented", "Add it in sandbox/aws/sagemaker_runtime/", status=501):
        client.invoke_endpoint_async(EndpointName=endpoint, InputLocation="s3://b/k")


@behaviour("SageMaker Runtime", "InvokeEndpointWithResponseStream", covered=False)
def test_streams(world: World, endpoint: str) -> None:
    """InvokeEndpointWithResponseStream answers NotImplemented."""
    client = unchecked(world.sandbox, "sagemaker-runtime")
    with refused("NotImplemented", "Add it in sandbox/aws/sagemaker_runtime/", status=501):
        client.invoke_endpoint_with_response_stream(EndpointName=endpoint, Body=b"x")
