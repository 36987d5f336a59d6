"""A first release that died half-way has no release to go back to; a rollback goes back to nothing."""

from contextlib import suppress

import pytest

from release.domain.errors import Held, ServiceError, UsageError
from release.domain.ledger import End
from release.domain.pins import EndpointSettings, Pins
from release.operations.land import Grounds, land
from release.operations.rollback import rollback
from tests.fakes.trouble import Crash, crash
from tests.fakes.world import FakeStage, FakeWorld, Told

MOMENTS = range(2, 40)


def killed_at(moment: int) -> FakeStage:
    """A stage whose first release was killed at this moment, and a new process in it."""
    stage = FakeStage("prod", {"delays": EndpointSettings()})
    stage.new_process()
    stage.trouble.plan(moment, crash)
    with suppress(Crash):
        land(stage.ports(), "promote", "delays", stage.pin(1), Grounds(), Told())
    stage.trouble.plan(None, None)
    stage.new_process()
    return stage


@pytest.fixture(params=[m for m in MOMENTS if killed_at(m).ledger.current])
def dead(request: pytest.FixtureRequest) -> FakeStage:
    """At each moment at which the rollout was open."""
    return killed_at(request.param)


def test_another_release_is_held_and_a_rollback_frees_the_stage(dead):
    with pytest.raises(Held, match="rollback"):
        land(dead.ports(), "promote", "delays", dead.pin(2), Grounds(), Told())
    result = rollback(FakeWorld(dead), "prod", None, Told())
    assert result.release is None
    assert dead.ledger.stored[-1].entry.what.event == End.REVERTED
    assert dead.file.pins("delays") == Pins()
    aws = dead.sagemaker
    assert (aws.endpoints, aws.configs, aws.models) == ({}, {}, {})
    dead.new_process()
    land(dead.ports(), "promote", "delays", dead.pin(2), Grounds(), Told())


def test_without_an_open_rollout_there_is_nothing_to_go_back_to():
    stage = FakeStage("prod", {"delays": EndpointSettings()})
    with pytest.raises(UsageError, match="no previous release"):
        rollback(FakeWorld(stage), "prod", None, Told())


def test_a_living_first_release_is_told_to_take_itself_back():
    stage = FakeStage("prod", {"delays": EndpointSettings()})
    stage.new_process()
    stage.trouble.plan(12, crash)
    with pytest.raises(Crash):
        land(stage.ports(), "promote", "delays", stage.pin(1), Grounds(), Told())
    stage.trouble.plan(None, None)
    with pytest.raises(ServiceError, match="did not take"):
        rollback(FakeWorld(stage), "prod", None, Told())
