"""Promise 4: a crash loses nothing. `promote` is killed at many moments; run again, it ends clean.

Before the ledger is taken nothing of the stage is changed but what lies in its bucket and registry.
"""

import os
import signal

import pytest

from tests.end_to_end.moments import watch
from tests.end_to_end.world import SKIP, kill_group, wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.kill]

PROMOTE = ("promote", "dev", "prod", *SKIP)
ONCE = [
    ("a config is made", "process"),
    ("reconciling", "process"),
    ("a model is made", "group"),
    ("SageMaker updates", "group"),
    ("a config is gone", "group"),
]
SHORT = "at a few moments"
AGAIN_AND_AGAIN = {
    SHORT: [
        ("a config is made", "process"),
        ("SageMaker updates", "group"),
        ("reconciling", "process"),
    ],
    "at every moment": [
        ("opened", "group"),
        ("creating", "group"),
        ("a model is made", "group"),
        ("a config is made", "group"),
        ("moving", "group"),
        ("SageMaker updates", "group"),
        ("verifying", "group"),
        ("reconciling", "group"),
        ("a config is gone", "group"),
        ("a model is gone", "group"),
    ],
    # Pulumi outlives the process and goes on beside the next one.
    "its children live on": [
        ("creating", "process"),
        ("moving", "process"),
        ("SageMaker updates", "process"),
        ("reconciling", "process"),
    ],
    "its children live on, later": [
        ("a model is made", "process"),
        ("verifying", "process"),
        ("a model is gone", "process"),
    ],
}
"""One rollout each, killed by every process that works on it in turn. The short one alone is not `long`."""


@pytest.fixture(scope="module")
def prod(world, fresh):
    """A stage with a live and a previous release, so that the next one makes and deletes a fleet."""
    for _ in range(2):
        fresh()
        world.slipway(*PROMOTE)


@pytest.mark.long
@pytest.mark.parametrize(("moment", "killed"), ONCE)
def test_killed_at(world, fresh, prod, moment, killed):
    release, seen = fresh(), watch(world, "prod")
    seen.kill(world.start(*PROMOTE), moment, killed)
    world.slipway(*PROMOTE)
    world.assert_clean("prod", serves=release, refresh=False)


@pytest.mark.parametrize(
    "life",
    [
        pytest.param(life, id=name, marks=[] if name == SHORT else [pytest.mark.long])
        for name, life in AGAIN_AND_AGAIN.items()
    ],
)
def test_killed_again_and_again(world, fresh, prod, life):
    release, seen = fresh(), watch(world, "prod")
    for number, (moment, killed) in enumerate(life):
        before, process = watch(world, "prod"), world.start(*PROMOTE)
        if number:
            before.wait_for("resumed", process)
        seen.kill(process, moment, killed)
    world.slipway(*PROMOTE)
    assert world.events("prod").count("landed") == len({e.subject.rollout for e in world.entries("prod")})
    world.assert_clean("prod", serves=release, refresh=False)


@pytest.mark.parametrize(
    ("service", "action"),
    [
        pytest.param("ecr", "DescribeImages", id="the source is verified", marks=pytest.mark.long),
        pytest.param("s3", "PutObject", id="the release is copied"),
    ],
)
def test_killed_before_the_stage_is_taken(world, fresh, prod, service, action):
    release, seen = fresh(), watch(world, "prod")
    world.sandbox.reset_calls()
    process = world.start(*PROMOTE)
    wait_until(lambda: world.sandbox.calls().get(service, {}).get(action), action)
    kill_group(process)
    if action == "DescribeImages":
        assert not seen.entered("opened")
    world.slipway(*PROMOTE)
    world.assert_clean("prod", serves=release, refresh=False)


@pytest.mark.long
def test_interrupted_again_and_again(world, fresh, prod):
    """Ctrl-C reaches the whole group of the terminal, pulumi and its plugins too."""
    release, seen = fresh(), watch(world, "prod")
    for number, moment in enumerate(("opened", "a model is made", "SageMaker updates", "verifying")):
        before, process = watch(world, "prod"), world.start(*PROMOTE)
        if number:
            before.wait_for("resumed", process)
        seen.wait_for(moment, process)
        os.killpg(process.pid, signal.SIGINT)
        _, rest = process.communicate(timeout=120)
        assert process.returncode == 130, rest
        assert "Run the same command again" in rest
        assert "Traceback" not in rest
    world.slipway(*PROMOTE)
    world.assert_clean("prod", serves=release, refresh=False)
