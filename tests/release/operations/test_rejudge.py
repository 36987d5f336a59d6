"""The kept evidence judged again: the same verdicts bit for bit, and every change to it shows."""

import pytest

from release.domain.errors import UsageError
from release.operations.land import Grounds, land
from release.operations.rejudge import rejudge
from tests.fakes.world import FakeWorld, Told
from tests.release.scenes import ENDPOINT, serving

QUICK = {"strategy": "judged", "steps": [5, 50], "step_seconds": 20, "bake_seconds": 10, "hold_seconds": 600}


@pytest.fixture
def stage():
    found = serving(rollout=QUICK)
    land(found.ports(), "promote", ENDPOINT, found.pin(2), Grounds(), Told())
    return found


def again(stage):
    return rejudge(FakeWorld(stage), "prod", None, None)


def test_every_verdict_comes_out_again(stage):
    found = again(stage)
    assert [(each.recorded.share, each.recorded.decision) for each in found] == [
        (5, "PASS"),
        (50, "PASS"),
        (100, "PASS"),
    ]
    assert all(each.same for each in found)


@pytest.mark.parametrize("kind", ["windows", "alone"])
def test_evidence_that_was_changed_shows(stage, kind):
    key = next(key for key in stage.evidence.objects if key[1] == kind)
    stage.evidence.objects[key][0] = stage.evidence.objects[key][0].replace("eventId", "eventID")
    assert not all(each.whole or each.same for each in again(stage))


def test_evidence_that_is_gone_shows(stage):
    del stage.evidence.objects[max(key for key in stage.evidence.objects if key[1] == "windows")]
    assert [each.same for each in again(stage)] != [True, True, True]


def test_a_rollout_without_a_judge_has_none():
    stage = serving()
    land(stage.ports(), "promote", ENDPOINT, stage.pin(2), Grounds(), Told())
    with pytest.raises(UsageError, match="was not judged"):
        again(stage)
