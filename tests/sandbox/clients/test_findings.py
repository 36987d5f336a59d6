"""A finding's way in the sandbox: kept in S3, told to EventBridge, and by a rule to a topic and a queue."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from monitoring.storage.findings import FindingStore, record_store
from monitoring.storage.hearers import EventBus
from sandbox.testing import SandboxHandle
from tests.fakes.findings import Ear, Stage, finding
from tests.release.scenes import serving
from tests.sandbox.conformance.alarms import Inbox
from tests.sandbox.conformance.rules import Queue, Rule, allowing
from tests.sandbox.world import World

pytestmark = pytest.mark.sandbox


def test_a_finding_comes_to_a_topic_and_a_queue_once(sandbox: SandboxHandle, world: World) -> None:
    """It is noticed twice, and told of after each look."""
    name = world.name("findings")
    sandbox.client("s3").create_bucket(Bucket=name)
    inbox, queue = Inbox(sandbox, f"{name}-people"), Queue(sandbox, f"{name}-queue", name)
    sandbox.client("sns").set_topic_attributes(
        TopicArn=inbox.topic,
        AttributeName="Policy",
        AttributeValue=allowing("sns:Publish", inbox.topic, name),
    )
    pattern = {"source": ["slipway.monitoring"], "detail": {"severity": ["critical"]}}
    Rule(sandbox, name, pattern).to(inbox.topic, queue.arn)
    stage = Stage(serving())
    aws = cast(Any, SimpleNamespace(client=sandbox.client))
    stage.shelf.findings = FindingStore(
        record_store(aws, name), {}, lambda: stage.stage.caller, stage.shelf.now
    )
    stage.ear = cast(Ear, EventBus(aws))
    found = finding(1, release=stage.live, severity="critical")
    for hour in (1, 2):
        stage.shelf.findings.note(
            [found.model_copy(update={"noticed": stage.shelf.now().replace(hour=hour)})]
        )
        assert stage.tell().failed == {}
    told = inbox.next()["Message"]
    assert told == queue.next()
    assert (told["detail-type"], told["detail"]["finding"]) == ("Slipway Finding Opened", found.id)
    assert inbox.empty()
    (kept,) = stage.shelf.findings.open()
    assert (kept.seen, kept.notices) == (2, ())
