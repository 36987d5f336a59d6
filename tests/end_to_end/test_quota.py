"""An account without a quota for endpoints: the first release is refused before anything is made."""

import os

import pytest

pytestmark = [pytest.mark.sandbox, pytest.mark.long]


def test_the_first_release_names_the_quota_and_how_to_ask_for_more(world, trained):
    world.sandbox.faults("quota", instances=0)
    model = os.fspath(trained["logistic"])
    refused = world.slipway("release", "--model", model, expected=2).stderr
    assert "the account's quota 'ml.m7i.large for endpoint usage' is 0, and 1 instance is needed" in refused
    assert "aws service-quotas request-service-quota-increase --region us-east-1" in refused
    assert not world.ports("dev").artifacts.exists(), "nothing was made"
    world.sandbox.clear_faults()
    world.sandbox.faults("fail_aws", service="service-quotas", code="AccessDeniedException", count=9)
    done = world.slipway("release", "--model", model)
    world.assert_clean("dev", serves=done.result["release"])
