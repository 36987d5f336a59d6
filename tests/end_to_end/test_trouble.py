"""AWS answers badly while a rollout is under way: throttled, out of order, or the answer is lost.

It ends well, or with exit code 4, and then the same command finishes.
"""

import pytest

from release.adapters.patience import VARIABLE
from release.operations.promote import Order, promote
from tests.end_to_end.moments import watch
from tests.end_to_end.world import SKIP, quiet

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

PROMOTE = ("promote", "dev", "prod", *SKIP)
FEW, MANY = 2, 400
"""Failures in a row: fewer than boto3 tries a call, and more than anybody tries."""
THROTTLED = {
    "DescribeEndpoint": {"service": "sagemaker", "code": "ThrottlingException", "status": 400},
    "PutObject": {"service": "s3", "code": "SlowDown", "status": 503},
    "UpdateEndpoint": {"service": "sagemaker", "code": "ThrottlingException", "status": 400},
}


@pytest.fixture(scope="module")
def prod(world, fresh):
    """A stage with a live and a previous release."""
    for _ in range(2):
        fresh()
        world.slipway(*PROMOTE)


def throttle(world, action, count):
    world.sandbox.faults("fail_aws", action=action, count=count, **THROTTLED[action])


@pytest.mark.parametrize("moment", ["creating", "moving"])
def test_a_few_failures_in_a_row_are_nobodys_business(world, fresh, prod, moment):
    release, seen = fresh(), watch(world, "prod")
    process = world.start(*PROMOTE, "--json")
    seen.wait_for(moment, process)
    for action in THROTTLED:
        throttle(world, action, FEW)
    assert world.ended(process).result["release"] == release
    world.assert_clean("prod", serves=release, refresh=False)


@pytest.mark.parametrize(
    ("action", "moment"),
    [
        ("PutObject", "a config is made"),
        ("DescribeEndpoint", "SageMaker updates"),
        ("UpdateEndpoint", "opened"),
    ],
)
def test_an_outage_ends_with_4_and_the_same_command_finishes(world, fresh, prod, action, moment):
    before = world.endpoint("prod").pins
    release, seen = fresh(), watch(world, "prod")
    process = world.start(*PROMOTE, "--json", env=world.env | {VARIABLE: "0"})
    seen.wait_for(moment, process)
    throttle(world, action, MANY)
    done = world.ended(process, expected=4)
    assert "same command" in done.stderr
    world.sandbox.clear_faults()
    world.made("prod", before)
    world.slipway(*PROMOTE)
    world.assert_clean("prod", serves=release, refresh=False)


@pytest.fixture
def lost(world):
    """Keys of ledger entries whose write S3 answered, and the answer never came: boto3 writes them again."""
    events, keys = world.client("s3").meta.events, []

    def lose(response, request_dict, **_):
        key = request_dict["url_path"]
        if response is None or "/ledger/" not in key or key in keys:
            return None
        keys.append(key)
        return 0

    events.register_first("needs-retry.s3.PutObject", lose)
    yield keys
    events.unregister("needs-retry.s3.PutObject", lose)


def test_a_ledger_entry_whose_answer_was_lost_is_written_once(world, fresh, prod, inside, lost):
    release = fresh()
    lost.clear()  # what is live in dev by its pin alone is in dev's ledger too
    order = Order("prod", "dev", "delays", skip=True, reason="the test is about prod")
    assert promote(inside(quiet), order, quiet).release == release
    events = ["opened", "creating", "moving", "verifying", "reconciling", "landed"]
    assert len(lost) == len(events)
    assert world.events("prod")[-6:] == events
    world.assert_clean("prod", serves=release)
