"""A stage's whole life with its endpoints made and deleted by terraform's AWS provider, whose rules decide.

What is declared, what is asked of SageMaker and the commands are the product's; only the engine and the
provider are others. The tests of this file build on each other, in order.
"""

from dataclasses import dataclass, replace

import pytest

from release.adapters.stack import targets_of
from release.adapters.world import Project
from release.domain.errors import ReleaseFailed
from release.operations.apply import apply
from release.operations.promote import Order, promote
from release.operations.rollback import rollback
from release.ports import StagePorts
from tests.end_to_end.terraform_stack import TerraformStack
from tests.end_to_end.terraform_stage import ENDPOINT, Imported
from tests.end_to_end.world import Inside, World, quiet
from tests.sandbox.clients.environments import clean_environment

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

STAGE = "prod"
ORDER = Order(target=STAGE, source="dev", skip=True, reason="the test is about the last stage")


@dataclass(frozen=True)
class ByTerraform(Inside):
    """The project, with the endpoints of one stage in terraform's hands."""

    stack: TerraformStack

    def stage(self, name: str) -> StagePorts:
        """As ever, but for that stage's stack."""
        ports = super().stage(name)
        return replace(ports, stack=self.stack) if name == STAGE else ports


@pytest.fixture(scope="module")
def stack(world: World, releases, tmp_path_factory) -> TerraformStack:
    """What the stage's endpoints share, by Pulumi; and terraform with nothing in its state."""
    folder = tmp_path_factory.mktemp("terraform")
    terraform = Imported(folder, clean_environment(world.sandbox.env, folder))
    assert world.pulumi("stack", "init", STAGE).returncode == 0
    world.up(STAGE, *(f"--exclude={pattern}" for pattern in targets_of("delays", STAGE)))
    return TerraformStack(world, STAGE, terraform)


@pytest.fixture
def project(world: World, stack: TerraformStack, inside) -> Project:
    """The project for operations of this process; the stack begins to note what it does."""
    inside(quiet)
    stack.done.clear()
    return ByTerraform(world.project, quiet, world, stack)


@pytest.fixture(autouse=True)
def nothing_replaced_and_nothing_pinned_deleted(world: World, stack: TerraformStack, request):
    """After each test: what it did, and that there is nothing more to do."""
    yield
    pins = world.endpoint(STAGE).pins
    pinned = world.made(STAGE, pins)
    for planned in stack.done:
        assert set(planned.values()) <= {"create", "update", "delete"}, planned
        deleted = {address.partition(".")[2] for address, action in planned.items() if action == "delete"}
        assert not deleted & {*pinned, "delays-prod"}, planned
    stack.declare()
    assert stack.terraform.plan() == {}
    world.assert_at_rest(STAGE, serves=pins.live.release if pins.live else None)


def test_a_first_release_makes_the_endpoint(project, stack, world):
    assert promote(project, ORDER, quiet).changed
    assert stack.done[0][f"{ENDPOINT}.delays-prod"] == "create"


def test_a_promotion_makes_a_model_and_a_config_and_moves_by_the_api(project, stack, world, fresh):
    endpoint = world.describe(STAGE)["CreationTime"]
    fresh()
    promote(project, ORDER, quiet)
    assert all(f"{ENDPOINT}.delays-prod" not in planned for planned in stack.done)
    assert world.describe(STAGE)["CreationTime"] == endpoint


def test_a_promotion_that_the_service_takes_back_silently_has_failed(project, stack, world, fresh):
    served = world.endpoint(STAGE).live.release
    fresh()
    world.sandbox.faults("silent_rollback", endpoint="delays-prod", reason="")
    with pytest.raises(ReleaseFailed):
        promote(project, ORDER, quiet)
    assert world.endpoint(STAGE).live.release == served


def test_a_rollback_asks_nothing_of_the_engine(project, stack, world):
    before = world.endpoint(STAGE)
    rollback(project, STAGE, None, quiet)
    assert world.endpoint(STAGE).live.release == before.previous.release
    assert not any(stack.done)


def test_another_instance_type_is_another_config(project, stack, world):
    world.edit(STAGE, instances={"type": "ml.m7i.xlarge"})
    apply(project, STAGE, None, quiet)
    [variant] = world.describe(STAGE)["ProductionVariants"]
    assert world.endpoint(STAGE).live.type == "ml.m7i.xlarge"
    assert variant["VariantName"] == "live"


def test_a_third_release_deletes_the_oldest(project, stack, world, fresh):
    oldest = world.made(STAGE, world.endpoint(STAGE).pins).keys()
    fresh()
    promote(project, ORDER, quiet)
    fresh()
    promote(project, ORDER, quiet)
    deleted = {
        address.partition(".")[2]
        for planned in stack.done
        for address, action in planned.items()
        if action == "delete"
    }
    assert oldest <= deleted
