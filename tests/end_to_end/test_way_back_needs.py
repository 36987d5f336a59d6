"""What a rollback proves before it moves anything: an endpoint that can be moved, and room for its fleet."""

import pytest
from botocore.exceptions import ClientError

from tests.end_to_end.world import wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

NAME = "delays-dev"


@pytest.fixture
def ways(world, releases):
    """What serves in dev, and what a rollback would serve."""
    found = world.endpoint("dev")
    return found.live.release, found.previous.release


def test_a_quota_without_room_for_a_second_fleet_is_said_before_anything_moves(world, ways):
    live, previous = ways
    world.sandbox.faults("quota", instances=1)
    world.sandbox.reset_calls()
    done = world.slipway("rollback", "dev", expected=2)
    assert "may have 1 instances of ml.m7i.large for endpoints" in done.result["error"]
    assert world.updates() == 0
    world.assert_at_rest("dev", serves=live)
    world.sandbox.clear_faults()
    assert world.slipway("rollback", "dev").result["release"] == previous


def test_who_may_not_ask_for_quotas_goes_back_and_is_told(world, ways):
    _, previous = ways
    world.sandbox.faults(
        "fail_aws", action="ListServiceQuotas", code="AccessDeniedException", status=400, count=9
    )
    done = world.slipway("rollback", "dev")
    assert done.result["release"] == previous
    assert "whether the quota leaves room for a second fleet is not known" in done.stderr
    assert "AccessDeniedException" in done.stderr
    world.assert_at_rest("dev", serves=previous)


def test_a_failed_endpoint_is_told_with_commands_that_lead_back(world, ways):
    _, previous = ways
    sagemaker = world.client("sagemaker")
    config = world.describe("dev")["EndpointConfigName"]
    sagemaker.delete_endpoint(EndpointName=NAME)
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=NAME, WaiterConfig={"Delay": 1})
    world.sandbox.faults("fail_ping", endpoint=NAME)
    sagemaker.create_endpoint(EndpointName=NAME, EndpointConfigName=config)
    wait_until(lambda: world.describe("dev")["EndpointStatus"] == "Failed", "the endpoint to fail")
    with pytest.raises(ClientError, match="DeleteEndpoint is the only operation"):
        sagemaker.update_endpoint(EndpointName=NAME, EndpointConfigName=config)
    done = world.slipway("rollback", "dev", expected=2)
    assert f"The endpoint {NAME} is Failed: The primary container" in done.result["error"]
    said = " ".join(done.result["more"])
    assert f"aws sagemaker delete-endpoint --endpoint-name {NAME}" in said
    assert "./slipway apply dev --endpoint delays" in said
    sagemaker.delete_endpoint(EndpointName=NAME)
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=NAME, WaiterConfig={"Delay": 1})
    world.slipway("apply", "dev", "--endpoint", "delays")
    assert world.slipway("rollback", "dev").result["release"] == previous
    world.assert_clean("dev", serves=previous)
