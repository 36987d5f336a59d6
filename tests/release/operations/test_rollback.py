"""Rollback: where it goes back to, what it proves first, and what an open rollout means for it."""

import pytest

from release.domain import finished
from release.domain.errors import Held, ReleaseFailed, ServiceError, SlipwayError, UsageError
from release.domain.ledger import End, Phase
from release.domain.pins import EndpointSettings, Pins
from release.operations.promote import Order, promote
from release.operations.rollback import rehearse, rollback
from tests.release.scenes import (
    ENDPOINT,
    NAME,
    as_before,
    at_call,
    begin,
    config_of,
    killed_at,
    opened,
    pins_now,
    run,
    serves,
    serving,
    sure,
)


def die_at(stage, phase):
    """Begin, and be killed as soon as `phase` is on record."""
    killed_at(stage, phase, lambda: run(stage))


QUOTA = "ml.m7i.large for endpoint usage"


def test_the_previous_release_serves_again_and_the_other_is_previous(project, prod, told):
    before = pins_now(prod)
    found = rollback(project(prod), "prod", None, told)
    assert (found.stage, found.endpoint, found.release) == ("prod", ENDPOINT, sure(before.previous).release)
    assert found.seconds >= 0
    assert pins_now(prod) == Pins(live=before.previous, previous=before.live)
    assert prod.ledger.events == ["opened", "moving", "verifying", "reconciling", "landed"]
    assert len(prod.sagemaker.updates) == 1
    assert prod.stack.deleted == []


def fail(stage):
    """SageMaker gives the endpoint up."""
    endpoint = stage.sagemaker.endpoints[NAME]
    endpoint.status, endpoint.reason, endpoint.target = "Failed", "out of luck", None


def test_a_failed_endpoint_is_refused_before_anything_and_the_named_way_leads_back(
    project, prod, told, follow
):
    before, world = pins_now(prod), project(prod)
    fail(prod)
    with pytest.raises(UsageError, match="delays-prod is Failed: out of luck") as caught:
        rollback(world, "prod", None, told)
    assert (prod.ledger.stored, prod.sagemaker.updates) == ([], [])
    assert "aws sagemaker delete-endpoint --endpoint-name delays-prod" in str(caught.value)
    prod.sagemaker.delete(NAME)
    assert follow.all_of(world, caught.value) == [0]
    assert rollback(world, "prod", None, told).release == sure(before.previous).release


def test_one_that_failed_in_the_middle_of_a_rollout_is_taken_back_by_the_named_way(project, prod, told):
    before, world = pins_now(prod), project(prod)
    begin(prod, prod.pin(2))
    die_at(prod, Phase.MOVING)
    fail(prod)
    with pytest.raises(UsageError, match="pulumi up --stack prod; then run this again"):
        rollback(world, "prod", None, told)
    prod.sagemaker.delete(NAME)
    prod.stack.up()
    assert rollback(world, "prod", None, told).release == sure(before.live).release
    as_before(prod, before)


def test_a_second_fleet_needs_room_in_the_quota(project, prod, told):
    prod.sagemaker.endpoints[NAME].count, prod.quotas.values[QUOTA] = 3, 5.0
    with pytest.raises(UsageError, match=r"may have 5 instances of ml.m7i.large .* has 3, and needs 3 more"):
        rollback(project(prod), "prod", None, told)
    assert (prod.ledger.stored, prod.sagemaker.updates) == ([], [])
    prod.quotas.values[QUOTA] = 6.0
    assert rollback(project(prod), "prod", None, told).release


@pytest.mark.parametrize("value", [6.0, None])
def test_with_room_or_without_such_a_quota_it_goes_back(project, prod, told, value):
    prod.sagemaker.endpoints[NAME].count, prod.quotas.values[QUOTA] = 3, value
    assert rollback(project(prod), "prod", None, told).release


def test_a_quota_that_nobody_may_ask_for_is_passed_over_and_said(project, prod, told):
    prod.quotas.denied = "AccessDeniedException"
    assert rollback(project(prod), "prod", None, told).release
    assert "whether the quota leaves room for a second fleet is not known: AccessDenied" in told.text


class TestNamed:
    """`to`: whoever names the release that is to serve again goes nowhere else."""

    def test_the_previous_release_is_gone_back_to(self, project, prod, told):
        goal = sure(pins_now(prod).previous).release
        assert rollback(project(prod), "prod", None, told, to=goal).release == goal

    @pytest.mark.parametrize("act", [rollback, rehearse])
    def test_another_is_refused_before_anything_and_the_named_way_leads_back(
        self, project, prod, told, follow, act
    ):
        before, world = pins_now(prod), project(prod)
        with pytest.raises(UsageError, match=f"leads to {sure(before.previous).release}, not to abc") as no:
            act(world, "prod", None, told, to="abc")
        assert (prod.ledger.stored, prod.sagemaker.updates, pins_now(prod)) == ([], [], before)
        assert follow.all_of(world, no.value)[:2] == [0, 0]

    def test_a_rollout_at_work_is_not_taken_back_for_another(self, project, prod, told):
        begin(prod, prod.pin(2))
        prod.ledger.living = {prod.ledger.owner.pid}
        with pytest.raises(UsageError, match="not to abc"):
            rollback(project(prod), "prod", None, told, to="abc")
        assert (prod.ledger.events, prod.evidence.orders) == (["opened"], {})


class TestRehearsed:
    """`rehearse`: the pre-flight alone."""

    def test_it_proves_the_way_back_and_changes_nothing(self, project, prod, told):
        before = pins_now(prod)
        assert rehearse(project(prod), "prod", None, told).release == sure(before.previous).release
        assert "pre-flight" in told.text
        assert (prod.ledger.stored, prod.sagemaker.updates, pins_now(prod)) == ([], [], before)

    def test_what_is_gone_is_named(self, project, prod, told):
        prod.sagemaker.configs.pop(config_of(pins_now(prod).previous).name)
        with pytest.raises(UsageError, match=r"endpoint config .* does not exist"):
            rehearse(project(prod), "prod", None, told)

    def test_a_rollout_that_died_is_held_to_what_served_before_it(self, project, prod, told):
        live = sure(pins_now(prod).live).release
        begin(prod, prod.pin(2))
        die_at(prod, Phase.MOVING)
        entries = len(prod.ledger.stored)
        assert rehearse(project(prod), "prod", None, told).release == live
        assert len(prod.ledger.stored) == entries

    def test_a_stage_that_serves_nothing_has_nothing_to_prove(self, project, told):
        assert rehearse(project(serving(None, None)), "prod", None, told).release is None

    def test_from_a_first_release_there_is_no_way_back_yet(self, project, dev, told):
        stage = serving(None, None)
        world = project(dev, stage)
        first = promote(world, Order("prod"), told).release
        found = rehearse(world, "prod", None, told)
        assert (found.release, found.first) == (None, first)
        with pytest.raises(UsageError, match="no previous release"):
            rehearse(world, "prod", None, told, to="0" * 12)

    def test_nor_once_a_rollout_beside_it_was_taken_back(self, project, dev, told):
        stage = serving(None, None)
        world = project(dev, stage)
        first = promote(world, Order("prod"), told).release
        begin(stage, stage.pin(5))
        die_at(stage, Phase.MOVING)
        rollback(world, "prod", None, told)
        assert rehearse(world, "prod", None, told).first == first

    def test_a_previous_release_that_got_lost_is_no_first_one(self, project, dev, told):
        stage = serving(None, None)
        world = project(dev, stage)
        first = promote(world, Order("prod"), told).release
        rollback(world, "dev", None, told)
        live = sure(pins_now(dev).live).release
        assert promote(world, Order("prod"), told).release == live != first
        assert not finished.is_first(stage.ledger.newest_first(), ENDPOINT, live)
        stage.file.endpoints[ENDPOINT] = stage.file.endpoints[ENDPOINT].model_copy(update={"previous": None})
        with pytest.raises(SlipwayError):
            rehearse(world, "prod", None, told)

    def test_what_no_ledger_tells_of_is_not_taken_for_a_first_release(self, project, told):
        with pytest.raises(UsageError, match="no previous release"):
            rehearse(project(serving(0, None)), "prod", None, told)


def test_twice_is_where_it_began(project, prod, told):
    before, world = pins_now(prod), project(prod)
    rollback(world, "prod", None, told)
    rollback(world, "prod", "delays", told)
    as_before(prod, before)


@pytest.mark.parametrize("live", [0, None])
def test_without_a_previous_release_the_right_way_is_named(project, dev, told, follow, live):
    prod = serving(live, None)
    world = project(dev, prod)
    with pytest.raises(UsageError, match="no previous release in prod") as caught:
        rollback(world, "prod", None, told)
    assert prod.ledger.stored == []
    assert follow.all_of(world, caught.value) == [0]


def test_in_the_first_stage_too(project, told, follow):
    dev = serving(0, None, stage="dev")
    world = project(dev)
    with pytest.raises(UsageError, match="no previous release in dev") as caught:
        rollback(world, "dev", None, told)
    assert follow.all_of(world, caught.value) == [0]
    assert rollback(world, "dev", None, told).release == sure(pins_now(dev).live).release


class TestPreflight:
    @pytest.mark.parametrize(
        ("lose", "named"),
        [
            (
                lambda s, pin: s.sagemaker.configs.pop(config_of(pin).name),
                "endpoint config .* does not exist",
            ),
            (
                lambda s, pin: s.sagemaker.models.pop(config_of(pin).production[0].model_name),
                "model .* does not exist",
            ),
            (lambda s, pin: s.artifacts.models.pop(pin.model), "the artifact .* does not exist"),
            (lambda s, pin: s.artifacts.models.update({pin.model: b"x"}), "the artifact .* has SHA-256"),
            (lambda s, pin: s.registry.images.remove(pin.digest), "the image .* is not in the registry"),
            (lambda s, pin: setattr(s, "roles", False), "the execution role does not exist"),
        ],
    )
    def test_what_is_gone_stops_it_before_any_traffic(self, project, prod, told, lose, named):
        before = pins_now(prod)
        lose(prod, before.previous)
        with pytest.raises(
            UsageError, match=f"prod cannot go back to {sure(before.previous).release}: {named}"
        ):
            rollback(project(prod), "prod", None, told)
        assert (prod.sagemaker.updates, prod.ledger.stored, pins_now(prod)) == ([], [], before)

    def test_the_command_that_it_names_makes_it_again(self, project, prod, told, follow):
        before, world = pins_now(prod), project(prod)
        prod.sagemaker.configs.pop(config_of(before.previous).name)
        with pytest.raises(UsageError, match=r"\./slipway apply prod --endpoint delays") as caught:
            rollback(world, "prod", None, told)
        assert follow.all_of(world, caught.value) == [0]
        assert rollback(project(prod), "prod", None, told).release == sure(before.previous).release


class TestOpenRollout:
    @pytest.mark.parametrize(
        "phase", [Phase.OPENED, Phase.CREATING, Phase.MOVING, Phase.VERIFYING, Phase.RECONCILING]
    )
    def test_a_dead_promotion_is_taken_back_to_what_served(self, project, prod, told, phase):
        before = pins_now(prod)
        begin(prod, prod.pin(2))
        if phase is Phase.OPENED:
            prod.new_process()
        else:
            die_at(prod, phase)
        found = rollback(project(prod), "prod", None, told)
        assert found.release == sure(before.live).release
        as_before(prod, before)
        after = prod.ledger.events[prod.ledger.events.index("resumed") :]
        assert after == ["resumed", "reverting", "restoring", "reverted"]
        closed = prod.ledger.stored[-1].entry
        assert closed.what.reason == "taken back by a rollback while its own process was gone"
        assert (closed.subject.kind, closed.what.event) == ("promote", End.REVERTED)

    @pytest.mark.parametrize("phase", [Phase.REVERTING, Phase.RESTORING])
    def test_one_that_is_on_its_way_back_goes_on(self, project, prod, told, phase):
        before, bad = pins_now(prod), prod.pin(2)
        prod.sagemaker.wrong.add(config_of(bad).production[0].model_name)
        begin(prod, bad)
        die_at(prod, phase)
        recorded = prod.ledger.events.count("reverting")
        assert rollback(project(prod), "prod", None, told).release == sure(before.live).release
        assert prod.ledger.events.count("reverting") == recorded
        as_before(prod, before)

    def test_a_dead_rollback_is_finished(self, project, prod, told):
        before = pins_now(prod)
        begin(prod)
        die_at(prod, Phase.MOVING)
        assert rollback(project(prod), "prod", None, told).release == sure(before.previous).release
        assert pins_now(prod) == Pins(live=before.previous, previous=before.live)
        assert prod.ledger.events.count("opened") == 1

    def test_a_dead_rollback_on_its_own_way_back_needs_only_what_served(self, project, prod, told):
        before = pins_now(prod)
        prod.sagemaker.wrong.add(config_of(before.previous).production[0].model_name)
        begin(prod)
        die_at(prod, Phase.REVERTING)
        prod.registry.images.remove(sure(before.previous).digest)
        with pytest.raises(ReleaseFailed, match="golden request 1 of 1"):
            rollback(project(prod), "prod", None, told)
        as_before(prod, before)

    @pytest.mark.parametrize("phase", [Phase.CREATING, Phase.MOVING, Phase.VERIFYING])
    def test_a_first_release_that_died_is_taken_back_to_nothing(self, project, told, phase, follow):
        prod = serving(None)
        begin(prod, prod.pin(2), kind="release")
        die_at(prod, phase)
        world = project(prod)
        with pytest.raises(Held) as caught:
            follow_other(world, told)
        assert follow.all_of(world, caught.value) == [0]
        as_before(prod, Pins())
        assert prod.sagemaker.endpoints == {}

    def test_what_is_missing_only_because_the_rollout_ended_is_made_again(self, project, told):
        """A fleet's old shape is named by no pin once the new one landed."""
        prod = serving(instances={"type": "ml.c7i.large"})
        before = pins_now(prod)
        begin(prod, prod.pin(0), kind="apply")
        rollout = opened(prod)
        run(prod)
        assert config_of(before.live).name in prod.stack.deleted
        prod.ledger.stored.pop()
        prod.ledger._closed = 0
        assert opened(prod).id == rollout.id
        prod.new_process()
        assert rollback(project(prod), "prod", None, told).release == sure(before.live).release
        as_before(prod, before)

    def test_a_living_one_is_told_to_take_itself_back_and_waited_for(self, project, prod, told):
        """Nobody reads the order here, so that it says what is left after its patience."""
        begin(prod, prod.pin(2))
        prod.ledger.living = {prod.ledger.owner.pid}
        with pytest.raises(ServiceError, match="did not take"):
            rollback(project(prod), "prod", None, told)
        assert [order.wish for order in prod.evidence.orders.values()] == ["abort"]
        assert prod.ledger.events == ["opened"]

    def test_a_living_one_that_dies_meanwhile_is_taken_back_here(self, project, prod, told):
        before = pins_now(prod)
        begin(prod, prod.pin(2))
        prod.ledger.living = {prod.ledger.owner.pid}
        at_call(prod, "order", prod.new_process)
        assert rollback(project(prod), "prod", None, told).release == sure(before.live).release
        as_before(prod, before)

    def test_that_of_another_endpoint_is_held_and_the_way_out_is_named(self, project, prod, told, follow):
        prod.file.endpoints["fares"] = EndpointSettings(live=prod.pin(4), previous=prod.pin(5))
        prod.stack.up()
        begin(prod, prod.pin(2))
        prod.new_process()
        world = project(prod)
        with pytest.raises(Held, match=r"promote of .* [(]delays[)]") as caught:
            rollback(world, "prod", "fares", told)
        assert follow.all_of(world, caught.value) == [0]
        assert rollback(world, "prod", "fares", told).release == prod.pin(5).release

    def test_one_that_ended_meanwhile_is_not_gone_back_behind(self, project, prod, told, monkeypatch):
        """It decided by an open rollout; without that it would go back one release too far."""
        before = pins_now(prod)
        begin(prod, prod.pin(2))
        prod.new_process()
        looks = []

        def look():
            looks.append(True)
            if len(looks) == 2:
                rollback(project(prod), "prod", None, told)
            return type(prod.ledger).all_open(prod.ledger)

        monkeypatch.setattr(prod.ledger, "all_open", look)
        with pytest.raises(ServiceError, match="Another command changed delays in prod"):
            rollback(project(prod), "prod", None, told)
        as_before(prod, before)
        assert serves(prod) == config_of(before.live)


def follow_other(world, told):
    """Another command than the one that died."""
    from release.operations.release import Order, release

    return release(world, Order(world.build / "model"), told)


def test_a_previous_release_that_answers_wrongly_is_taken_back(project, prod, told):
    before = pins_now(prod)
    prod.sagemaker.wrong.add(config_of(before.previous).production[0].model_name)
    with pytest.raises(ReleaseFailed, match=f"did not land in prod(?s:.)*{sure(before.live).release} serves"):
        rollback(project(prod), "prod", None, told)
    as_before(prod, before)


def test_a_way_back_needs_no_pulumi(project, prod, told):
    before, world = pins_now(prod), project(prod)
    prod.stack.refusal = ServiceError("pulumi is not on PATH")
    rollback(world, "prod", None, told)
    assert serves(prod) == config_of(before.previous)
    assert pins_now(prod) == Pins(live=before.previous, previous=before.live)
