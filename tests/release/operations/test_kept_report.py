"""A judged rollout leaves its report beside its evidence; that it cannot be kept fails nothing."""

import pytest

from release.domain.errors import ReleaseFailed
from release.operations.land import Grounds, land
from tests.fakes.world import Told
from tests.release.scenes import ENDPOINT, config_of, serving

QUICK = {"strategy": "judged", "steps": [5, 50], "step_seconds": 0, "bake_seconds": 0, "hold_seconds": 60}


def landing(stage, told):
    return land(stage.ports(), "promote", ENDPOINT, stage.pin(2), Grounds(), told)


def test_one_that_landed():
    stage, told = serving(rollout=QUICK), Told()
    landing(stage, told)
    page, text = (stage.evidence.reports[key] for key in sorted(stage.evidence.reports))
    assert stage.pin(2).release.encode() in page
    assert b"landed" in text
    assert "its report: s3://bucket/rollouts/" in told.text


def test_one_that_was_taken_back():
    stage = serving(rollout=QUICK)
    stage.evidence.sick.add(config_of(stage.pin(2)).production[0].model_name)
    with pytest.raises(ReleaseFailed):
        landing(stage, Told())
    assert any(b"FAIL" in data for data in stage.evidence.reports.values())


def test_none_without_a_judge():
    stage = serving()
    landing(stage, Told())
    assert stage.evidence.reports == {}


def test_a_full_bucket_costs_the_report_and_not_the_release(monkeypatch):
    stage, told = serving(rollout=QUICK), Told()

    def full(*of):
        raise OSError("no space")

    monkeypatch.setattr(stage.evidence, "put_report", full)
    assert landing(stage, told).changed
    assert "could not be kept (no space); ./slipway report prod" in told.text
