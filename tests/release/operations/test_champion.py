"""Which live model a new one is compared with."""

import pytest

from release.domain.errors import UsageError
from release.domain.manifest import Foreign
from release.operations.champion import champion
from tests.fakes.world import FakeStage, FakeWorld
from tests.release.scenes import pins_now, serving, sure


def found_by(*arguments):
    """The champion, which there is."""
    found = champion(*arguments)
    assert found is not None
    return found


@pytest.fixture
def stages():
    """Dev and staging serve different releases; prod has none yet."""
    return serving(0, stage="dev"), serving(2, stage="staging"), serving(None)


@pytest.fixture
def world(stages):
    return FakeWorld(*stages)


def test_it_is_what_the_last_stage_serves_that_serves_any(world, stages, told):
    live = sure(pins_now(stages[1]).live)
    found = found_by(world, "delays", None, told)
    assert (found.stage, found.release) == ("staging", live.release)
    assert found.model == stages[1].artifacts.models[live.model]
    assert "the champion is" in told.text


def test_a_stage_that_is_asked_for_is_asked_alone(world, stages, told):
    found = found_by(world, "delays", "dev", told)
    assert found.release == sure(pins_now(stages[0]).live).release


def test_a_stage_that_serves_none_of_it_is_told(world, told):
    with pytest.raises(UsageError, match="No endpoint of prod serves a release of delays") as no:
        champion(world, "delays", "prod", told)
    assert no.value.next_step.endswith("--champion none")


def test_another_services_release_is_no_champion(world, told):
    assert champion(world, "cancellations", None, told) is None


def test_a_container_of_others_is_no_champion_and_that_is_told(stages, told):
    foreign = serving(2, stage="prod", foreign=Foreign(kind="binary"))
    found = found_by(FakeWorld(*stages[:2], foreign), "delays", None, told)
    assert found.stage == "staging"
    assert f"{sure(pins_now(foreign).live).release}, live at delays in prod, is of others" in told.text


def test_nothing_is_compared_with_bytes_that_are_not_the_pins(world, stages, told):
    stages[1].artifacts.models[sure(pins_now(stages[1]).live).model] = b"other bytes"
    with pytest.raises(UsageError, match="the pin says"):
        champion(world, "delays", None, told)


def test_a_stage_whose_file_cannot_be_read_is_passed_over_and_told_but_not_where_it_is_asked_for(
    world, stages, told, monkeypatch
):
    settings = world.settings

    def unreadable(name):
        if name == "prod":
            raise UsageError("Pulumi.prod.yaml does not exist")
        return settings(name)

    monkeypatch.setattr(world, "settings", unreadable)
    assert found_by(world, "delays", None, told).stage == "staging"
    assert "prod is not looked into for a champion: Pulumi.prod.yaml does not exist" in told.text
    with pytest.raises(UsageError, match="does not exist"):
        champion(world, "delays", "prod", told)


def test_a_project_without_a_release_has_none_and_asks_nobody(told):
    empty = FakeStage("dev", {})
    assert champion(FakeWorld(empty), "delays", None, told) is None
    assert empty.trouble.calls == []


def test_it_is_known_by_the_services_name_whatever_its_endpoint_is_called(world, stages, told):
    live = sure(pins_now(stages[1]).live)
    manifests = stages[1].artifacts.manifests
    other = manifests[live.release].model_copy(update={"input_schema": {"service": "credit_risk"}})
    manifests[live.release] = other
    assert found_by(world, "credit_risk", None, told).release == live.release
    assert found_by(world, "delays", None, told).stage == "dev"
