"""Stages that the earlier program left, and the rollouts that it died in: today's commands go on from there.

The earlier program itself made them. The tests of this file build on each other, in order.
"""

import os

import pytest

from demo.project import make_project
from sandbox import testing
from tests.end_to_end.conftest import releases_by_pin
from tests.end_to_end.former import Former, checked_out
from tests.end_to_end.moments import watch
from tests.end_to_end.world import SKIP, World

pytestmark = [pytest.mark.sandbox, pytest.mark.kill, pytest.mark.long]

MARKS = ("older:", "via:")
"""What only the earlier program writes into a stage's file."""


@pytest.fixture(scope="module")
def former(tmp_path_factory):
    """The earlier program, in a world of its own; its stages' data is what SageMaker accepts."""
    program = checked_out(tmp_path_factory.mktemp("former"))
    folder = tmp_path_factory.mktemp("world")
    with testing.start(folder / "home", time_scale=120) as sandbox:
        world = World(make_project(folder / "project", program), sandbox)
        world.edit("staging", instances={"min": 2, "max": 2}, rollout={"wait_seconds": 240})
        world.edit("prod", rollout={"wait_seconds": 240})
        yield Former(program, world)


@pytest.fixture(scope="module")
def world(former):
    """That world."""
    return former.world


@pytest.fixture(scope="module")
def dev(former, world, trained) -> bytes:
    """Dev's file as the earlier program left it, with a release that is live there."""
    former.slipway("release", "--model", os.fspath(trained["logistic"]))
    return world.file("dev").read_bytes()


@pytest.fixture(scope="module")
def fresh(world, dev, trained):
    """Releases by the earlier program's pin in dev."""
    return releases_by_pin(world, trained)


@pytest.fixture(scope="module")
def stopped(former, world, fresh):
    """Two stages in which the earlier program died: a moved one in prod, one to be verified in staging.

    Each had a live and a previous release; prod's came by a rollback. Returns what was to be live in each.
    """
    releases = {}
    for stage, moment in (("staging", "verifying"), ("prod", "SageMaker updates")):
        for _ in range(2):
            fresh()
            former.slipway("promote", "dev", stage)
        if stage == "prod":
            former.slipway("rollback", stage)
        releases[stage], seen = fresh(), watch(world, stage)
        seen.kill(former.start("promote", "dev", stage), moment, "group")
        assert "older:" in world.file(stage).read_text()
    assert "via: rollback" in world.file("prod").read_text()
    former.retire()
    return releases


def test_todays_pulumi_up_moves_nothing_and_deletes_nothing_that_serves(world, stopped):
    pins = world.endpoint("prod").pins
    world.client("sagemaker").get_waiter("endpoint_in_service").wait(
        EndpointName="delays-prod", WaiterConfig={"Delay": 1}
    )
    assert world.pulumi("cancel", "--yes", "--stack", "prod").returncode == 0  # the dead run's lock
    config = world.describe("prod")["EndpointConfigName"]
    made = world.made("prod", pins)
    world.sandbox.reset_calls()
    assert "replac" not in world.up("prod", "--refresh")
    assert world.updates() == 0
    assert world.describe("prod")["EndpointConfigName"] == config
    assert world.made("prod", pins) == made
    world.assert_no_changes("prod")


def test_the_same_command_finishes_a_rollout_of_the_earlier_program(world, stopped):
    [line] = world.slipway("status", "prod", expected=None).result["stages"]
    assert "stopped half-way" in line["rollout"]
    done = world.slipway("promote", "dev", "prod", *SKIP)
    assert f"resuming the promote of {stopped['prod']}" in done.stderr
    assert done.result["release"] == stopped["prod"]
    assert not any(mark in world.file("prod").read_text() for mark in MARKS)
    world.assert_clean("prod", serves=stopped["prod"])
    back = world.slipway("rollback", "prod").result["release"]
    world.assert_clean("prod", serves=back)


def test_a_rollback_takes_back_a_rollout_of_the_earlier_program(world, stopped):
    before = world.ports("staging").ledger.open().opened.before
    done = world.slipway("rollback", "staging")
    assert f"resuming the promote of {stopped['staging']}" in done.stderr
    assert done.result["release"] == before.live.release
    assert not any(mark in world.file("staging").read_text() for mark in MARKS)
    world.assert_at_rest("staging", before.live.release)
    world.up("staging")  # the stage's role is the stage's own, so a rollout of one endpoint leaves it
    world.assert_clean("staging", serves=before.live.release)


def test_a_new_rollout_says_that_it_rewrites_what_the_earlier_program_wrote(world, dev, stopped, trained):
    world.file("dev").write_bytes(dev)
    world.pin("dev", world.endpoint("dev").pins)
    world.file("dev").write_bytes(dev)
    assert "type:" not in world.file("dev").read_text().partition("live:")[2]
    done = world.slipway("release", "--model", os.fspath(trained["boosting"]))
    assert "Pulumi.dev.yaml was written by an earlier version: its pins are rewritten" in done.stderr
    assert world.endpoint("dev").live.type == "ml.m7i.large"
    world.up("dev")
    world.assert_clean("dev", serves=done.result["release"])
