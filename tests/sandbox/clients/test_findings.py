"""A finding's way in the sandbox: kept in S3, told to EventBridge, and by a rule to a topic and a queue."""

import json
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.arns import Place
from infra.ci import events as ci
from infra.ci.roles import roles
from infra.ci.stage_files import project_at
from monitoring.storage.findings import FindingStore, record_store
from monitoring.storage.hearers import EventBus
from release.domain import names
from sandbox.core.settings import ACCOUNT, REGION
from sandbox.testing import SandboxHandle
from tests.conftest import ROOT
from tests.fakes.findings import Ear, Stage, finding
from tests.infra.ci.examples import settings
from tests.release.scenes import serving
from tests.sandbox.conformance.alarms import Inbox
from tests.sandbox.conformance.rules import Queue, Rule
from tests.sandbox.world import World

KEY = "AKIAMONITOR"
pytestmark = pytest.mark.sandbox


def test_a_finding_comes_to_a_topic_and_a_queue_once(sandbox: SandboxHandle, world: World) -> None:
    """By the CI stack's own role, rule and topic policy. It is noticed twice, and told of after each look."""
    name, bucket = world.name("findings"), names.bucket("prod", ACCOUNT, REGION)
    sandbox.client("s3").create_bucket(Bucket=bucket)
    place, rule = Place(ACCOUNT, REGION), ci.rule_name(ci.FINDINGS)
    inbox, queue = Inbox(sandbox, ci.TOPIC), Queue(sandbox, f"{name}-queue", rule)
    sandbox.client("sns").set_topic_attributes(
        TopicArn=inbox.topic, AttributeName="Policy", AttributeValue=ci.topic_policy(place)
    )
    pattern = json.loads(ci.patterns(place, ["delays-prod"])[ci.FINDINGS])
    Rule(sandbox, rule, pattern).to(inbox.topic, queue.arn)
    stage = Stage(serving())
    (monitor,) = [role for role in roles(settings(), project_at(ROOT)) if role.name == "monitor"]
    sandbox.enforce(KEY, [json.loads(monitor.policy())])
    session = boto3.Session(KEY, "secret", region_name=REGION)
    aws = cast(Any, SimpleNamespace(client=partial(session.client, endpoint_url=sandbox.endpoint_url)))
    stage.shelf.findings = FindingStore(
        record_store(aws, bucket), {}, lambda: stage.stage.caller, stage.shelf.now
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
    with pytest.raises(ClientError, match="AccessDenied"):
        aws.client("s3").delete_object(Bucket=bucket, Key=f"findings/{found.id}.json")
