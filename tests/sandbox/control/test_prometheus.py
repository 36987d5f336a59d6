"""What a Prometheus asks a sandbox for: its model servers, and what callers were answered."""

import http.client
import json
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sandbox.control import prometheus
from tests.sandbox.world import World


def asked(world: World, what: str) -> str:
    """What the sandbox answers to a Prometheus."""
    with urllib.request.urlopen(f"{world.sandbox.endpoint_url}/_sandbox/{what}") as answer:  # noqa: S310
        return answer.read().decode()


def counted(world: World, endpoint: str) -> dict[str, float]:
    """Answers of an endpoint's live variant, by status."""
    (family,) = text_string_to_metric_families(asked(world, "metrics"))
    mine = [sample.labels for sample in family.samples if sample.labels["endpoint"] == endpoint]
    assert {labels["variant"] for labels in mine} == {"live"}
    return {s.labels["status"]: s.value for s in family.samples if s.labels["endpoint"] == endpoint}


@pytest.mark.sandbox
def test_every_model_server_is_listed_where_it_listens_with_what_it_serves(world: World) -> None:
    endpoint = world.endpoint()
    listed = json.loads(asked(world, "targets"))
    (found,) = [each for each in listed if each["labels"]["endpoint"] == endpoint]
    config = world.describe(endpoint)["EndpointConfigName"]
    (instance,) = world.instances(endpoint)
    labels = {"endpoint": endpoint, "variant": "live", "config": config, "instance": instance["id"]}
    assert found["labels"] == labels
    connection = http.client.HTTPConnection(*found["targets"][0].split(":"))
    connection.request("GET", "/ping")
    assert connection.getresponse().status == 200


@pytest.mark.sandbox
def test_answers_are_counted_as_callers_got_them_from_the_first_failure_on(world: World) -> None:
    endpoint = world.endpoint()
    assert counted(world, endpoint) == {"200": 0, "500": 0, "503": 0}
    world.invoke(endpoint)
    with world.fault("invoke_errors", endpoint=endpoint, status=502), pytest.raises(Exception, match="502"):
        world.invoke(endpoint)
    assert counted(world, endpoint) == {"200": 1, "500": 0, "503": 0, "502": 1}


def test_two_fleets_of_a_variant_and_config_are_one_counter() -> None:
    """A patched endpoint has both for a while, and a metric with the same labels twice is refused."""
    fleet = {"variant": "live", "answers": {200: 3}, "instances": []}
    deployments = [{"config": "one", "fleets": [fleet]}] * 2
    text = prometheus.metrics({"endpoints": [{"name": "e", "deployments": deployments}]}).decode()
    assert text.count('status="200"') == 1
    assert 'front_requests_total{endpoint="e",variant="live",config="one",status="200"} 6' in text
