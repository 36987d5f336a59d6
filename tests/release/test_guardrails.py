"""Guarded updates: what the settings may say of them, and what SageMaker then does with that."""

from typing import Any

import pytest

from release.domain import guardrails
from release.domain.deployment import deployment_config
from release.domain.errors import UsageError
from release.domain.guardrails import GUARDED, RING_SECONDS
from release.domain.pins import EndpointSettings, Pins, RolloutSettings
from release.domain.stage import parse
from release.rollout.strategies import STRATEGIES
from release.rollout.strategies.step import Context
from sandbox.serving.endpoints.traffic_shift import traffic_shift
from tests.release.examples import NEW, OLD, pin


def stage(rollout: dict[str, Any], **endpoint: Any) -> EndpointSettings:
    """The settings of an endpoint, as a stage's file says them."""
    config = {
        "aws:region": "us-east-1",
        "slipway:account": "123456789012",
        "slipway:endpoints": {"delays": {"instances": {"min": 2, "max": 4}, "rollout": rollout} | endpoint},
    }
    return parse("prod", config).endpoints["delays"]


def sent(strategy: str, **rollout: Any) -> dict[str, Any]:
    """The DeploymentConfig that a rollout from one release to another asks for."""
    settings = RolloutSettings.model_validate(rollout | {"strategy": strategy})
    before, after = Pins(live=pin(OLD)), Pins(live=pin(NEW), previous=pin(OLD))
    (step,) = STRATEGIES[strategy](Context("prod", "delays", before, after, settings))
    assert step.deployment is not None
    return deployment_config(step.deployment)


@pytest.mark.parametrize("strategy", GUARDED)
def test_the_default_watch_is_long_enough_for_the_alarms(strategy):
    assert guardrails.problem(strategy, stage({"strategy": strategy}).rollout) is None
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
    assert "slipway:endpoints.delays.rollout" in str(refused.value)
    assert key in str(refused.value)
    assert f"at least {RING_SECONDS}" in str(refused.value)


def test_what_a_strategy_does_not_use_may_be_anything():
    assert stage({"strategy": "all-at-once", "wait_seconds": 0}).rollout.wait_seconds == 0
    assert stage({"strategy": "all-at-once", "termination_seconds": 0}).rollout.termination_seconds == 0
    assert stage({"strategy": "judged", "wait_seconds": 0, "termination_seconds": 0})


def test_a_rollout_of_the_past_is_read_however_short_it_was_watched():
    """The ledger keeps it for ever."""
    past = RolloutSettings.model_validate({"strategy": "canary", "wait_seconds": 1})
    assert past.termination_seconds == 300
