"""A release's card, asked of the stages: its evidence from one, people's words from every ledger."""

import json
from datetime import date

import pytest

from release.domain.errors import ReleaseFailed, ServiceError, UsageError
from release.domain.said import Caller
from release.operations.approve import approve
from release.operations.card import card
from release.operations.promote import Order as Promotion
from release.operations.promote import promote
from release.operations.release import Order as ReleaseOrder
from release.operations.release import release
from release.operations.report import report
from release.operations.waive import Order as Waiving
from release.operations.waive import waive
from tests.fakes.world import CI
from tests.release.operations.conftest import EVIDENCE
from tests.release.report.cards import CARD

ADA, BOB = (f"arn:aws:iam::123456789012:user/{name}" for name in ("ada", "bob"))
AUC = {"name": "auc", "passed": False, "reason": "the AUC is 0.66 (at least 0.68)"}


@pytest.fixture
def released(project, dev, staging, told):
    """A world in which a release whose AUC failed came into dev by a waiver; its id."""
    world = project(dev, staging, dev={"waivers": True}, staging={"waivers": True, "approvals": 1})
    evidence = EVIDENCE | {"gates": [AUC], "card": CARD}
    (world.build / "model/evidence.json").write_text(json.dumps(evidence))
    order = ReleaseOrder(world.build / "model")
    with pytest.raises(ReleaseFailed) as caught:
        release(world, order, told)
    name = str(caught.value).split()[1]
    waive(world, Waiving(name, "dev", "auc", "new data", date(2026, 1, 3)), told)
    release(world, order, told)
    return world, name


def test_it_tells_the_evidence_and_what_people_said_in_every_stage(released, staging, told):
    world, name = released
    staging.caller = Caller(arn=ADA)
    waive(world, Waiving(name, "staging", "auc", "new data", date(2026, 1, 9)), told)
    approve(world, "staging", name, "looked at it", told)
    made = card(world, name, told)
    assert made.stages == ("dev",)
    for text in (made.html, made.markdown):
        assert "To plan a journey." in text
        assert "user/ada" in text
        assert "looked at it" in text
        assert "waived in dev until 2026-01-03, in staging until 2026-01-09" in text


def test_it_is_written_beside_the_evidence_when_it_is_released_and_even_if_a_gate_refuses(released):
    world, name = released
    for file in ("card.html", "card.md"):
        text = (world.build / "model" / file).read_text()
        assert name in text
        assert "No ledger was read" in text


def test_a_folder_that_cannot_be_written_to_costs_no_release(project, dev, told, monkeypatch):
    world = project(dev)
    (world.build / "model" / "card.html").mkdir()
    assert release(world, ReleaseOrder(world.build / "model"), told).changed
    assert "its card could not be written" in told.text


def test_the_rollouts_report_holds_it(released, told):
    world, name = released
    page = report(world, "dev").html
    assert f"Model card and data sheet of {name}" in page
    assert "waived in dev until 2026-01-03" in page


def test_a_release_that_no_stage_knows(released, told):
    world, _ = released
    with pytest.raises(UsageError, match="No stage knows release 0123456789ab"):
        card(world, "0123456789ab", told)
    with pytest.raises(UsageError, match="is no release"):
        card(world, "prod", told)


def test_a_stage_that_cannot_be_read_is_named_and_the_rest_is_told(released, staging, told, monkeypatch):
    world, name = released

    def lost(*most):
        raise ServiceError("the bucket is gone")

    monkeypatch.setattr(staging.ledger, "latest", lost)
    made = card(world, name, told)
    assert made.unread == ("staging",)
    assert "What was said in staging could not be read." in made.markdown


def test_evidence_whose_card_is_none_is_not_released(project, dev, told):
    world = project(dev)
    (world.build / "model/evidence.json").write_text(json.dumps(EVIDENCE | {"card": {"format": "x"}}))
    with pytest.raises(UsageError, match=r"evidence\.json is incomplete"):
        release(world, ReleaseOrder(world.build / "model"), told)


def test_a_yes_that_stands_in_a_rollout_alone_is_told_once(project, dev, staging, coming, told):
    """That of SageMaker's Model Registry, or of a ledger of an earlier version, is no entry of its own."""
    staging.model_packages = "approved"
    world = project(dev, staging)
    with pytest.raises(ReleaseFailed, match="waits for its approval"):
        promote(world, Promotion("staging"), told)
    staging.caller = Caller(arn=BOB)
    staging.packages.decide(staging.packages.made[-1][1], "Approved", "seen in the console")
    staging.caller = Caller(arn=CI)
    promote(world, Promotion("staging"), told)
    assert card(world, coming, told).markdown.count("seen in the console") == 1
