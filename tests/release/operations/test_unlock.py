"""What holds a stage and nobody can finish is ended by a person, with a reason, and recorded."""

from contextlib import suppress

import pytest

from release.domain.errors import Held, ServiceError, SlipwayError, UsageError
from release.domain.ledger import Closed, End, Entered, Phase
from release.domain.pins import EndpointSettings
from release.operations.history import history
from release.operations.promote import Order, promote
from release.operations.status import status
from release.operations.unlock import unlock
from tests.fakes.ledger import process
from tests.release.scenes import NAME, begin, config_of, killed_at, opened, pins_now, run, serves, serving


@pytest.fixture
def dead(prod):
    """A promotion whose process died after its release had begun to serve."""
    begin(prod, prod.pin(2))
    killed_at(prod, Phase.VERIFYING, lambda: run(prod))
    prod.trouble.calls.clear()
    return prod


def test_a_dead_rollout_is_ended_where_it_stands_and_everything_goes_on_from_the_file(
    project, dev, dead, told, follow
):
    before, world = pins_now(dead).model_copy(update={"candidate": None}), project(dev, dead)
    moved = len(dead.sagemaker.updates)
    done = unlock(world, "prod", "the CI host is gone", told)
    assert done.rollout == f"promote of {dead.pin(2).release} (delays) at verifying"
    assert dead.ledger.open() is None
    assert (len(dead.sagemaker.updates), dead.stack.ups) == (moved, 1), "nothing was moved or made"
    assert pins_now(dead) == before
    entry = dead.ledger.stored[-1].entry
    assert (entry.what.event, entry.what.reason) == (End.UNLOCKED, "the CI host is gone")
    assert entry.owner == dead.ledger.owner
    [line] = history(world, "prod", 5).rollouts
    assert (line.end, line.reason) == ("unlocked", "the CI host is gone")

    [found] = status(world, ["prod"])
    assert found.rollout == ""
    assert follow.all_of(world, UsageError(found.disagreements[-1])) == [0]
    assert serves(dead) == config_of(before.live)
    assert status(world, ["prod"])[0].disagreements == []
    assert promote(world, Order("prod"), told).changed


def test_it_needs_a_reason(project, dead, told, follow):
    world = project(dead)
    for reason in ("", " "):
        with pytest.raises(UsageError, match="needs a reason") as caught:
            unlock(world, "prod", reason, told)
    assert dead.ledger.open() is not None
    assert follow.all_of(world, caught.value) == [0]


def test_where_nothing_holds_it_nothing_is_recorded(project, prod, told, follow):
    world = project(prod)
    with pytest.raises(UsageError, match="Nothing holds prod") as caught:
        unlock(world, "prod", "why", told)
    assert prod.ledger.stored == []
    assert follow.all_of(world, caught.value) == [0]


def test_a_living_process_is_told_to_take_itself_back_instead(project, prod, told):
    begin(prod, prod.pin(2))
    prod.ledger.living = {prod.ledger.owner.pid}
    with pytest.raises(ServiceError, match=r"under way(?s:.)*\./slipway abort prod --endpoint delays"):
        unlock(project(prod), "prod", "why", told)
    assert prod.ledger.events == ["opened"]


def test_one_that_was_wrongly_taken_for_dead_stops_at_its_next_entry(project, dead, told):
    late = dead.ledger.owner.model_copy(update={"pid": 1})
    rollout, me = opened(dead), dead.ledger.owner
    unlock(project(dead), "prod", "the CI host is gone", told)
    dead.ledger.owner = late
    with pytest.raises(ServiceError, match="first"):
        dead.ledger.append(rollout.subject, Entered(event=Phase.RECONCILING))
    dead.ledger.owner = me


def test_it_goes_on_from_no_file_of_before(project, dead, told, follow):
    dead.file.endpoints["delays"] = EndpointSettings(live=dead.pin(9))
    world = project(dead)
    with pytest.raises(UsageError, match="not the file that it began with") as caught:
        unlock(world, "prod", "why", told)
    assert follow.all_of(world, caught.value) == [0]
    unlock(world, "prod", "why", told)
    assert dead.ledger.open() is None


def test_a_hold_whose_way_back_cannot_be_verified_is_ended_by_what_its_error_names(
    project, dev, prod, told, follow
):
    """The release answers wrongly, and SageMaker does not come back to what served."""
    before, world = pins_now(prod), project(dev, prod)
    prod.sagemaker.wrong.add(config_of(prod.pin(2)).production[0].model_name)
    prod.sagemaker.never.add(config_of(before.live).name)
    with pytest.raises(Held, match="could not be taken back") as caught:
        promote(world, Order("prod"), told)
    prod.new_process()
    unlocks = str(caught.value)[str(caught.value).index("./slipway unlock") :]
    assert follow.all_of(world, UsageError(unlocks)) == [0]
    prod.sagemaker.never.clear()
    [found] = status(world, ["prod"])
    assert follow.all_of(world, UsageError(found.disagreements[-1])) == [0]
    assert prod.sagemaker.endpoints[NAME].config == config_of(before.live)


class TestDamage:
    @pytest.fixture
    def damaged(self, prod):
        begin(prod, prod.pin(2))
        run(prod)
        prod.ledger.unreadable = {len(prod.ledger.stored)}
        prod.new_process()
        return prod

    def test_a_person_goes_on_over_it_by_the_file(self, project, dev, damaged, told):
        world, pins = project(dev, damaged), pins_now(damaged)
        done = unlock(world, "prod", "nobody has that entry", told)
        assert done.damage == (f"entry {min(damaged.ledger.unreadable)} is missing",)
        entry = damaged.ledger.stored[-1].entry
        assert isinstance(entry.what, Closed)
        assert (entry.what.over, entry.what.pins) == (done.damage, {"delays": pins})
        damaged.new_process()
        damaged.ledger.over_damage = False
        assert status(world, ["prod"])[0].disagreements == []
        assert pins_now(damaged) == pins
        dev.file.endpoints["delays"] = dev.file.endpoints["delays"].model_copy(update={"live": dev.pin(3)})
        assert promote(world, Order("prod"), told).changed

    def test_new_damage_counts_again(self, project, dev, damaged, told):
        world = project(dev, damaged)
        unlock(world, "prod", "nobody has that entry", told)
        damaged.ledger.unreadable.add(1)
        with pytest.raises(Held, match="entry 1 is missing"):
            promote(world, Order("prod"), told)

    def test_it_is_told_as_what_it_is(self, project, damaged, told):
        """Without an open rollout it has a line of its own in the past."""
        damaged.ledger.unreadable = {1}
        world = project(damaged)
        unlock(world, "prod", "nobody has that entry", told)
        damaged.ledger.unreadable.clear()
        line = history(world, "prod", 5).rollouts[-1]
        assert (line.kind, line.end, line.reason) == ("unlock", "unlocked", "nobody has that entry")


def test_one_that_is_finished_meanwhile_is_not_ended_once_more(project, dev, prod, told):
    for moment in range(1, 12):
        stage = serving(0, 1, stage="prod")
        begin(stage, stage.pin(2))
        killed_at(stage, Phase.VERIFYING, lambda stage=stage: run(stage))

        def finished(stage=stage):
            if stage.ledger.current is None:
                return
            owner, stage.ledger.owner = stage.ledger.owner, process(90)
            promote(project(dev, stage), Order("prod"), told)
            stage.ledger.owner = owner

        stage.trouble.plan(moment, finished)
        with suppress(SlipwayError):
            unlock(project(dev, stage), "prod", "nobody can finish it", told)
        stage.trouble.plan(None, None)
        ends = [one.entry.what.event for one in stage.ledger.stored if isinstance(one.entry.what, Closed)]
        assert len(ends) == 1, moment
        assert pins_now(stage).candidate is None
