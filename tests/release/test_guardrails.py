"""Guarded updates: what the settings may say of them, and what SageMaker then does with that."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain.deployment import deployment_config
from release.domain.errors import UsageError
from release.domain.guardrails import GUARDED, RING_SECONDS
from release.domain.pins import EndpointSettings, Pins, RolloutSettings
from release.domain.stage import parse, refuse_what_sagemaker_would
from release.rollout.strategies import STRATEGIES
from release.rollout.strategies.step import Context
from sandbox.aws.sagemaker.endpoints.rules import deployment_problem
from sandbox.serving.endpoints.traffic_shift import traffic_shift
from tests.release.examples import NEW, OLD, pin


def stage(rollout: dict[str, Any], **endpoint: Any) -> EndpointSettings:
    """The settings of an endpoint, as a stage's file says them and a release asks about them."""
    config = {
        "aws:region": "us-east-1",
        "slipway:account": "123456789012",
        "slipway:endpoints": {"delays": {"instances": {"min": 2, "max": 4}, "rollout": rollout} | endpoint},
    }
    found = parse("prod", config)
    refuse_what_sagemaker_would(found)
    return found.endpoints["delays"]


def sent(strategy: str, **rollout: Any) -> dict[str, Any]:
    """The DeploymentConfig that a rollout from one release to another asks for."""
    settings = RolloutSettings.model_validate(rollout | {"strategy": strategy})
    before, after = Pins(live=pin(OLD)), Pins(live=pin(NEW), previous=pin(OLD))
    (step,) = STRATEGIES[strategy](Context("prod", "delays", before, after, settings))
    assert step.deployment is not None
    return deployment_config(step.deployment)


@pytest.mark.parametrize("strategy", GUARDED)
def test_the_default_watch_is_long_enough_for_the_alarms(strategy):
    assert stage({"strategy": strategy}).rollout == RolloutSettings.model_validate({"strategy": strategy})
    for wait in (RolloutSettings().wait_seconds, RolloutSettings().termination_seconds):
        assert wait >= 300 >= RING_SECONDS


@pytest.mark.parametrize("strategy", GUARDED)
def test_sagemaker_watches_all_traffic_for_the_termination_wait(strategy):
    """The final bake is the same for those who ask for it and for the sandbox that does it."""
    shift = traffic_shift(sent(strategy, wait_seconds=360, termination_seconds=420), instances=10)
    assert shift.alarms
    assert (shift.steps[-1].share, shift.steps[-1].wait) == (1.0, 420)
    assert {step.wait for step in shift.steps[:-1]} <= {360}
    assert len(shift.steps) == {"all-at-once": 1, "canary": 2, "linear": 10}[strategy]


@pytest.mark.parametrize(
    ("rollout", "key"),
    [
        ({"strategy": "canary", "wait_seconds": 60}, "rollout.wait_seconds is 60"),
        ({"strategy": "linear", "wait_seconds": 0}, "rollout.wait_seconds is 0"),
        ({"strategy": "linear", "wait_seconds": RING_SECONDS - 1}, f"is {RING_SECONDS - 1}"),
        ({"strategy": "canary", "termination_seconds": 0}, "rollout.termination_seconds is 0"),
        ({"strategy": "all-at-once", "termination_seconds": 30}, "or 0 for no watch at all"),
        ({"strategy": "judged", "allow": ["canary"], "wait_seconds": 60}, "canary would go on before"),
    ],
)
def test_a_watch_that_ends_before_an_alarm_can_ring_is_refused(rollout, key):
    with pytest.raises(UsageError) as refused:
        stage(rollout)
    assert f"slipway:endpoints.delays.{key}" in str(refused.value) or key in str(refused.value)
    assert f"at least {RING_SECONDS}" in str(refused.value)


DOCUMENTED = "(TrafficRoutingConfig in SageMaker's API reference)"
ONE = {"instances": {"min": 1, "max": 4}}


@pytest.mark.parametrize(
    ("rollout", "endpoint", "words"),
    [
        ({"strategy": "canary"}, ONE, ("instances.min is 1", DOCUMENTED, "Set at least 2")),
        ({"strategy": "linear"}, ONE, ("instances.min is 1", DOCUMENTED, "Set at least 2")),
        ({"allow": ["all-at-once", "linear"]}, ONE, ("instances.min is 1", "linear gives")),
        ({"strategy": "linear", "step_percent": 9}, {}, ("step_percent is 9", DOCUMENTED, "at least 10")),
        ({"allow": ["linear"], "step_percent": 1}, {}, ("step_percent is 1", "10 to 50 %")),
        (
            {"strategy": "canary", "wait_seconds": 2000},
            {},
            ("timeout_seconds is 3600", "4300 s", "BlueGreenUpdatePolicy"),
        ),
        ({"strategy": "linear", "wait_seconds": 330}, {}, ("timeout_seconds is 3600", "3600 s")),
        ({"strategy": "all-at-once", "termination_seconds": 3600}, {}, ("timeout_seconds is 3600",)),
    ],
)
def test_what_sagemaker_would_refuse_is_refused_with_its_limit_and_where_it_stands(rollout, endpoint, words):
    with pytest.raises(UsageError) as refused:
        stage(rollout, **endpoint)
    for word in words:
        assert word in str(refused.value)


def test_everything_that_is_wrong_is_said_at_once_and_once():
    wrong = {"strategy": "linear", "allow": ["linear", "canary"], "step_percent": 5, "wait_seconds": 1}
    with pytest.raises(UsageError) as refused:
        stage(wrong, **ONE)
    said = str(refused.value)
    assert said.count("step_percent is 5") == 1
    assert said.count("wait_seconds is 1, and the alarms need 240 s until they ring: linear") == 1
    assert said.count("instances.min is 1") == 2, "once of each strategy"


@given(
    strategy=st.sampled_from(GUARDED),
    instances=st.integers(1, 6),
    step=st.integers(1, 50),
    wait=st.integers(0, 3600),
    termination=st.integers(0, 3600),
    timeout=st.integers(600, 14_400),
)
def test_what_the_settings_accept_sagemaker_accepts(strategy, instances, step, wait, termination, timeout):
    rollout = {"step_percent": step, "wait_seconds": wait, "termination_seconds": termination}
    rollout["timeout_seconds"] = timeout
    try:
        stage({"strategy": strategy, **rollout}, instances={"min": instances, "max": 6})
    except UsageError:
        return
    config = sent(strategy, **rollout)
    assert deployment_problem(config, instances) is None
    shift = traffic_shift(config, instances)
    assert sum(one.wait for one in shift.steps) < shift.maximum_time


def test_what_a_strategy_does_not_use_may_be_anything():
    assert stage({"strategy": "all-at-once", "wait_seconds": 0}).rollout.wait_seconds == 0
    assert stage({"strategy": "all-at-once", "termination_seconds": 0}).rollout.termination_seconds == 0
    assert stage({"strategy": "judged", "wait_seconds": 0, "termination_seconds": 0})


def test_a_rollout_of_the_past_is_read_however_short_it_was_watched():
    """The ledger keeps it for ever."""
    past = RolloutSettings.model_validate({"strategy": "canary", "wait_seconds": 1})
    assert past.termination_seconds == 300


@pytest.mark.parametrize("kind", ["ml.t2.medium", "ml.t3.large"])
def test_a_burstable_type_cannot_scale(kind):
    with pytest.raises(UsageError, match=f"{kind} is a burstable type"):
        stage({}, instances={"type": kind, "min": 1, "max": 2})
    assert not stage({}, instances={"type": kind, "min": 2, "max": 2}).instances.scales
    assert stage({}, instances={"type": "ml.trn1.2xlarge", "min": 1, "max": 2}).instances.scales


def test_bounds_the_wrong_way_round_are_refused():
    with pytest.raises(UsageError, match=r"min \(3\) is greater than max \(2\)"):
        stage({}, instances={"min": 3, "max": 2})
