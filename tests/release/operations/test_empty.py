"""A stage with pins of which nothing is there: recognised, and built again by one command that is named."""

import pytest

from release.domain.errors import ReleaseFailed, UsageError
from release.domain.pins import EndpointSettings, Pins
from release.operations.apply import apply
from release.operations.promote import Order, promote
from release.operations.rollback import rollback
from release.operations.status import status
from tests.fakes.world import FakeStage
from tests.release.scenes import NAME, config_of, pins_now, serves, serving, sure


def destroyed(stage: FakeStage) -> FakeStage:
    """Everything of it is gone but its file; `pulumi up` makes a bucket and a registry again."""
    aws, up = stage.sagemaker, stage.stack.up
    stage.trouble.watch.clear()
    for things in (aws.endpoints, aws.configs, aws.models, stage.artifacts.models, stage.artifacts.manifests):
        things.clear()
    stage.registry.images.clear()
    stage.registry.address, stage.artifacts.there, stage.ledger.there = None, False, False

    def made(endpoint=None):
        for settings in stage.file.endpoints.values():
            for pin in settings.pins.named:
                assert pin.digest in stage.registry.images, "a model of an image that is nowhere"
        up(endpoint)
        stage.registry.address, stage.artifacts.there, stage.ledger.there = "registry/slipway", True, True

    stage.stack.up = made
    return stage


COMMANDS = {
    "rollback": lambda world, told: rollback(world, "prod", None, told),
    "apply": lambda world, told: apply(world, "prod", None, told),
    "promote from it": lambda world, told: promote(world, Order("after"), told),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_what_cannot_begin_anew_names_the_command_that_does(project, staging, prod, told, follow, command):
    world = project(staging, destroyed(prod), serving(None, stage="after"))
    live = sure(staging.file.pins("delays").live)
    with pytest.raises(UsageError, match="nothing of prod is there") as caught:
        command(world, told)
    assert str(caught.value).endswith("./slipway promote prod")
    assert follow.all_of(world, caught.value) == [0]
    assert sure(pins_now(prod).live).release == live.release
    assert serves(prod) == config_of(pins_now(prod).live)
    assert status(world, ["prod"])[0].disagreements == []


def test_the_first_stage_is_built_again_from_the_build(project, told, follow):
    dev = destroyed(serving(0, 1, stage="dev"))
    world = project(dev)
    with pytest.raises(UsageError, match=r"\./slipway release --stage dev") as caught:
        rollback(world, "dev", None, told)
    assert follow.all_of(world, caught.value) == [0]
    assert dev.file.pins("delays").previous is None
    assert "delays-dev" in dev.sagemaker.endpoints


def test_every_endpoint_of_it_begins_anew(project, dev, prod, told):
    """Else pulumi up would make a model of an image that is nowhere."""
    prod.file.endpoints["fares"] = EndpointSettings(live=prod.pin(4), previous=prod.pin(5))
    promote(project(dev, destroyed(prod)), Order("prod", endpoint="delays"), told)
    assert prod.file.endpoints["fares"].pins == Pins()
    assert "the pins of fares go, and it begins anew" in told.text


def test_the_pins_stay_where_a_gate_refuses_what_would_take_their_place(project, dev, prod, told):
    before = pins_now(destroyed(prod))
    world = project(dev, prod, prod={"gates": ["unheard of"]})
    with pytest.raises(ReleaseFailed):
        promote(world, Order("prod"), told)
    assert pins_now(prod) == before


@pytest.mark.parametrize("left", ["bucket", "endpoint"])
def test_a_stage_of_which_something_is_left_is_not_empty(project, dev, prod, told, left):
    """Its pins are the way back of what serves."""
    before = pins_now(prod)
    prod.registry.address = None
    if left == "endpoint":
        prod.artifacts.there = prod.ledger.there = False
    else:
        prod.registry.images.clear()
    [found] = status(project(dev, prod), ["prod"])
    assert NAME in prod.sagemaker.endpoints
    assert not any("begins anew" in text or "nothing of prod" in text for text in found.disagreements)
    assert pins_now(prod) == before


def test_status_is_red_and_names_it(project, staging, prod):
    [found] = status(project(staging, destroyed(prod)), ["prod"])
    assert any("nothing of prod is there" in text for text in found.disagreements)
    assert found.disagreements[-1].endswith("./slipway promote prod")
    assert not found.provisioned
