"""Promise 4: a crash loses nothing. `promote` is killed at many moments; run again, it ends clean.

Before the ledger is taken nothing of the stage is changed but what lies in its bucket and registry.
"""

import os
import signal

import pytest

from tests.end_to_end.moments import watch
from tests.end_to_end.world import SKIP, kill_group, kill_process, wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.kill]

PROMOTE = ("promote", "dev", "prod", *SKIP)
KILL = {"process": kill_process, "group": kill_group}
"""Whoever outlives its parent goes on: pulumi does when the process alone is killed, not with the group."""
CASES = [
    ("opened", "group"),
    ("creating", "process"),
    ("creating", "group"),
    ("a model is made", "process"),
    ("a model is made", "group"),
    ("a config is made", "process"),
    ("a config is made", "group"),
    ("moving", "process"),
    ("moving", "group"),
    ("SageMaker updates", "process"),
    ("SageMaker updates", "group"),
    ("verifying", "group"),
    ("reconciling", "process"),
    ("reconciling", "group"),
    ("a config is gone", "group"),
    ("a model is gone", "process"),
]


@pytest.fixture(scope="module")
def prod(world, fresh):
    """A stage with a live and a previous release, so that the next one makes and deletes a fleet."""
    for _ in range(2):
        fresh()
        world.slipway(*PROMOTE)


@pytest.mark.parametrize(("moment", "killed"), CASES)
def test_killed_at(world, fresh, prod, moment, killed):
    release, seen = fresh(), watch(world, "prod")
    process = world.start(*PROMOTE)
    seen.wait_for(moment)
    assert process.poll() is None, "it was over before it could be killed"
    KILL[killed](process)
    world.slipway(*PROMOTE)
    world.assert_clean("prod", serves=release, refresh=False)


@pytest.mark.parametrize(
    ("service", "action"),
    [("ecr", "DescribeImages"), ("s3", "PutObject")],
    ids=["the source is verified", "the release is copied"],
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


@pytest.mark.parametrize("moment", ["opened", "a model is made", "SageMaker updates", "verifying"])
def test_interrupted_at(world, fresh, prod, moment):
    """Ctrl-C reaches the whole group of the terminal, pulumi and its plugins too."""
    release, seen = fresh(), watch(world, "prod")
    process = world.start(*PROMOTE)
    seen.wait_for(moment)
    os.killpg(process.pid, signal.SIGINT)
    _, rest = process.communicate(timeout=120)
    assert process.returncode == 130, rest
    assert "Run the same command again" in rest
    assert "Traceback" not in rest
    world.slipway(*PROMOTE)
    world.assert_clean("prod", serves=release, refresh=False)
