"""The program's alarms in a real sandbox, on an endpoint that really fails, heard by a real subscriber.

The alarms are those that the program declares, put by the calls of the stand-in provider. That the engine
makes them, and finds nothing to do afterwards, is in test_engine.py.
"""

import threading
from collections.abc import Iterator

import pytest

from sandbox.pulumi.provider.aws import Aws, Settings
from sandbox.pulumi.provider.resource_types import RESOURCES
from sandbox.testing import SandboxHandle, start
from tests.infra.declared import NEW, declare, pin, stage, whole
from tests.infra.rings import Subscriber, fails_and_pages_once
from tests.sandbox.world import World

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxHandle]:
    with start(tmp_path_factory.mktemp("sandbox") / "home", time_scale=120) as handle:
        yield handle


def test_an_endpoint_that_fails_pages_once(
    sandbox: SandboxHandle, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sandbox.env.items():
        monkeypatch.setenv(name, value)
    World(sandbox, tmp_path_factory.mktemp("world")).endpoint(name="delays-dev")
    topic = sandbox.client("sns").create_topic(Name="alerts")["TopicArn"]
    on_call = Subscriber(sandbox, topic)
    aws = Aws(Settings(region="us-east-1"), threading.Event())
    declared = declare(stage({"delays": {"live": pin(NEW), "instances": {"min": 1, "max": 1}}}))
    for kind in ("MetricAlarm", "CompositeAlarm"):
        for resource in sorted(declared.of(kind), key=lambda one: one.name):
            inputs = whole(resource.inputs)
            inputs |= {key: [topic] for key in ("alarmActions", "okActions") if key in inputs}
            RESOURCES[resource.type].create(aws, inputs)
    fails_and_pages_once(sandbox, on_call, "delays-dev")
