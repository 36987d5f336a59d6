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
    at_call,
    begin,
    config_of,
    killed_when,
    pins_now,
    run,
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


def scaled(stage):
    """Whether live is a scalable target, with its policy where there is a range."""
    ranges = stage.file.endpoints[ENDPOINT].instances.scales
    assert stage.sagemaker.policies == (stage.sagemaker.targets if ranges else set())
    return bool(stage.sagemaker.targets)


def test_autoscaling_makes_way_for_another_type_and_is_given_back_before_the_fleet_is_judged(project, told):
    prod = serving(instances={"min": 1, "max": 4})
    ask(prod)
    seen = []
    at_call(prod, "UpdateEndpoint", lambda: seen.append(scaled(prod)))
    at_call(prod, "InvokeEndpoint", lambda: seen.append(scaled(prod)))
    apply(project(prod), "prod", None, told)
    assert seen == [False, True]
    assert scaled(prod)
    assert f"{ASKED} is another fleet: no autoscaling until it serves" in told.text


def test_a_release_on_the_same_type_leaves_autoscaling_alone(project, prod, told):
    prod.stack.up()
    begin(prod, prod.pin(2))
    run(prod)
    assert "DeregisterScalableTarget" not in prod.trouble.calls


@pytest.mark.parametrize("to", ["ml.t3.large", ASKED])
def test_a_way_back_over_types_ends_with_the_autoscaling_that_the_type_can_have(project, told, to):
    """Between one that scales and one that cannot the stack follows: it has the target, or has it not."""
    prod, world = serving(instances={"min": 1, "max": 4}), None
    world = project(prod)
    ask(prod, type=to, **({"max": 1} if "t3" in to else {}))
    pinned = sure(pins_now(prod).live)
    apply(world, "prod", None, told)
    assert scaled(prod) == (to == ASKED)
    ups = prod.stack.ups
    rollback(world, "prod", None, told)
    assert sure(pins_now(prod).previous).release == pinned.release
    assert scaled(prod)
    assert prod.stack.ups == ups + (to != ASKED)


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
    assert scaled(prod)
    assert prod.ledger.current is None


def test_one_that_died_before_its_update_without_autoscaling_is_taken_back_with_it(project, prod, told):
    before = pins_now(prod)
    ask(prod)
    killed_when(
        prod,
        lambda: prod.trouble.calls[-1:] == ["DeregisterScalableTarget"] and not scaled(prod),
        lambda: apply(project(prod), "prod", None, told),
    )
    assert not scaled(prod)
    rollback(project(prod), "prod", None, told)
    assert scaled(prod)
    as_before(prod, before)


def test_anothers_dead_rollout_holds_it_even_where_there_is_nothing_to_do(project, prod, told):
    begin(prod, prod.pin(2))
    prod.new_process()
    with pytest.raises(Held, match="half-way"):
        apply(project(prod), "prod", None, told)
