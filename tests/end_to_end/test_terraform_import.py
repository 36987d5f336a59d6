"""Terraform's AWS provider reads what our commands made, and plans no change, after each of them.

The provider is the one whose rules Pulumi's AWS provider follows; on it "nothing is ever replaced" is no word
of the sandbox's own. The tests of this file build on each other, in order.
"""

from typing import Any

import pytest

from release.domain import names, plan
from release.domain.plan import Split
from tests.end_to_end.terraform_stage import CONFIG, ENDPOINT, MODEL, Imported, declared
from tests.end_to_end.world import SKIP
from tests.sandbox.clients.environments import clean_environment

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

STAGE = "prod"
PROMOTE = ("promote", "dev", STAGE, *SKIP)
SPLITS = (Split(0), Split(5), Split(100, shadow=True))
"""How a candidate stands beside the live release: with nothing, with a little, in its shadow."""


@pytest.fixture(scope="module")
def terraform(world, tmp_path_factory) -> Imported:
    """Terraform with an empty state; skips where there is none."""
    folder = tmp_path_factory.mktemp("terraform")
    return Imported(folder, clean_environment(world.sandbox.env, folder))


def configuration(world, pins=None, splits=()) -> dict[str, Any]:
    """The stage as its file has it now (or with these pins), for terraform."""
    wanted = plan.endpoint_plan(STAGE, "delays", pins or world.endpoint(STAGE).pins, splits)
    name = names.execution_role(STAGE, world.settings(STAGE).region)
    role = world.client("iam").get_role(RoleName=name)["Role"]["Arn"]
    tags = {"project": names.PROJECT, "stage": STAGE, "endpoint": "delays"}
    return declared(wanted, role, tags, world.describe(STAGE)["EndpointConfigName"])


def imported(world, terraform) -> dict[str, str]:
    """Take over what the stage has now and terraform does not know yet; returns what it planned."""
    terraform.declare(configuration(world))
    planned = terraform.plan()
    terraform.apply()
    assert terraform.plan() == {}
    return planned


def test_after_a_first_release_everything_is_imported_and_nothing_changed(terraform, world, fresh):
    fresh()
    world.slipway(*PROMOTE)
    planned = imported(world, terraform)
    assert set(planned.values()) == {"import"}
    assert {address.partition(".")[0] for address in planned} == {MODEL, CONFIG, ENDPOINT}


def test_after_a_promotion_only_the_new_is_imported(terraform, world, fresh):
    """The endpoint was moved by an UpdateEndpoint with alarms: terraform would replace it for less."""
    fresh()
    world.slipway(*PROMOTE)
    assert "LastDeploymentConfig" in world.describe(STAGE)
    planned = imported(world, terraform)
    assert set(planned.values()) == {"import"}
    assert {address.partition(".")[0] for address in planned} == {MODEL, CONFIG}


def test_after_a_rollback_there_is_nothing_to_do(terraform, world):
    world.slipway("rollback", STAGE)
    assert imported(world, terraform) == {}


def test_configs_in_which_a_candidate_stands_beside_the_live_release(terraform, world, fresh):
    """Declared by the same plan; terraform makes them, and reads them back as they were declared."""
    before = world.endpoint(STAGE).pins
    beside = before.model_copy(update={"candidate": before.previous})
    terraform.declare(configuration(world, beside, SPLITS), take_over=False)
    planned = terraform.plan()
    assert sorted(planned.values()) == ["create"] * len(SPLITS)
    assert {address.partition(".")[0] for address in planned} == {CONFIG}
    terraform.apply()
    assert terraform.plan() == {}
    terraform.declare(configuration(world))
    assert set(terraform.plan().values()) == {"delete"}
    terraform.apply()
    world.assert_clean(STAGE, serves=before.live.release)
