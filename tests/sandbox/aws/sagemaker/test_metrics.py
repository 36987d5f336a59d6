"""What an endpoint's requests, servers and printed lines leave in CloudWatch."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.conformance.shifts import blue_green, new_share, percent
from tests.sandbox.world import World, wait_for

pytestmark = pytest.mark.sandbox


def statistics(
    world: World, endpoint: str, namespace: str, metric: str, *wanted: str, config: str = ""
) -> dict[str, Any]:
    """The statistics of one metric of the variant `live`, over a day around now.

    With `config` only of the fleet that was deployed with this endpoint config.
    """
    now = datetime.now(UTC)
    dimensions = {"EndpointName": endpoint, "VariantName": "live"}
    dimensions |= {"EndpointConfigName": config} if config else {}
    answer = world.sandbox.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=23),
        Period=86_400,
        Statistics=list(wanted),
    )
    return answer["Datapoints"][0] if answer["Datapoints"] else {}


def test_invocations_are_counted_as_sagemaker_counts_them(world: World) -> None:
    endpoint = world.endpoint(world.simple_config("1", count=2))
    for body in ("hi", "hi", "sleep 0.05"):
        world.invoke(endpoint, body)
    for body in ("status 404", "status 503"):
        with pytest.raises(ClientError, match="ModelError"):
            world.invoke(endpoint, body)

    def of(metric: str) -> dict[str, Any]:
        wanted = ("Sum", "SampleCount", "Maximum", "Average")
        return statistics(world, endpoint, "AWS/SageMaker", metric, *wanted)

    wait_for(lambda: of("Invocations").get("Sum") == 5, "all invocations to be counted")
    counted = {
        "Invocation4XXErrors": 1,
        "Invocation5XXErrors": 1,
        "InvocationModelErrors": 2,
        "InvocationsPerInstance": 2.5,
    }
    for metric, total in counted.items():
        found = of(metric)
        assert (found["Sum"], found["SampleCount"], found["Unit"]) == (total, 5, "None"), metric
    latency, overhead = of("ModelLatency"), of("OverheadLatency")
    assert latency["Unit"] == overhead["Unit"] == "Microseconds"
    assert 50_000 < latency["Maximum"] < 5_000_000
    assert 0 < overhead["Average"] < 100_000
    assert latency["SampleCount"] == overhead["SampleCount"] == 5


def test_each_fleet_of_a_variant_is_counted_by_its_endpoint_config(world: World) -> None:
    """A canary's errors are all of its own metric's, and few of the variant's."""
    old, new = (world.simple_config(version, count=2) for version in ("old", "new"))
    endpoint = world.endpoint(old)
    canary = blue_green("CANARY", wait=3600, CanarySize=percent(50))
    world.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=new, DeploymentConfig=canary)
    wait_for(lambda: new_share(world, endpoint), "the canary's share")
    world.sandbox.faults("invoke_errors", endpoint=endpoint, config=new, status=500)
    for _ in range(12):
        with suppress(ClientError):
            world.invoke(endpoint)
    world.sandbox.clear_faults()

    def total(metric: str, config: str = "") -> float:
        return statistics(world, endpoint, "AWS/SageMaker", metric, "Sum", config=config).get("Sum", 0)

    wait_for(lambda: total("Invocations") == 12, "all invocations to be counted")
    by_fleet = {config: total("Invocations", config) for config in (old, new)}
    assert sum(by_fleet.values()) == 12
    assert 0 < by_fleet[new] == total("Invocation5XXErrors", new) == total("Invocation5XXErrors")
    assert by_fleet[old] > 0
    assert total("Invocation5XXErrors", old) == 0


def test_an_invocation_without_an_answer_is_a_model_error_and_no_5xx(world: World) -> None:
    endpoint = world.endpoint()
    world.sandbox.faults("crash_after", endpoint=endpoint, requests=1)
    with pytest.raises(ClientError, match="ModelError"):
        world.invoke(endpoint)

    def total(metric: str) -> float:
        return statistics(world, endpoint, "AWS/SageMaker", metric, "Sum").get("Sum", 0)

    wait_for(lambda: total("Invocations") == 1, "the invocation to be counted")
    counted = ("InvocationModelErrors", "Invocation5XXErrors", "Invocation4XXErrors")
    assert [total(metric) for metric in counted] == [1, 0, 0]


def test_instances_say_what_they_use_once_a_minute(world: World) -> None:
    endpoint = world.endpoint(world.simple_config("1", count=2))

    def of(metric: str) -> dict[str, Any]:
        return statistics(world, endpoint, "/aws/sagemaker/Endpoints", metric, "Average", "SampleCount")

    def a_minute_later() -> bool:
        world.sandbox.advance_clock(60)
        world.invoke(endpoint)
        return of("CPUUtilization").get("SampleCount", 0) >= 2

    wait_for(a_minute_later, "a minute's metrics")
    for metric in ("CPUUtilization", "MemoryUtilization", "DiskUtilization"):
        found = of(metric)
        assert found["Unit"] == "Percent"
        assert 0 <= found["Average"] < 100, metric
    assert of("MemoryUtilization")["Average"] > 0


def test_printed_metrics_become_metrics(world: World) -> None:
    endpoint = world.endpoint()
    stamp = int(datetime.now(UTC).timestamp() * 1000)
    metrics = [{"Name": "scores", "StorageResolution": 1}]
    directive = {
        "Namespace": "Printed",
        "Dimensions": [["EndpointName", "VariantName"]],
        "Metrics": metrics,
    }
    line = {
        "_aws": {"Timestamp": stamp, "CloudWatchMetrics": [directive]},
        "EndpointName": endpoint,
        "VariantName": "live",
        "scores": [0.25, 0.5, 0.75],
    }
    world.invoke(endpoint, f"print {json.dumps(line)}")
    found = wait_for(
        lambda: statistics(world, endpoint, "Printed", "scores", "Average", "SampleCount"), "its metrics"
    )
    assert (found["Average"], found["SampleCount"]) == (0.5, 3)
    logs = world.sandbox.client("logs")
    events = logs.filter_log_events(
        logGroupName=f"/aws/sagemaker/Endpoints/{endpoint}", filterPattern="{ $.scores[0] = 0.25 }"
    )
    assert [json.loads(event["message"]) for event in events["events"]] == [line]
    assert events["events"][0]["logStreamName"].startswith("live/i-")
