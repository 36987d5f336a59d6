"""A finding on the real engine: told of, it asks for a retrain, and a better release closes it."""

import os

import pytest

from tests.end_to_end.noticed import note
from tests.sandbox.conformance.alarms import Inbox
from tests.sandbox.conformance.rules import Rule, allowing

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

ALONE = ("--trackers", "none")
LOOSE = {"cooldown_days": 0, "budget_per_month": 50, "on": ["quality"]}
FILE = ".build/findings.jsonl"


@pytest.fixture(scope="module")
def live(world, trained) -> str:
    """The release of the logistic model, live in dev, which is retrained for findings about its quality."""
    world.set("dev", retrain=LOOSE)
    return world.slipway("release", "--model", os.fspath(trained["logistic"])).result["release"]


@pytest.fixture(scope="module")
def inbox(world) -> Inbox:
    """A queue that hears of findings, by a rule and a topic."""
    found = Inbox(world.sandbox, "people")
    policy = allowing("sns:Publish", found.topic, "findings")
    world.client("sns").set_topic_attributes(
        TopicArn=found.topic, AttributeName="Policy", AttributeValue=policy
    )
    Rule(world.sandbox, "findings", {"source": ["slipway.monitoring"]}).to(found.topic)
    return found


def test_a_refused_retrain_leaves_it_open_and_a_better_release_closes_it(world, live, inbox, monkeypatch):
    name = note(world, "dev", live, monkeypatch)
    assert world.slipway("findings", "dev", "--send").result["notices"] == 1
    told = inbox.next()["Message"]
    assert (told["detail-type"], told["detail"]["finding"]) == ("Slipway Finding Opened", name)
    assert world.slipway("history", "dev", "--last", "1").result["rollouts"][0]["end"] == "finding-opened"
    notes = world.slipway("status", "dev").result["stages"][0]["notes"]
    assert "1 finding is open: ./slipway findings dev" in notes

    refused = world.slipway("retrain", "dev", "--finding", "--months", "7-10", *ALONE, expected=1)
    assert refused.result["outcome"] == "worse"
    assert world.slipway("findings", "dev", "--send").result["closed"] == []
    (kept,) = world.slipway("findings", "dev").result["findings"]
    assert [(one["retrain"], one["outcome"]) for one in kept["answers"]] == [
        (refused.result["retrain"], "worse")
    ]
    again = world.slipway("retrain", "dev", "--finding", *ALONE)
    assert again.result == {"stage": "dev", "asks": None, "not_now": ""}, "it asks once"
    assert world.endpoint("dev").live.release == live

    better = world.slipway("retrain", "dev", "--months", "3-6", *ALONE, expected=None).result["release"]
    assert world.slipway("findings", "dev", "--send").result["failed"] == {}
    (kept,) = world.slipway("findings", "dev", "--all").result["findings"]
    assert (kept["open"], kept["closed"]["by"], kept["closed"]["who"]) == (False, "release", better)
    assert inbox.next()["Message"]["detail"]["closed"]["who"] == better
    assert inbox.empty()
    assert world.slipway("verify", "dev").code == 0
