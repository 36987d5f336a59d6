"""Which version of a model gets which alias, from the pins of a stage."""

import pytest

from release.domain.model_versions import Mark, marks
from release.domain.pins import Pins
from tests.fakes.world import FakeStage

STAGE = FakeStage("prod", {})
OLD, NEW = STAGE.pin(1), STAGE.pin(2)


def tags(pin, **more):
    return {"slipway.release": pin.release, "slipway.image": pin.digest, **more}


@pytest.mark.parametrize(
    ("last", "live", "previous"), [(True, ("prod", "champion"), ("archived",)), (False, ("prod",), None)]
)
def test_what_serves_has_its_stages_alias_and_in_the_last_stage_is_the_champion(last, live, previous):
    found = marks("prod", last, Pins(live=NEW, previous=OLD), "r1")
    wanted = [Mark(NEW.sha256, live, tags(NEW, **{"slipway.rollout.prod": "r1"}))]
    assert list(found) == [*wanted, *([Mark(OLD.sha256, previous, tags(OLD))] if previous else [])]


def test_the_same_bytes_released_twice_are_not_archived_while_they_serve():
    again = OLD.model_copy(update={"release": "0" * 12})
    [only] = marks("prod", True, Pins(live=again, previous=OLD), None)
    assert only == Mark(OLD.sha256, ("prod", "champion"), tags(again))


def test_a_stage_without_a_release_marks_nothing():
    assert marks("prod", True, Pins(), "r1") == ()
