"""What was deleted from outside: found before anything is written, and made again from the pins."""

import pytest

from release.domain.errors import UsageError
from release.domain.ledger import Phase
from release.operations.apply import apply
from release.operations.promote import Order, promote
from release.operations.rollback import rollback
from release.operations.status import status
from tests.release.scenes import NAME, as_before, config_of, killed_at, pins_now, serving, sure


@pytest.fixture
def gone(prod):
    """A stage whose endpoint was deleted."""
    del prod.sagemaker.endpoints[NAME]
    return prod


COMMANDS = {
    "rollback": lambda world, told: rollback(world, "prod", None, told),
    "promote": lambda world, told: promote(world, Order("prod"), told),
}


class TestTheEndpoint:
    @pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
    def test_nothing_is_opened_and_what_is_named_makes_it_again(
        self, project, dev, gone, told, follow, command
    ):
        before, world = pins_now(gone), project(dev, gone)
        with pytest.raises(UsageError, match=f"The endpoint {NAME} does not exist") as caught:
            command(world, told)
        assert (gone.ledger.stored, pins_now(gone)) == ([], before)
        assert follow.all_of(world, caught.value) == [0]
        as_before(gone, before)
        assert status(world, ["prod"])[0].disagreements == []
        command(world, told)

    @pytest.mark.parametrize("phase", [Phase.CREATING, Phase.MOVING, Phase.VERIFYING, Phase.RECONCILING])
    def test_one_that_died_while_it_was_made_again_is_finished_by_the_same_command(
        self, project, gone, told, phase
    ):
        before = pins_now(gone)
        killed_at(gone, phase, lambda: apply(project(gone), "prod", None, told))
        assert apply(project(gone), "prod", None, told).changed
        as_before(gone, before)


LOSSES = {
    "config": lambda s, pin: s.sagemaker.configs.pop(config_of(pin).name),
    "model": lambda s, pin: s.sagemaker.models.pop(config_of(pin).production[0].model_name),
    "image": lambda s, pin: s.registry.images.remove(pin.digest),
    "artifact": lambda s, pin: s.artifacts.models.pop(pin.model),
    "changed artifact": lambda s, pin: s.artifacts.models.update({pin.model: b"x"}),
}


@pytest.fixture(params=["live", "previous"])
def role(request):
    return request.param


class TestWhatItNeeds:
    @pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
    def test_status_is_red_and_what_it_names_brings_it_again(
        self, project, staging, prod, told, follow, role, lose
    ):
        """Staging has both releases."""
        before, world = pins_now(prod), project(staging, prod)
        prod.trouble.watch.clear()
        lose(prod, sure(getattr(before, role)))
        [found] = status(world, ["prod"])
        assert found.disagreements[0].startswith(f"{role} {sure(getattr(before, role)).release}: ")
        assert follow.all_of(world, UsageError(found.disagreements[-1])) == [0]
        assert status(world, ["prod"])[0].disagreements == []
        as_before(prod, before)
        assert prod.sagemaker.updates == []

    def test_an_artifact_comes_from_its_earlier_versions_where_no_stage_has_it(
        self, project, prod, told, role
    ):
        pin = sure(getattr(pins_now(prod), role))
        prod.artifacts.versions[pin.model] = prod.artifacts.models.pop(pin.model)
        assert apply(project(prod), "prod", None, told).changed
        assert prod.artifacts.model_sha256(pin.model) == pin.sha256

    def test_what_nobody_has_any_more_is_said_before_anything_changes(
        self, project, dev, prod, told, role, follow
    ):
        world, pin = project(dev, prod), sure(getattr(pins_now(prod), role))
        prod.registry.images.remove(pin.digest)
        dev.registry.images.discard(pin.digest)
        with pytest.raises(UsageError, match=f"of {pin.release} is gone from prod") as caught:
            apply(world, "prod", None, told)
        assert prod.ledger.stored == []
        assert follow.all_of(world, caught.value) == [0]

    def test_a_lost_way_back_does_not_keep_a_deleted_endpoint_from_being_made_again(
        self, project, gone, told
    ):
        gone.registry.images.remove(sure(pins_now(gone).previous).digest)
        assert apply(project(gone), "prod", None, told).changed
        assert NAME in gone.sagemaker.endpoints
        assert "is gone from prod, and no other stage has it" in told.text

    def test_a_missing_role_is_made_by_pulumi(self, project, told):
        prod = serving()
        prod.roles = False
        ups = prod.stack.up

        def up(endpoint=None):
            prod.roles = prod.roles or endpoint is None
            ups(endpoint)

        prod.stack.up = up
        assert apply(project(prod), "prod", None, told).changed
        assert prod.roles
