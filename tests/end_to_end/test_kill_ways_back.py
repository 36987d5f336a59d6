"""Promise 4 where a stage is changed in other ways: a rollback, an apply, a release that is taken back.

Each is killed on its way; the same command, run again, ends clean, and so does a rollback in its place.
"""

import pytest

from tests.end_to_end.moments import watch
from tests.end_to_end.world import SKIP

pytestmark = [pytest.mark.sandbox, pytest.mark.kill, pytest.mark.long]

PROMOTE = ("promote", "dev", "prod", *SKIP)
ROLLBACK = ("rollback", "prod")
APPLY = ("apply", "prod")
TYPES = {"ml.m7i.large": "ml.c7i.large", "ml.c7i.large": "ml.m7i.large"}
"""To each instance type the one that it is changed to."""


@pytest.fixture(scope="module")
def prod(world, fresh):
    """A stage with a live and a previous release."""
    for _ in range(2):
        fresh()
        world.slipway(*PROMOTE)


def killed_at(world, command, *moments):
    """Start a command and kill it, and then the one that resumes it, when each has come to its moment.

    Says whether the last one was killed before it had done all: a rollback reconciles within milliseconds.
    """
    seen = watch(world, "prod")
    for number, (moment, killed) in enumerate(moments):
        before, process = watch(world, "prod"), world.start(*command)
        if number:
            before.wait_for("resumed", process)
        seen.kill(process, moment, killed)
    return process.wait() != 0


def live(world):
    """The release that prod's pin names, and the type of its fleet."""
    pin = world.endpoint("prod").live
    return pin.release, pin.type


def another_type(world):
    """Ask for another instance type in prod's data; returns it."""
    wanted = TYPES[live(world)[1]]
    world.edit("prod", instances={"type": wanted})
    return wanted


def test_a_rollback_killed_again_and_again(world, prod):
    release = world.endpoint("prod").previous.release
    moments = ("opened", "moving", "SageMaker updates", "verifying", "reconciling")
    if killed_at(world, ROLLBACK, *((moment, "group") for moment in moments)):
        assert world.slipway(*ROLLBACK).result["release"] == release
    world.assert_clean("prod", serves=release, refresh=False)


@pytest.mark.parametrize(("moment", "killed"), [("SageMaker updates", "process"), ("reconciling", "process")])
def test_a_rollback_killed_at(world, prod, moment, killed):
    release = world.endpoint("prod").previous.release
    if killed_at(world, ROLLBACK, (moment, killed)):
        assert world.slipway(*ROLLBACK).result["release"] == release
    world.assert_clean("prod", serves=release, refresh=False)


@pytest.mark.parametrize(
    "moments",
    [
        [("a config is made", "group"), ("SageMaker updates", "process"), ("verifying", "group")],
        [("creating", "process"), ("a config is gone", "group")],
    ],
)
def test_an_apply_killed_again_and_again(world, prod, moments):
    release, wanted = live(world)[0], another_type(world)
    killed_at(world, APPLY, *moments)
    world.slipway(*APPLY)
    assert live(world) == (release, wanted)
    world.assert_clean("prod", serves=release, refresh=False)


@pytest.mark.parametrize(
    "moments",
    [[("reverting", "process"), ("restoring", "group")], [("restoring", "process")]],
)
def test_a_release_killed_while_it_is_taken_back(world, fresh, prod, moments):
    release = live(world)[0]
    fresh(wrong=True)
    killed_at(world, PROMOTE, *moments)
    assert "golden request" in world.slipway(*PROMOTE, expected=1).result["error"]
    world.assert_clean("prod", serves=release, refresh=False)


@pytest.mark.parametrize(
    ("moment", "killed"),
    [("creating", "process"), ("SageMaker updates", "group"), ("a config is gone", "group")],
)
def test_a_promotion_killed_at_and_taken_back_by_a_rollback(world, fresh, prod, moment, killed):
    before = world.endpoint("prod").pins
    fresh()
    killed_at(world, PROMOTE, (moment, killed))
    world.slipway(*ROLLBACK)
    assert world.endpoint("prod").pins == before
    world.assert_clean("prod", serves=before.live.release, refresh=False)


def test_an_apply_that_came_far_is_taken_back_to_a_fleet_that_was_deleted(world, prod):
    before = world.endpoint("prod").pins
    another_type(world)
    killed_at(world, APPLY, ("a config is gone", "group"))
    world.slipway(*ROLLBACK)
    assert world.endpoint("prod").pins == before
    world.edit("prod", instances={"type": before.live.type})
    world.assert_clean("prod", serves=before.live.release, refresh=False)
