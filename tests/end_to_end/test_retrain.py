"""Retraining on the real engine: a killed one is gone on with, and an alarm's event is answered once.

That a worse model is refused and a better one is proposed is in `test_model_registry.py`, in a world that is
there already.
"""

import json
import os
from datetime import UTC, datetime

import pytest

from tests.end_to_end.world import first_lines, kill_group

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

ALONE = ("--trackers", "none")


@pytest.fixture
def live(world, trained):
    """The release of the logistic model, live in dev, which may be retrained again and again."""
    world.set("dev", retrain={"cooldown_days": 0, "budget_per_month": 50})
    return world.slipway("release", "--model", os.fspath(trained["logistic"])).result["release"]


def retrains(world):
    """The entries of retrains in dev's ledger."""
    return [entry.what for entry in world.entries("dev") if entry.subject.kind == "retrain"]


def alarm(world, **detail) -> str:
    """A file with the event of an alarm of dev, as EventBridge sends it."""
    settings, now = world.settings("dev"), datetime.now(UTC)
    event = {
        "version": "0",
        "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": settings.account,
        "time": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "region": settings.region,
        "resources": [f"arn:aws:cloudwatch:{settings.region}:{settings.account}:alarm:delays-dev-score"],
        "detail": {
            "alarmName": "delays-dev-score",
            "state": {"value": "ALARM", "reason": "Threshold Crossed"} | detail,
        },
    }
    path = world.project / "event.json"
    path.write_text(json.dumps(event))
    return str(path)


@pytest.mark.parametrize(
    "until", ["Evaluating", "pushing the image", "asking SageMaker what it really serves"]
)
def test_a_killed_retrain_is_gone_on_with_by_the_same_command(world, live, until):
    before = len(retrains(world))
    command = ("retrain", "dev", "--months", "3-6", *ALONE)
    process = world.start(*command)
    seen = first_lines(process, until)
    assert until in seen[-1], seen
    kill_group(process)
    assert retrains(world)[before].event == "asked"
    done = world.slipway(*command, expected=None)
    assert done.result["release"] == world.endpoint("dev").live.release != live, done.stderr
    assert [what.event for what in retrains(world)[before:]].count("taken-over") == 1
    assert [what.event for what in retrains(world)[before:]].count("trained") == 1
    assert retrains(world)[-1].release == done.result["release"]
    world.assert_at_rest("dev", done.result["release"])


def test_while_one_is_under_way_another_is_refused_and_a_promotion_is_not(world, live):
    process = world.start("retrain", "dev", "--months", "7-10", *ALONE, "--json")
    first_lines(process, "training logistic")
    refused = world.slipway("retrain", "dev", "--months", "3-6", *ALONE, expected=4)
    assert "A retrain of delays in dev is under way, by " in refused.result["error"]
    assert world.slipway("promote", "staging").result["release"] == live
    assert world.ended(process, expected=1).result["outcome"] == "worse"


def test_an_alarm_asks_once_and_only_while_it_rings(world, live):
    quiet = alarm(world, value="OK")
    assert "is in OK" in world.slipway("retrain", "dev", "--event", quiet).result["why"]
    order = ("retrain", "dev", "--months", "7-10", *ALONE, "--event", alarm(world))
    assert world.slipway(*order, expected=1).result["outcome"] == "worse"
    assert "answered already" in world.slipway(*order, expected=1).result["error"]
    lines = world.slipway("history", "dev", "--last", "2").result["rollouts"]
    assert [(line["kind"], line["end"]) for line in lines] == [("retrain", "worse"), ("retrain", "refused")]
    assert "for alarm delays-dev-score: Threshold Crossed" in lines[0]["noted"][0]


def test_it_may_be_trained_in_a_job_of_the_first_stage(world, live):
    world.set("dev", training={}, retrain={"cooldown_days": 0, "budget_per_month": 50})
    done = world.slipway("retrain", "dev", "--months", "7-10", "--on", "sagemaker", *ALONE, expected=1)
    assert done.result["outcome"] == "worse"
    assert "champion" in {gate["name"] for gate in done.result["gates"] if not gate["passed"]}
    [job] = world.client("sagemaker").list_training_jobs()["TrainingJobSummaries"]
    assert job["TrainingJobStatus"] == "Completed"
