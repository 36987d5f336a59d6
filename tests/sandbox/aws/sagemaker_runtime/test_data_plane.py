"""The data plane measured: weights over ten thousand requests, updates under traffic, limits."""

import asyncio
import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.core.faults import Faults
from sandbox.processes.ports import free_port
from sandbox.serving.data_plane.model_servers import ModelServers
from sandbox.serving.fleets.host import new_client
from sandbox.testing import SandboxHandle
from tests.sandbox.aws.sagemaker_runtime.plain import plain_client
from tests.sandbox.world import World, wait_for

LINEAR: dict[str, Any] = {
    "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {
            "Type": "LINEAR",
            "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 25},
            "WaitIntervalInSeconds": 30,
        },
        "TerminationWaitInSeconds": 30,
    }
}


@pytest.mark.sandbox
def test_ten_thousand_requests_divide_by_weight(world: World, sandbox: SandboxHandle) -> None:
    """Chi-square against the weights; a fair balancer fails this once in ten thousand runs."""
    weights = {"a": 5.0, "b": 3.0, "c": 2.0}
    model = world.model()
    endpoint = world.endpoint(
        world.config(*(world.variant(model, name, weight=weight) for name, weight in weights.items()))
    )
    requests = 10_000
    with plain_client(sandbox) as client:
        answers = [client.invoke(endpoint) for _ in range(requests)]
    assert {status for status, _, _ in answers} == {200}
    seen = Counter(variant for _, variant, _ in answers)
    expected = {name: requests * weight / sum(weights.values()) for name, weight in weights.items()}
    chi_square = sum((seen[name] - number) ** 2 / number for name, number in expected.items())
    assert chi_square < 18.4, seen


@pytest.mark.sandbox
def test_no_request_is_dropped_while_traffic_shifts(world: World, sandbox: SandboxHandle) -> None:
    """Continuous traffic through a linear shift, a rollback, a scale-in and a patch: every answer is good."""
    endpoint = world.endpoint(world.simple_config("1", count=2))
    stop = threading.Event()

    def ask() -> Counter[str]:
        seen: Counter[str] = Counter()
        with plain_client(sandbox) as client:
            while not stop.is_set():
                status, _, body = client.invoke(endpoint, b"sleep 0.01")
                seen[json.loads(body)["version"] if status == 200 else f"{status} {body!r}"] += 1
        return seen

    with ThreadPoolExecutor(6) as pool:
        asking = [pool.submit(ask) for _ in range(6)]
        try:
            world.update(endpoint, world.simple_config("2", count=2), DeploymentConfig=LINEAR)
            sandbox.faults("silent_rollback", endpoint=endpoint)
            world.update(endpoint, world.simple_config("3", count=2), DeploymentConfig=LINEAR)
            world.sagemaker.update_endpoint_weights_and_capacities(
                EndpointName=endpoint,
                DesiredWeightsAndCapacities=[{"VariantName": "live", "DesiredInstanceCount": 1}],
            )
            world.settled(endpoint)
            sandbox.faults("system_update", endpoint=endpoint)
            wait_for(lambda: world.describe(endpoint)["EndpointStatus"] == "InService", "the patch")
        finally:
            stop.set()
        seen = sum((future.result() for future in asking), Counter[str]())
    assert set(seen) == {"1", "2", "3"}, seen
    assert all(seen[version] > 10 for version in "123"), seen


@pytest.mark.sandbox
def test_a_scale_in_lets_requests_end(world: World, sandbox: SandboxHandle) -> None:
    """An instance that goes away answers what it has begun."""
    endpoint = world.endpoint(world.simple_config("1", count=2))

    def ask(_: int) -> int:
        with plain_client(sandbox) as client:
            return client.invoke(endpoint, b"sleep 1.5")[0]

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask, number) for number in range(4)]
        wait_for(lambda: in_flight(world, endpoint) == 4, "four requests in flight")
        world.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=endpoint,
            DesiredWeightsAndCapacities=[{"VariantName": "live", "DesiredInstanceCount": 1}],
        )
        assert [future.result() for future in asking] == [200] * 4


def test_a_container_that_takes_too_long_is_given_up() -> None:
    """The limit is 60 s; here it is made short. The answer has status 0, as SageMaker reports it."""

    async def ask() -> tuple[int, bytes, Any]:
        port = free_port()
        silent = await asyncio.start_server(lambda *_: asyncio.sleep(30), "127.0.0.1", port)
        container = SimpleNamespace(endpoint="e", variant="v", config="c")
        fleet: Any = SimpleNamespace(in_flight=0, served=0, failed=0, answers=Counter(), container=container)
        instance: Any = SimpleNamespace(url=f"http://127.0.0.1:{port}", in_flight=0)
        async with silent, new_client() as client:
            servers = ModelServers(client, Faults(), time_limit=0.2)
            answer = await servers.ask(fleet, instance, {"headers": []}, b"x")
        return answer.status, answer.body, fleet

    status, body, fleet = asyncio.run(ask())
    assert status == 0
    assert body.startswith(b"Your invocation timed out while waiting for a response from container primary.")
    assert (fleet.in_flight, fleet.served, fleet.failed) == (0, 1, 1)


def in_flight(world: World, endpoint: str) -> int:
    found = next(e for e in world.sandbox.status()["endpoints"] if e["name"] == endpoint)
    return sum(fleet["in_flight"] for d in found["deployments"] for fleet in d["fleets"])
