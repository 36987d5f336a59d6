"""A stage file from before the last rollout: a lost commit, an old checkout."""

import pytest

from release.domain.errors import UsageError
from release.domain.pins import EndpointSettings
from release.operations.land import Grounds, land
from release.operations.rollback import rollback
from tests.fakes.world import FakeStage, FakeWorld, Told


def landed(stage: FakeStage, number: int) -> None:
    stage.new_process()
    land(stage.ports(), "promote", "delays", stage.pin(number), Grounds(), Told())


@pytest.fixture
def stale() -> FakeStage:
    """Three releases landed, and the file says what it said after the first."""
    stage = FakeStage("prod", {"delays": EndpointSettings()})
    landed(stage, 1)
    old = stage.file.endpoints["delays"]
    landed(stage, 2)
    landed(stage, 3)
    stage.file.endpoints["delays"] = old
    return stage


def test_nothing_begins_where_pulumi_would_delete_what_serves(stale):
    serves = stale.sagemaker.endpoints["delays-prod"].config.name
    entries, ups = len(stale.ledger.stored), stale.stack.ups
    with pytest.raises(UsageError, match=f"serves {serves}, and no pin"):
        landed(stale, 4)
    assert (len(stale.ledger.stored), stale.stack.ups) == (entries, ups)
    assert serves in stale.sagemaker.configs


def test_the_release_that_serves_can_be_landed_again_and_corrects_the_file(stale):
    landed(stale, 3)
    assert stale.file.pins("delays").live == stale.pin(3)


def test_a_rollback_asks_for_no_file_of_today(stale):
    """It moves before anything is deleted; where the file knows no way back it says so."""
    stale.file.endpoints["delays"] = EndpointSettings(live=stale.pin(1), previous=stale.pin(2))
    stale.new_process()
    assert rollback(FakeWorld(stale), "prod", None, Told()).release == stale.pin(2).release
