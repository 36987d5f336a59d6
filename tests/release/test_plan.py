"""What pins mean in SageMaker, decided without AWS."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain import names
from release.domain.deployment import alarm_names, deployment_config
from release.domain.pins import Pins, RolloutSettings
from release.domain.plan import STANDING_BESIDE, Split, beside_plan, config_plan, endpoint_plan, same_things
from release.rollout.strategies import STRATEGIES, way_back
from release.rollout.strategies.step import Context
from tests.release.examples import NEW, NEXT, OLD, pin, pins

SPLITS = (Split(0), Split(5), Split(20, shadow=True))


def plan(live=None, previous=None, candidate=None, splits=()):
    return endpoint_plan("prod", "delays", pins(live, previous, candidate), splits)


def test_an_endpoint_without_a_pin_has_no_serving_trio():
    empty = plan()
    assert (empty.models, empty.configs, empty.live, empty.first) == ((), (), None, None)


def test_the_previous_model_and_config_stay_declared():
    found = plan(NEW, OLD)
    assert [m.name for m in found.models] == [f"delays-prod-{NEW}", f"delays-prod-{OLD}"]
    assert len(found.configs) == 2
    assert found.live == found.first == found.configs[0]
    assert found.configs[0].production[0].digest == pin(NEW).digest


def test_a_candidate_has_model_and_config_and_changes_nothing_of_the_others():
    without, found = plan(NEW, OLD), plan(NEW, OLD, NEXT)
    assert [m.name for m in found.models] == [f"delays-prod-{release}" for release in (NEW, NEXT, OLD)]
    assert set(without.configs) < set(found.configs)
    assert (found.live, found.first) == (without.live, without.first)


def test_what_a_guarded_update_moves_to_is_watched_while_it_is_a_candidate():
    assert plan(NEW, OLD, NEXT).watched == config_plan("prod", "delays", pin(NEXT))
    assert plan(NEW, OLD, OLD).watched == config_plan("prod", "delays", pin(OLD)), "it comes again"
    assert plan(NEW, OLD).watched is None
    assert plan(candidate=NEXT).watched is None, "nothing can be taken back"
    beside = Pins(live=pin(NEW), candidate=pin(NEXT, beside=True))
    assert endpoint_plan("prod", "delays", beside).watched is None, "the judge watches"


def test_alarms_that_come_or_go_are_a_difference():
    """Otherwise the stack would keep them, as its models and configs stay the same."""
    assert not same_things(plan(NEW, OLD, OLD), plan(OLD, NEW))
    assert same_things(plan(NEW, OLD), plan(OLD, NEW))


def test_before_anything_is_live_the_endpoint_is_made_with_the_candidate():
    found = plan(candidate=NEXT)
    assert found.live is None
    assert found.first == config_plan("prod", "delays", pin(NEXT))


def test_a_release_pinned_twice_is_declared_once():
    found = plan(NEW, NEW)
    assert len(found.models) == len(found.configs) == 1


@pytest.mark.parametrize("change", [{"capacity": 3}, {"release": OLD}, {"type": "ml.c7i.large"}])
def test_a_config_name_changes_with_what_the_config_holds(change):
    base = config_plan("prod", "delays", pin(NEW))
    changed = config_plan("prod", "delays", pin(**({"release": NEW} | change)))
    assert changed.name != base.name


def test_a_pin_without_an_instance_type_means_nothing_yet():
    bare = Pins(live=pin(NEW, type=None))
    with pytest.raises(ValueError, match="no instance type"):
        endpoint_plan("prod", "delays", bare)
    assert endpoint_plan("prod", "delays", bare.on("ml.m7i.large")) == plan(NEW)


class TestBesideLive:
    def test_the_candidate_gets_its_share_and_live_the_rest(self):
        config = beside_plan("prod", "delays", pin(NEW), pin(NEXT), Split(5))
        assert [(v.name, v.weight, v.digest) for v in config.production] == [
            ("live", 95.0, pin(NEW).digest),
            ("candidate", 5.0, pin(NEXT).digest),
        ]
        assert config.shadow == ()

    def test_in_the_shadow_live_keeps_everything(self):
        config = beside_plan("prod", "delays", pin(NEW), pin(NEXT), Split(20, shadow=True))
        assert [(v.name, v.weight) for v in config.production] == [("live", 100.0)]
        assert [(v.name, v.weight, v.digest) for v in config.shadow] == [
            ("candidate", 20.0, pin(NEXT).digest)
        ]

    @pytest.mark.parametrize(
        ("split", "capacity"),
        [(Split(0), 1), (Split(5), 1), (Split(34), 2), (Split(95), 3), (Split(100, shadow=True), 3)],
    )
    def test_each_has_its_own_fleet_and_the_candidates_is_sized_for_its_share(self, split, capacity):
        candidate = pin(NEXT, capacity=3, type="ml.c7i.large")
        config = beside_plan("prod", "delays", pin(NEW), candidate, split)
        fleets = [(v.instance_type, v.capacity) for v in (*config.production, *config.shadow)]
        assert fleets == [("ml.m7i.large", 2), ("ml.c7i.large", capacity)]

    def test_a_candidate_pinned_beside_live_has_a_config_for_each_way_to_stand_there(self):
        found = endpoint_plan("prod", "delays", Pins(live=pin(NEW), candidate=pin(NEXT, beside=True)))
        beside = [beside_plan("prod", "delays", pin(NEW), pin(NEXT), split) for split in STANDING_BESIDE]
        assert found.configs == (*plan(NEW, candidate=NEXT).configs, *beside)

    def test_moved_weights_rename_nothing(self):
        config = beside_plan("prod", "delays", pin(NEW), pin(NEXT), Split(0))
        moved = config.at(25)
        assert (moved.name, [v.weight for v in moved.production]) == (config.name, [75.0, 25.0])

    @given(st.integers(0, 100), st.booleans())
    def test_weights_are_whole_numbers_that_the_provider_can_hold(self, percent, shadow):
        config = beside_plan("prod", "delays", pin(NEW), pin(NEXT), Split(percent, shadow))
        weights = [v.weight for v in (*config.production, *config.shadow)]
        assert all(weight == int(weight) for weight in weights)
        assert all(struct.unpack("f", struct.pack("f", weight))[0] == weight for weight in weights)
        assert sum(v.weight for v in config.production) == 100

    def test_two_contents_never_share_a_name(self):
        splits = [Split(percent, shadow) for percent in (0, 5, 95, 100) for shadow in (False, True)]
        beside = [beside_plan("prod", "delays", pin(NEW), pin(NEXT), split) for split in splits]
        beside += [beside_plan("prod", "delays", pin(NEXT), pin(NEW), split) for split in splits]
        beside += [beside_plan("prod", "delays", pin(NEW), pin(NEXT, capacity=3), Split(95))]
        alone = [config_plan("prod", "delays", pin(release)) for release in (NEW, NEXT)]
        assert len({config.name for config in beside + alone}) == len(beside + alone)

    def test_the_plan_has_one_more_config_for_each_split(self):
        found = plan(NEW, OLD, NEXT, SPLITS)
        beside = [beside_plan("prod", "delays", pin(NEW), pin(NEXT), split) for split in SPLITS]
        assert found.configs == (*plan(NEW, OLD, NEXT).configs, *beside)
        assert found.models == plan(NEW, OLD, NEXT).models
        assert found.live == plan(NEW, OLD).live

    def test_without_a_candidate_or_a_live_release_there_is_nothing_to_split(self):
        assert plan(NEW, OLD, splits=SPLITS) == plan(NEW, OLD)
        assert plan(candidate=NEXT, splits=SPLITS) == plan(candidate=NEXT)


class TestStrategies:
    def steps(self, strategy="canary", of=None, **changes):
        rollout = RolloutSettings.model_validate({"strategy": strategy} | changes)
        context = Context("prod", "delays", pins(OLD), pins(NEW, OLD), rollout)
        return (of or STRATEGIES[strategy])(context)

    @pytest.mark.parametrize("strategy", STRATEGIES)
    def test_every_strategy_ends_with_the_release_alone(self, strategy):
        last = self.steps(strategy)[-1]
        assert (last.config, last.variant) == (config_plan("prod", "delays", pin(NEW)), "live")

    @pytest.mark.parametrize("strategy", ["all-at-once", "canary", "linear"])
    def test_a_guarded_update_is_watched_by_the_alarms_of_its_new_fleet_alone(self, strategy):
        (step,) = self.steps(strategy)
        assert step.deployment is not None
        alarms = deployment_config(step.deployment)["AutoRollbackConfiguration"]["Alarms"]
        assert [alarm["AlarmName"] for alarm in alarms] == list(alarm_names(step.config.name))
        assert alarm_names("delays-prod") == ("delays-prod-errors", "delays-prod-latency")

    @pytest.mark.parametrize(
        ("rollout", "routing"),
        [
            (
                {"strategy": "all-at-once", "wait_seconds": 30},
                {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
            ),
            (
                {"strategy": "canary", "step_percent": 10, "wait_seconds": 60},
                {
                    "Type": "CANARY",
                    "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10},
                    "WaitIntervalInSeconds": 60,
                },
            ),
            (
                {"strategy": "linear", "step_percent": 25, "wait_seconds": 30},
                {
                    "Type": "LINEAR",
                    "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 25},
                    "WaitIntervalInSeconds": 30,
                },
            ),
        ],
    )
    def test_traffic_moves_as_the_stage_says(self, rollout, routing):
        (step,) = self.steps(**rollout, termination_seconds=240, timeout_seconds=700)
        assert step.deployment is not None
        policy = deployment_config(step.deployment)["BlueGreenUpdatePolicy"]
        assert policy["TrafficRoutingConfiguration"] == routing
        assert policy["TerminationWaitInSeconds"] == 240
        assert policy["MaximumExecutionTimeoutInSeconds"] == 700

    def test_no_alarm_can_refuse_the_way_back_and_nothing_waits_on_it(self):
        (step,) = self.steps(of=way_back.steps)
        assert step.config == config_plan("prod", "delays", pin(NEW))
        assert step.deployment == way_back.DEPLOYMENT
        config = deployment_config(way_back.DEPLOYMENT)
        assert "AutoRollbackConfiguration" not in config
        routing = config["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
        assert routing == {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
        assert config["BlueGreenUpdatePolicy"]["TerminationWaitInSeconds"] == 0


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=6))
def test_the_digest_does_not_depend_on_the_order_of_keys(value):
    assert names.digest(value) == names.digest(dict(reversed(value.items())))


def test_a_name_that_sagemaker_would_refuse_is_refused_here():
    with pytest.raises(ValueError, match="63"):
        names.model("a" * 50, "staging", NEW, {})
