"""A stage file from before the last rollout: a lost commit, an old checkout."""

from collections.abc import Callable

import pytest

from release.domain.errors import UsageError
from release.domain.pins import EndpointSettings, Pins
from release.operations.apply import apply
from release.operations.land import Grounds, land
from release.operations.promote import Order, promote
from release.operations.rollback import rollback
from release.operations.sync import sync
from tests.fakes.world import FakeStage, FakeWorld, Told
from tests.release.scenes import begin, serving


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


@pytest.mark.parametrize("number", [3, 4])
def test_nothing_begins_where_pulumi_would_delete_what_serves(stale, number):
    serves = stale.sagemaker.endpoints["delays-prod"].config.name
    entries, ups = len(stale.ledger.stored), stale.stack.ups
    with pytest.raises(UsageError, match=r"\./slipway sync prod"):
        landed(stale, number)
    assert (len(stale.ledger.stored), stale.stack.ups) == (entries, ups)
    assert serves in stale.sagemaker.configs


def commands(world: FakeWorld) -> list[Callable[[], object]]:
    """Every command that decides by the file of `prod`; the last one promotes from it."""
    return [
        lambda: rollback(world, "prod", None, Told()),
        lambda: apply(world, "prod", None, Told()),
        lambda: promote(world, Order("prod"), Told()),
        lambda: promote(world, Order("after"), Told()),
    ]


@pytest.mark.parametrize("number", range(4))
def test_every_command_refuses_it_and_names_the_one_that_brings_it_up_to_date(stale, follow, number):
    """Forward, back, and as the stage that is promoted from: the file would name another release."""
    first, last = serving(5, 6, stage="first"), serving(None, None, stage="after")
    stale.file.endpoints["delays"] = EndpointSettings(live=stale.pin(1), previous=stale.pin(2))
    world = FakeWorld(first, stale, last)
    entries, moved = len(stale.ledger.stored), len(stale.sagemaker.updates)
    stale.new_process()
    with pytest.raises(
        UsageError, match=r"prod\.yaml is not as the last rollout of delays left it"
    ) as caught:
        commands(world)[number]()
    assert (len(stale.ledger.stored), len(stale.sagemaker.updates)) == (entries, moved)
    assert follow.all_of(world, caught.value) == [0]
    assert stale.file.pins("delays") == Pins(live=stale.pin(3), previous=stale.pin(2))
    assert len(stale.ledger.stored) == entries
    commands(world)[number]()


def test_the_way_back_after_that_is_the_one_before_what_serves(stale):
    stale.file.endpoints["delays"] = EndpointSettings(live=stale.pin(1), previous=stale.pin(2))
    stale.new_process()
    sync(FakeWorld(stale), "prod", Told())
    assert rollback(FakeWorld(stale), "prod", None, Told()).release == stale.pin(2).release


def test_a_file_of_today_is_left_as_it_is(stale):
    sync(FakeWorld(stale), "prod", Told())
    stale.trouble.calls.clear()
    [found] = sync(FakeWorld(stale), "prod", Told())
    assert not found.changed
    assert stale.trouble.calls == []


def test_what_the_ledger_does_not_know_stays(follow):
    """Pins from before there was a ledger, and an endpoint that never had a release."""
    stage = serving(0, 1)
    stage.file.endpoints["fares"] = EndpointSettings()
    before = dict(stage.file.endpoints)
    assert [line.changed for line in sync(FakeWorld(stage), "prod", Told())] == [False, False]
    assert stage.file.endpoints == before


def test_a_rollout_that_is_open_goes_on_from_any_file_but_is_nothing_to_promote_from(stale, follow):
    """The ledger has its pins; what is promoted from the stage would be the file's."""
    sync(FakeWorld(stale), "prod", Told())
    before = stale.file.pins("delays")
    begin(stale, stale.pin(4))
    stale.file.endpoints["delays"] = EndpointSettings(live=stale.pin(1))
    stale.new_process()
    world = FakeWorld(stale, serving(None, stage="after"))
    with pytest.raises(UsageError, match="not the file that it began with") as caught:
        promote(world, Order("after"), Told())
    assert follow.all_of(world, caught.value) == [0]
    assert stale.file.pins("delays") == before
    stale.file.endpoints["delays"] = EndpointSettings(live=stale.pin(1))
    assert rollback(world, "prod", None, Told()).release == stale.pin(3).release
    assert stale.file.pins("delays") == before
