"""A stage is cleaned up: what nobody names goes, and going back works as before."""

import itertools
from datetime import timedelta

import pytest

from release.domain.cleanup import Kind
from release.domain.errors import Held, ServiceError
from release.domain.pins import EndpointSettings
from release.operations.cleanup import cleanup
from release.operations.promote import Order, promote
from release.operations.rollback import rollback
from tests.fakes.trouble import Crash
from tests.fakes.world import EPOCH
from tests.release.scenes import ENDPOINT, NAME, at_call, begin, config_of, pins_now, serves, sure


@pytest.fixture
def left_over(prod):
    """A release of which everything is there and that nobody names, as a crash leaves it."""
    pin = prod.pin(7)
    prod.file.endpoints["delays"] = (settings := prod.file.endpoints["delays"]).model_copy(
        update={"candidate": pin}
    )
    prod.stack.up()
    prod.file.endpoints["delays"] = settings
    prod.trouble.calls.clear()
    return pin


def clean(world, told, delete=True, days=7.0):
    return cleanup(world, "prod", delete, days, told)


def of(things):
    return sorted((thing.kind.value, thing.name) for thing in things)


def everything(pin):
    config = config_of(pin)
    return sorted(
        [
            ("artifact", pin.sha256),
            ("endpoint config", config.name),
            ("image", pin.digest),
            ("model", config.production[0].model_name),
            ("release", pin.release),
        ]
    )


def test_what_nobody_names_is_listed_and_nothing_is_deleted(project, prod, told, left_over):
    found = clean(project(prod), told, delete=False)
    assert of(found.goes) == everything(left_over)
    assert found.deleted == ()
    assert prod.trouble.calls == []


def test_and_deleted_when_asked_for_what_names_others_first(project, prod, told, left_over):
    found = clean(project(prod), told)
    assert of(found.deleted) == everything(left_over)
    assert prod.trouble.calls == [f"delete {kind.value}" for kind in Kind]
    assert clean(project(prod), told).goes == ()


def test_the_way_back_is_whole_after_it(project, prod, told, left_over):
    before = pins_now(prod)
    clean(project(prod), told)
    assert rollback(project(prod), "prod", None, told).release == sure(before.previous).release
    clean(project(prod), told)
    assert rollback(project(prod), "prod", None, told).release == sure(before.live).release


def test_so_is_a_promotion_of_what_was_deleted(project, dev, prod, told):
    world = project(dev, prod)
    promote(world, Order("prod"), told)
    first = pins_now(prod)
    dev.file.endpoints[ENDPOINT] = EndpointSettings(live=dev.pin(8))
    promote(world, Order("prod"), told)
    clean(world, told)
    assert sure(first.previous).release not in prod.artifacts.manifests
    assert sure(first.live).release in prod.artifacts.manifests
    dev.file.endpoints[ENDPOINT] = EndpointSettings(live=dev.pin(1))
    assert promote(world, Order("prod"), told).changed


def test_what_is_young_may_be_on_its_way_in(project, prod, told, left_over):
    prod.holdings.made[left_over.digest] = EPOCH - timedelta(days=3)
    assert (Kind.IMAGE.value, left_over.digest) not in of(clean(project(prod), told).goes)
    assert of(clean(project(prod), told, days=1).deleted) == [(Kind.IMAGE.value, left_over.digest)]


@pytest.mark.parametrize("stale", ["live", "previous"])
def test_a_stage_file_older_than_the_last_rollout_loses_nothing(project, dev, prod, told, stale):
    """Somebody did not pull: the file names other releases than the ledger."""
    world, before = project(dev, prod), pins_now(prod)
    promote(world, Order("prod"), told)
    after = pins_now(prod)
    prod.file.endpoints[ENDPOINT] = EndpointSettings(live=before.previous)
    kept = getattr(after, stale)
    found = clean(world, told)
    assert set(everything(kept)).isdisjoint(of(found.deleted))
    prod.file.endpoints[ENDPOINT] = EndpointSettings(live=after.live, previous=after.previous)
    assert rollback(world, "prod", None, told).release == sure(after.previous).release


class TestOpenRollouts:
    @pytest.mark.parametrize(("alive", "error", "code"), [(True, ServiceError, 4), (False, Held, 3)])
    def test_nothing_is_deleted(self, project, prod, told, left_over, alive, error, code):
        begin(prod, prod.pin(2))
        prod.ledger.living = {prod.ledger.owner.pid} if alive else set()
        with pytest.raises(error) as caught:
            clean(project(prod), told)
        assert caught.value.exit_code == code
        assert prod.trouble.calls == []

    def test_the_way_out_that_is_named_is_one(self, project, prod, told, left_over, follow):
        begin(prod, prod.pin(2))
        prod.new_process()
        with pytest.raises(Held) as caught:
            clean(project(prod), told)
        assert follow.all_of(project(prod), caught.value) == [0]
        assert of(clean(project(prod), told).deleted) == sorted(rest_of(left_over) + rest_of(prod.pin(2)))

    def test_they_are_listed_around(self, project, prod, told, left_over):
        begin(prod, prod.pin(2))
        found = clean(project(prod), told, delete=False)
        assert set(everything(prod.pin(2))).isdisjoint(of(found.goes))
        assert {"endpoint config", "model"}.isdisjoint(kind for kind, _ in of(found.goes))

    def test_one_that_opens_meanwhile_stops_it(self, project, prod, told, left_over):
        at_call(prod, "delete model", lambda: begin(prod, prod.pin(2)))
        with pytest.raises(Held):
            clean(project(prod), told)
        assert prod.registry.has(left_over.digest)


class TestMeanwhile:
    def test_what_comes_to_serve_stays(self, project, prod, told, left_over):
        """Asked again right before each deletion: somebody moved the endpoint by hand."""
        looks, look = itertools.count(1), prod.ledger.all_open

        def moved_by_hand():
            if next(looks) == 3:
                prod.sagemaker.endpoints[NAME].config = config_of(left_over)
            return look()

        prod.ledger.all_open = moved_by_hand
        found = clean(project(prod), told)
        assert found.deleted == ()
        assert "is named meanwhile, and stays" in told.text
        assert serves(prod) == config_of(left_over)

    def test_a_crash_on_the_way_leaves_nothing_that_is_named_broken(self, project, prod, told, left_over):
        def die():
            raise Crash

        at_call(prod, "delete release", die)
        with pytest.raises(Crash):
            clean(project(prod), told)
        assert [kind for kind, _ in of(clean(project(prod), told).deleted)] == [
            "artifact",
            "image",
            "release",
        ]
        assert rollback(project(prod), "prod", None, told).release

    def test_a_stage_that_is_not_provisioned_has_nothing(self, project, prod, told):
        prod.artifacts.there = prod.ledger.there = False
        assert clean(project(prod), told).goes == ()


def rest_of(pin):
    """What a release leaves that was pushed and of which nothing was made."""
    return [("artifact", pin.sha256), ("image", pin.digest), ("release", pin.release)]
