"""The model registry says what serves, after every way a rollout can end, and can never fail one."""

import pytest

from release.domain.manifest import Foreign
from release.operations.apply import apply
from release.operations.rollback import rollback
from tests.release.scenes import ENDPOINT, pins_now, serving, sure


@pytest.fixture
def aliases(prod):
    return prod.models.aliases


def test_a_rollback_moves_the_champion_back_and_archives_what_failed(project, prod, told, aliases):
    before = pins_now(prod)
    rollback(project(prod), "prod", None, told)
    live, previous = sure(before.previous), sure(before.live)
    assert aliases == {"prod": live.sha256, "champion": live.sha256, "archived": previous.sha256}
    assert prod.models.tags[live.sha256]["slipway.release"] == live.release
    opened = prod.ledger.latest(None)[0].entry
    assert prod.models.tags[live.sha256]["slipway.rollout.prod"] == opened.subject.rollout


def test_a_registry_that_is_down_fails_nothing_and_apply_tells_it_later(project, prod, told, aliases):
    prod.models.down = "nobody answers"
    goal = sure(pins_now(prod).previous)
    assert rollback(project(prod), "prod", None, told).release == goal.release
    assert "the model registry does not say what prod serves (nobody answers)" in told.text
    assert "./slipway apply prod tells it" in told.text
    assert aliases == {}

    prod.models.down = ""
    apply(project(prod), "prod", None, told)
    assert aliases["champion"] == goal.sha256


def test_whatever_it_raises_fails_nothing(project, prod, told):
    prod.models.down = ImportError("No module named 'mlflow'")
    goal = sure(pins_now(prod).previous)
    assert rollback(project(prod), "prod", None, told).release == goal.release
    assert "does not say what prod serves (No module named 'mlflow')" in told.text


def test_bytes_that_it_does_not_have_are_sent_by_their_training(project, prod, told, aliases):
    live = sure(pins_now(prod).previous)
    prod.models.unknown = {live.sha256}
    rollback(project(prod), "prod", None, told)
    assert f"no version of delays there has the bytes {live.sha256[:12]}" in told.text
    assert "./slipway track --resend, then ./slipway apply prod" in told.text
    assert "tells it" not in told.text
    assert set(aliases) == {"archived"}


def test_a_container_of_others_is_none_of_its_models_and_nobody_is_told_to_send_it(project, told):
    stage = serving(0, 1, foreign=Foreign(kind="binary"))
    stage.models.unknown = {sure(pins_now(stage).previous).sha256}
    rollback(project(stage), "prod", None, told)
    assert "it knows no container of others" in told.text
    assert "track --resend" not in told.text
    assert stage.models.aliases == {}


def test_a_container_of_others_that_served_before_is_not_missed(project, told):
    """No training of it waits anywhere, so no advice to send one is given."""
    prod = serving(0, 1)
    before = prod.pin(2, foreign=Foreign(kind="binary"))
    endpoint = prod.file.endpoints[ENDPOINT]
    prod.file.endpoints[ENDPOINT] = endpoint.model_copy(update={"previous": before})
    prod.models.unknown = {before.sha256}
    prod.stack.up()
    apply(project(prod), "prod", None, told)
    assert "track --resend" not in told.text
    assert prod.models.aliases["prod"] == sure(pins_now(prod).live).sha256
