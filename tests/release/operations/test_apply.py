"""Apply: the live release on another instance type, as guarded as a release."""

import pytest

from release.domain.deployment import alarm_names
from release.domain.errors import Held, ReleaseFailed, UsageError
from release.domain.ledger import Phase
from release.domain.pins import Instances
from release.operations.apply import apply
from release.operations.rollback import rollback
from release.operations.status import status
from tests.release.scenes import (
    ENDPOINT,
    as_before,
    begin,
    config_of,
    killed_when,
    pins_now,
    serves,
    serving,
    sure,
)

ASKED = "ml.c7i.large"


def ask(stage, **changes):
    """The settings ask for another fleet."""
    settings = stage.file.endpoints[ENDPOINT]
    instances = Instances.model_validate({"type": ASKED, "max": 4} | changes)
    stage.file.endpoints[ENDPOINT] = settings.model_copy(update={"instances": instances})


@pytest.mark.parametrize("strategy", ["all-at-once", "canary", "linear"])
def test_the_live_release_gets_the_type_by_the_stages_strategy(project, told, strategy):
    prod = serving(rollout={"strategy": strategy}, instances={"min": 2, "max": 4})
    before = pins_now(prod)
    ask(prod, min=2)
    found = apply(project(prod), "prod", None, told)
    after = pins_now(prod)
    assert (found.release, found.changed) == (sure(before.live).release, True)
    assert after.live == sure(before.live).model_copy(update={"type": ASKED, "capacity": 2})
    assert after.previous == before.previous, "there is no way back to the same release"
    assert serves(prod) == config_of(after.live)
    (update,) = prod.sagemaker.updates
    assert update.deployment is not None
    assert update.deployment.alarms == alarm_names(update.config)
    assert prod.ledger.stored[0].entry.subject.kind == "apply"


def test_pulumi_up_alone_changes_no_fleet(project, prod):
    before = serves(prod)
    ask(prod)
    prod.stack.up()
    assert (serves(prod), prod.sagemaker.updates) == (before, [])
    (line,) = status(project(prod), [])
    assert line.notes == [
        f"runs on ml.m7i.large, the data asks for {ASKED}: ./slipway apply prod --endpoint delays"
    ]


def test_a_fleet_that_is_as_asked_is_left_alone(project, prod, told):
    found = apply(project(prod), "prod", "delays", told)
    assert found.changed is False
    assert "runs on ml.m7i.large already" in told.text
    assert (prod.ledger.stored, prod.sagemaker.updates) == ([], [])


def test_bounds_alone_are_pulumis(project, prod, told):
    ask(prod, type="ml.m7i.large", max=9)
    assert apply(project(prod), "prod", None, told).changed is False


def test_without_a_live_release_there_is_no_fleet(project, told):
    with pytest.raises(UsageError, match="no live release in prod"):
        apply(project(serving(None)), "prod", None, told)


def test_a_fleet_that_does_not_come_up_is_taken_back_and_still_asked_for(project, prod, told):
    before = pins_now(prod)
    ask(prod)
    prod.sagemaker.never.add(config_of(sure(before.live).model_copy(update={"type": ASKED})).name)
    with pytest.raises(ReleaseFailed, match=f"{sure(before.live).release} serves; the pins and the"):
        apply(project(prod), "prod", None, told)
    as_before(prod, before)
    prod.sagemaker.never.clear()
    assert apply(project(prod), "prod", None, told).changed


def test_a_rollback_after_it_serves_the_previous_release_on_its_own_fleet(project, prod, told):
    before, world = pins_now(prod), project(prod)
    ask(prod)
    apply(world, "prod", None, told)
    shaped = pins_now(prod).live
    assert rollback(world, "prod", None, told).release == sure(before.previous).release
    assert serves(prod) == config_of(before.previous)
    assert (pins_now(prod).live, pins_now(prod).previous) == (before.previous, shaped)


@pytest.mark.parametrize("phase", [Phase.CREATING, Phase.MOVING, Phase.RECONCILING])
def test_one_that_died_is_finished_by_the_same_command(project, prod, told, phase):
    ask(prod)

    def so():
        if phase is Phase.MOVING:
            return prod.sagemaker.updates
        return prod.ledger.current and prod.ledger.current.phase is phase and prod.trouble.calls[-1] == "up"

    killed_when(prod, so, lambda: apply(project(prod), "prod", None, told))
    assert apply(project(prod), "prod", None, told).changed
    assert sure(pins_now(prod).live).type == ASKED
    assert len(prod.sagemaker.updates) == 1
    assert prod.ledger.current is None


def test_anothers_dead_rollout_holds_it_even_where_there_is_nothing_to_do(project, prod, told):
    begin(prod, prod.pin(2))
    prod.new_process()
    with pytest.raises(Held, match="half-way"):
        apply(project(prod), "prod", None, told)
