"""What pins mean in SageMaker, decided without AWS."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain import names
from release.domain.pins import Instances
from release.domain.plan import config_plan, deployment_config, endpoint_plan
from tests.release.examples import NEW, OLD, pin, settings


def test_an_endpoint_without_a_pin_has_no_serving_trio():
    plan = endpoint_plan("prod", "delays", settings())
    assert (plan.models, plan.configs, plan.live, plan.deployment) == ((), (), None, None)


def test_the_previous_model_and_config_stay_declared():
    plan = endpoint_plan("prod", "delays", settings(live=pin(NEW), previous=pin(OLD)))
    assert [m.name for m in plan.models] == [f"delays-prod-{NEW}", f"delays-prod-{OLD}"]
    assert len(plan.configs) == 2
    assert plan.live == plan.configs[0]
    assert plan.live_digest == pin(NEW).digest


def test_a_release_pinned_twice_is_declared_once():
    plan = endpoint_plan("prod", "delays", settings(live=pin(NEW), previous=pin(NEW)))
    assert len(plan.models) == len(plan.configs) == 1


@pytest.mark.parametrize("change", [{"capacity": 3}, {"release": OLD}])
def test_a_config_name_changes_with_what_the_config_holds(change):
    base = config_plan("prod", "delays", pin(NEW), Instances())
    assert config_plan("prod", "delays", pin(**({"release": NEW} | change)), Instances()).name != base.name
    assert config_plan("prod", "delays", pin(NEW), Instances(type="ml.c7i.large")).name != base.name


def test_how_a_release_became_live_is_no_part_of_its_config():
    by_rollout, by_rollback = pin(NEW), pin(NEW, via="rollback")
    assert config_plan("prod", "delays", by_rollout, Instances()) == config_plan(
        "prod", "delays", by_rollback, Instances()
    )


def test_after_a_rollback_only_the_alarm_that_never_rings_is_named():
    plan = endpoint_plan("prod", "delays", settings(live=pin(OLD, via="rollback"), previous=pin(NEW)))
    assert plan.deployment is not None
    config = deployment_config(plan.deployment)
    assert config["AutoRollbackConfiguration"]["Alarms"] == [{"AlarmName": "delays-prod-way-back"}]
    routing = config["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert routing == {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}


def test_a_rollout_is_watched_by_the_endpoints_alarms():
    plan = endpoint_plan("prod", "delays", settings(live=pin(NEW)))
    assert plan.deployment is not None
    alarms = deployment_config(plan.deployment)["AutoRollbackConfiguration"]["Alarms"]
    assert alarms == [{"AlarmName": "delays-prod-errors"}, {"AlarmName": "delays-prod-latency"}]


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=6))
def test_the_digest_does_not_depend_on_the_order_of_keys(value):
    assert names.digest(value) == names.digest(dict(reversed(value.items())))


def test_a_name_that_sagemaker_would_refuse_is_refused_here():
    with pytest.raises(ValueError, match="63"):
        names.model("a" * 50, "staging", NEW)
