"""Pins, ledger and SageMaker do not say the same: what the commands do, and that what they name ends it.

The table is docs/state.md; each test provokes one standing of it, and leaves a stage that is whole.
"""

import pytest

pytestmark = pytest.mark.sandbox

PROMOTE = ("promote", "dev", "staging")


@pytest.fixture(scope="module")
def staging(world, fresh):
    """A stage with a live and a previous release."""
    for _ in range(2):
        fresh()
        world.slipway(*PROMOTE)


def test_a_file_from_before_the_last_rollout_is_refused_until_it_is_brought_up_to_date(world, fresh, staging):
    """A lost commit: promoting from it would bring the last release but one, and a rollback go to it."""
    old, before = world.file("staging").read_bytes(), world.endpoint("staging").pins
    release = fresh()
    world.slipway(*PROMOTE)
    today = world.file("staging").read_bytes()
    world.file("staging").write_bytes(old)
    world.sandbox.reset_calls()
    for command in (("promote", "staging", "prod"), ("rollback", "staging"), PROMOTE, ("apply", "staging")):
        done = world.slipway(*command, expected=2)
        assert "Pulumi.staging.yaml is not as the last rollout of delays left it" in done.stderr
        assert "./slipway sync staging" in done.stderr
    assert world.updates() == 0
    [line] = world.slipway("sync", "staging").result["endpoints"]
    assert (line["before"]["live"]["release"], line["after"]["live"]["release"]) == (
        before.live.release,
        release,
    )
    assert world.file("staging").read_bytes() == today
    world.assert_clean("staging", serves=release, refresh=False)
    assert world.slipway("promote", "staging", "prod").result["release"] == release
    assert world.slipway("rollback", "staging").result["release"] == before.live.release
