"""Judged rollouts on the real engine, the real sandbox and real model servers, with callers all the while.

The stage's judge has wider PASS margins than a stage would have, so that some seconds of traffic decide; its
FAIL margins are the defaults. No caller may ever remain without an answer but those of a release that fails.
"""

import pytest

from demo.callers import calling
from demo.project import TOLERANT, change_stage
from demo.worse_models import WORSE
from release.domain import landed, names
from release.domain.ledger import Judged
from tests.end_to_end.conftest import releases_by_pin
from tests.end_to_end.moments import watch
from tests.end_to_end.world import SKIP, kill_group, wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.kill]

STAGE, NAME = "prod", names.endpoint("delays", "prod")
PROMOTE = ("promote", "dev", STAGE, *SKIP)
ROLLOUT = {
    "strategy": "judged",
    "allow": ["shadow", "all-at-once"],
    "steps": [30, 60],
    "step_seconds": 5,
    "hold_seconds": 3_600,
    "bake_seconds": 5,
}
RATE = 150.0


def callers(world):
    """Callers from another process; what they saw is known after the block."""
    return calling(world.env["AWS_ENDPOINT_URL"], NAME, RATE)


@pytest.fixture(scope="module")
def prod(world, fresh):
    """A stage that serves a release, and is judged from now on; the release."""
    release = fresh()
    world.slipway(*PROMOTE)
    change_stage(world.project, STAGE, ROLLOUT, TOLERANT)
    return release


def weights(world):
    """The variants' weights now."""
    found = world.describe(STAGE)["ProductionVariants"]
    return {variant["VariantName"]: variant["CurrentWeight"] for variant in found}


def has_traffic(world, process):
    """Wait until the candidate of a command has traffic."""
    wait_until(
        lambda: weights(world).get(names.CANDIDATE, 0) > 0 or process.poll() is not None,
        "the candidate has traffic",
    )
    assert process.poll() is None, process.communicate()


def test_a_good_release_passes_every_step_and_nobody_notices(world, fresh, prod):
    release = fresh()
    with callers(world) as seen:
        world.slipway(*PROMOTE)
    assert (len(seen.failures), set(seen.last)) == (0, {"live", "candidate"})
    judged = [entry.what for entry in world.entries(STAGE) if isinstance(entry.what, Judged)]
    assert [(what.share, what.decision) for what in judged[-3:]] == [
        (30, "PASS"),
        (60, "PASS"),
        (100, "PASS"),
    ]
    assert world.slipway("rejudge", STAGE).result["verdicts"][0]["same"]
    assert world.slipway("report", STAGE).result["outcome"] == "landed"
    assert (
        "No experiment ever ran" in world.slipway("experiment", "status", STAGE, expected=2).result["error"]
    )
    world.assert_clean(STAGE, serves=release, refresh=False)


@pytest.mark.long
@pytest.mark.parametrize("metric", WORSE)
def test_a_worse_release_fails_by_its_metric_and_is_gone(world, fresh, prod, trained, tmp_path, metric):
    serves = world.endpoint(STAGE).live.release
    worse = WORSE[metric](trained["boosting"], tmp_path / metric)
    releases_by_pin(world, {"logistic": worse, "boosting": worse})()
    with callers(world) as seen:
        error = world.slipway(*PROMOTE, expected=1).result["error"]
    assert f"the judge says FAIL: {metric}" in error
    assert metric == "errors" or not seen.failures
    world.assert_clean(STAGE, serves=serves, refresh=False)


@pytest.mark.long
@pytest.mark.parametrize("ended_by", ["abort", "rollback"])
def test_a_rollout_under_way_is_taken_back_from_another_process(world, fresh, prod, ended_by):
    serves = world.endpoint(STAGE).live.release
    fresh()
    with callers(world) as seen:
        process = world.start(*PROMOTE, "--json")
        has_traffic(world, process)
        world.slipway(ended_by, STAGE)
        assert weights(world).get(names.CANDIDATE, 0) == 0
        assert "said abort" in world.ended(process, expected=1).result["error"]
    assert seen.failures == []
    world.assert_clean(STAGE, serves=serves, refresh=False)


@pytest.mark.long
@pytest.mark.parametrize(
    ("moment", "again"),
    [
        ("verifying", "rollback"),
        ("judging", "the same command"),
        ("judging", "rollback"),
        ("judged", "the same command"),
        ("reconciling", "rollback"),
    ],
)
def test_one_that_was_killed_goes_on_or_back(world, fresh, prod, moment, again):
    serves = world.endpoint(STAGE).live.release
    release, seen_there = fresh(), watch(world, STAGE)
    with callers(world) as seen:
        process = world.start(*PROMOTE, "--json")
        seen_there.wait_for(moment, process)
        kill_group(process)
        if again == "rollback":
            world.slipway("rollback", STAGE)
        else:
            world.slipway(*PROMOTE)
    assert seen.failures == []
    world.assert_clean(STAGE, serves=serves if again == "rollback" else release, refresh=False)


@pytest.mark.long
def test_in_the_shadow_first_nobody_gets_its_answers(world, fresh, prod):
    release = fresh()
    with callers(world) as seen:
        world.slipway(*PROMOTE, "--strategy", "shadow")
    assert seen.failures == []
    world.assert_clean(STAGE, serves=release, refresh=False)


@pytest.mark.long
def test_live_keeps_the_instances_that_autoscaling_gave_it(world, fresh, prod):
    world.edit(STAGE, instances={"min": 1, "max": 3, "invocations_per_instance": 60})
    world.up(STAGE)
    release = fresh()
    with callers(world):
        wait_until(lambda: landed.desired_count(world.describe(STAGE)) == 3, "three instances")
        world.slipway(*PROMOTE)
        assert landed.desired_count(world.describe(STAGE)) == 3
        assert world.slipway("rollback", STAGE).code == 0
        assert landed.desired_count(world.describe(STAGE)) == 3
    assert world.endpoint(STAGE).previous.release == release
