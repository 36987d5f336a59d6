"""A ledger that somebody damaged: named, no release goes on over it, and the way back still works."""

import pytest

from release.domain.errors import Held, UsageError
from release.domain.ledger import Entered, Phase
from release.domain.pins import Pins
from release.operations.apply import apply
from release.operations.promote import Order, promote
from release.operations.release import Order as ReleaseOrder
from release.operations.release import release
from release.operations.rollback import rollback
from release.operations.status import status
from release.operations.unlock import unlock
from tests.release.scenes import begin, config_of, pins_now, run, serves, serving, sure


@pytest.fixture
def damaged(prod):
    """A stage with a past of which one entry is gone: that of its last landing."""
    begin(prod, prod.pin(2))
    run(prod)
    prod.ledger.unreadable.add(len(prod.ledger.stored))
    prod.trouble.calls.clear()
    prod.new_process()
    return prod


@pytest.mark.parametrize(
    "command",
    [
        lambda world, told: promote(world, Order("prod"), told),
        lambda world, told: promote(world, Order("after"), told),
        lambda world, told: apply(world, "prod", None, told),
        lambda world, told: release(
            world, ReleaseOrder(world.build / "model", stage="prod", skip=True, reason="why"), told
        ),
    ],
    ids=["to it", "from it", "apply", "release"],
)
def test_no_release_goes_on_over_it(project, staging, damaged, told, follow, command):
    world = project(staging, damaged, serving(None, stage="after"))
    with pytest.raises(Held, match=r"The ledger of prod is damaged: entry \d is missing") as caught:
        command(world, told)
    assert not {"up", "write", "UpdateEndpoint"} & set(damaged.trouble.calls)
    assert not [call for call in damaged.trouble.calls if call.startswith("ledger")]
    assert follow.all_of(world, caught.value) == [0, 0], "the fake's shelf has all of its bytes"
    command(world, told)


@pytest.mark.parametrize(
    "command",
    [
        lambda world, told: promote(world, Order("prod"), told),
        lambda world, told: apply(world, "prod", None, told),
        lambda world, told: unlock(world, "prod", "why", told),
    ],
    ids=["promote", "apply", "unlock"],
)
def test_over_what_a_later_version_wrote_nothing_goes_on_and_the_checkout_is_old(
    project, staging, damaged, told, command
):
    damaged.ledger.later = set(damaged.ledger.unreadable)
    entries, pins = len(damaged.ledger.stored), pins_now(damaged)
    with pytest.raises(UsageError, match="A later version of Slipway wrote into the ledger of prod") as no:
        command(project(staging, damaged), told)
    assert "bring this checkout up to date (git pull)" in no.value.next_step
    assert "unlock" not in no.value.next_step
    assert (len(damaged.ledger.stored), pins_now(damaged)) == (entries, pins)


def test_damage_beside_it_may_be_gone_over_by_a_person(project, damaged, told):
    damaged.ledger.later = set(damaged.ledger.unreadable)
    damaged.ledger.unreadable.add(2)
    assert len(unlock(project(damaged), "prod", "nobody has entry 2", told).damage) == 2


@pytest.mark.parametrize("kind", ["promote", "rollback"])
def test_the_way_back_still_works_and_says_what_it_passes_over(project, damaged, told, kind):
    """As far as can be read the last rollout is open, at its end; the file says that it landed."""
    if kind == "rollback":
        damaged.ledger.unreadable.clear()
        begin(damaged)
        run(damaged)
        damaged.ledger.unreadable.add(len(damaged.ledger.stored))
        damaged.new_process()
    pins = pins_now(damaged)
    assert rollback(project(damaged), "prod", None, told).release == sure(pins.previous).release
    assert "the ledger cannot be read whole" in told.text
    assert serves(damaged) == config_of(pins.previous)
    assert damaged.ledger.open() is None


def test_a_rollout_that_died_before_its_end_is_taken_back_over_the_damage(project, prod, told):
    before = pins_now(prod)
    begin(prod, prod.pin(2))
    prod.ledger.append(prod.ledger.stored[0].entry.subject, Entered(event=Phase.CREATING))
    prod.ledger.unreadable.add(2)
    prod.new_process()
    assert rollback(project(prod), "prod", None, told).release == sure(before.live).release
    assert pins_now(prod) == before
    assert prod.ledger.open() is None


@pytest.mark.parametrize("lost", ["all", "opened"])
def test_even_where_nothing_of_the_past_can_be_read(project, damaged, told, lost):
    numbers = range(1, len(damaged.ledger.stored) + 1)
    damaged.ledger.unreadable = set(numbers) if lost == "all" else {1, numbers[-1]}
    pins = pins_now(damaged)
    assert rollback(project(damaged), "prod", None, told).release == sure(pins.previous).release
    assert pins_now(damaged) == Pins(live=pins.previous, previous=pins.live)


def test_status_is_red_and_names_it(project, damaged):
    [found] = status(project(damaged), ["prod"])
    assert any("is missing" in text for text in found.disagreements)
    assert "./slipway verify prod" in found.disagreements[-1]
    assert found.last == "cannot be read"
