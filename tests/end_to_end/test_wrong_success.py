"""SageMaker takes an update back and says nothing: every waiter reports success, and the old config serves.

In every strategy, forward and back, the stage says that it did not land; nothing that serves or that a pin
names is ever deleted, and the same command again does what was asked.
"""

import itertools
import os

import pytest

from demo import bad_models
from demo.project import GUARDED
from release.domain import plan
from release.domain.ledger import Phase
from tests.end_to_end.world import SKIP

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

PROMOTE = ("promote", "dev", "prod", *SKIP)
STRATEGIES = ("all-at-once", "canary", "linear")
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def prod(world, fresh):
    """A stage with a live and a previous release."""
    for _ in range(2):
        fresh()
        world.slipway(*PROMOTE)


@pytest.fixture(scope="module", autouse=True)
def _two_in_dev(world):
    """A fleet of one cannot be split."""
    world.edit("dev", instances={"min": 2, "max": 2})


@pytest.fixture(params=STRATEGIES)
def strategy(request, world):
    """The strategy of dev and prod."""
    for stage in ("dev", "prod"):
        world.edit(stage, rollout=GUARDED | {"strategy": request.param, "step_percent": 50})
    return request.param


def deleted(world):
    """How many models and endpoint configs were deleted since the counts were reset."""
    calls = world.sandbox.calls()["sagemaker"]
    return calls.get("DeleteModel", 0), calls.get("DeleteEndpointConfig", 0)


def taken_back(world, stage, *command):
    """Run a command whose update is silently taken back; returns how many models and configs it deleted."""
    before = world.endpoint(stage).pins
    made, config = world.made(stage, before), world.describe(stage)["EndpointConfigName"]
    world.sandbox.faults("silent_rollback", endpoint=f"delays-{stage}")
    world.sandbox.reset_calls()
    done = world.slipway(*command, expected=1)
    assert "the endpoint config is" in done.result["error"]
    assert world.updates() == 1, "it serves what it served: there is nothing to move back"
    gone = deleted(world)
    assert world.describe(stage)["EndpointConfigName"] == config
    assert world.made(stage, before) == made, "something that a pin names was deleted and made again"
    assert world.endpoint(stage).pins == before
    world.assert_clean(stage, serves=before.live.release, refresh=False)
    return gone


def test_of_a_release(world, fresh, trained, tmp_path, strategy):
    """Before a release is live in dev by its pin alone: here it has to serve."""
    number = next(NUMBERS)
    new = bad_models.with_evidence(
        trained["boosting"], tmp_path, lambda evidence: evidence["source"].update(number=number)
    )
    command = ("release", "--model", os.fspath(new))
    assert taken_back(world, "dev", *command) == (1, 1)
    [fence] = world.slipway("fence").result["fences"]
    world.clear(fence["release"])
    world.sandbox.reset_calls()
    release = world.slipway(*command).result["release"]
    assert world.updates() == 1
    world.assert_at_rest("dev", serves=release)


def test_of_a_promotion(world, fresh, prod, strategy):
    release = fresh()
    assert taken_back(world, "prod", *PROMOTE) == (1, 1), "the candidate's own, and nothing else"
    world.clear(release)
    world.sandbox.reset_calls()
    assert world.slipway(*PROMOTE).result["release"] == release
    assert world.updates() == 1
    world.assert_at_rest("prod", serves=release)


def test_of_a_rollback(world, prod, strategy):
    release = world.endpoint("prod").previous.release
    assert taken_back(world, "prod", "rollback", "prod") == (0, 0)
    world.sandbox.reset_calls()
    assert world.slipway("rollback", "prod").result["release"] == release
    assert world.updates() == 1
    world.assert_at_rest("prod", serves=release)


def test_of_the_way_back_itself_holds_the_stage(world, fresh, prod):
    """The release answers wrongly, and SageMaker silently takes back its taking back: a person has to look.

    The candidate serves then, so it stays; the same command again brings the old release back.
    """
    before = world.endpoint("prod").pins
    made, wrong = world.made("prod", before), fresh(wrong=True)
    served = world.describe("prod")["EndpointConfigName"]
    world.sandbox.faults("silent_rollback", endpoint="delays-prod", config=served)
    assert "could not be taken back" in world.slipway(*PROMOTE, expected=3).result["error"]
    found = world.ports("prod").ledger.open()
    assert found is not None
    assert found.phase is Phase.REVERTING
    serves = plan.config_plan("prod", "delays", found.opened.after.live)
    assert world.describe("prod")["EndpointConfigName"] == serves.name
    assert found.opened.after.live.release == wrong
    world.made("prod", world.endpoint("prod").pins)
    assert world.made("prod", before) == made
    [line] = world.slipway("status", "prod", expected=1).result["stages"]
    assert "reverting" in line["rollout"]
    world.assert_no_changes("prod")

    assert "golden request" in world.slipway(*PROMOTE, expected=1).result["error"]
    assert world.made("prod", before) == made
    world.assert_clean("prod", serves=before.live.release)
