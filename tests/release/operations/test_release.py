"""Release: what training left and this checkout's image, into the first stage or another."""

import pytest

from release.domain.errors import ReleaseFailed, ServiceError, UsageError
from release.domain.ledger import Skip
from release.domain.pins import EndpointSettings
from release.operations.composing import FILES
from release.operations.release import Order, release
from tests.fakes.world import FakeStage
from tests.release.scenes import ENDPOINT, at_call, begin, config_of, pins_now, serves, serving, sure


def order(world, **changes):
    return Order(world.build / "model", **changes)


def test_by_default_it_goes_to_the_first_stage(project, dev, staging, told):
    world = project(dev, staging)
    before = pins_now(dev)
    found = release(world, order(world), told)
    assert (found.stage, found.endpoint, found.changed) == ("dev", ENDPOINT, True)
    after = pins_now(dev)
    assert (sure(after.live).release, after.previous) == (found.release, before.live)
    assert sure(after.live).digest == world.images.record.digest
    assert dev.registry.has(sure(after.live).digest)
    assert dev.artifacts.model_sha256(sure(after.live).model) == sure(after.live).sha256
    assert dev.artifacts.manifest(found.release).evaluation == {"auc": 0.7}
    assert serves(dev) == config_of(after.live, "dev")
    assert staging.ledger.stored == []


def test_the_same_again_changes_nothing(project, dev, told):
    world = project(dev)
    first = release(world, order(world), told)
    updates = len(dev.sagemaker.updates)
    again = release(world, order(world), told)
    assert (again.release, again.changed) == (first.release, False)
    assert len(dev.sagemaker.updates) == updates


def test_the_first_stage_of_all_is_made_first(project, told):
    new = FakeStage("dev", {ENDPOINT: EndpointSettings()})
    new.artifacts.there = new.ledger.there = False
    new.registry.address = None

    def provisioned():
        new.artifacts.there = new.ledger.there = True
        new.registry.address = "registry/slipway-prod"

    at_call(new, "up", provisioned)
    world = project(new)
    assert release(world, order(world), told).changed
    assert new.ledger.events[0] == "opened"


@pytest.mark.parametrize("missing", FILES)
def test_without_what_training_leaves_there_is_nothing_to_release(project, dev, told, missing):
    world = project(dev)
    (world.build / "model" / missing).unlink()
    with pytest.raises(UsageError, match=rf"has no {missing}\.(?s:.)*\./slipway train"):
        release(world, order(world), told)
    assert dev.ledger.stored == []


@pytest.mark.parametrize(
    ("file", "content", "named"),
    [
        ("evidence.json", b"{", "evidence.json is no JSON"),
        ("evidence.json", b"{}", "golden.json is not the one"),
        ("golden.json", b"{ }", "golden.json is not the one"),
    ],
)
def test_evidence_that_proves_nothing_is_refused(project, dev, told, file, content, named):
    world = project(dev)
    (world.build / "model" / file).write_bytes(content)
    with pytest.raises(UsageError, match=named):
        release(world, order(world), told)


def test_a_refused_gate_is_written_to_the_ledger(project, dev, told):
    world = project(dev, dev={"gates": ("auc", "parity")})
    with pytest.raises(ReleaseFailed, match="refused by dev: parity: required"):
        release(world, order(world), told)
    assert dev.ledger.events == ["refused"]
    assert dev.sagemaker.updates == []
    assert "gates: 4 of 5 passed" in told.text


def test_a_later_stage_is_entered_step_by_step_or_for_a_reason(project, dev, staging, told, follow):
    world = project(dev, staging)
    with pytest.raises(UsageError, match="would skip dev on the way to staging") as caught:
        release(world, order(world, stage="staging"), told)
    assert staging.ledger.stored == []
    found = release(world, order(world, stage="staging", skip=True, reason="an outage"), told)
    opened = next(s.entry.what for s in staging.ledger.stored if s.entry.what.event == "opened")
    assert opened.skip == Skip(stages=("dev",), reason="an outage")
    assert follow.all_of(world, caught.value) == [0, 0]
    assert {sure(pins_now(stage).live).release for stage in (dev, staging)} == {found.release}


def test_a_stage_that_forbids_it_names_every_step(project, dev, staging, prod, told, follow):
    world = project(dev, staging, prod, prod={"skip": False})
    with pytest.raises(UsageError, match="from staging only") as caught:
        release(world, order(world, stage="prod", skip=True, reason="x"), told)
    assert follow.all_of(world, caught.value) == [0, 0, 0]


def test_an_image_that_did_not_arrive_is_pinned_nowhere(project, dev, told):
    class Nowhere:
        record = project(dev).images.record

        def build(self, settings, tell):
            return self

        def push(self, registry, release):
            pass

    world = project(dev)
    world.images = Nowhere()
    before = pins_now(dev)
    with pytest.raises(ReleaseFailed, match="does not list"):
        release(world, order(world), told)
    assert (pins_now(dev), dev.ledger.stored) == (before, [])


def test_a_stage_at_work_is_left_alone_and_nothing_is_pushed(project, dev, told):
    world = project(dev)
    begin(dev, dev.pin(7))
    dev.ledger.living = {dev.ledger.owner.pid}
    images, models = set(dev.registry.images), dict(dev.artifacts.models)
    with pytest.raises(ServiceError, match=r"A promote of .* is under way here"):
        release(world, order(world), told)
    assert (dev.registry.images, dev.artifacts.models) == (images, models)


def test_a_bad_release_is_taken_back(project, dev, told):
    serving_before = pins_now(dev)
    world = project(dev)
    dev.sagemaker.unanswered = 3
    with pytest.raises(ReleaseFailed, match="golden request 1 of 1: throttled"):
        release(world, order(world), told)
    assert pins_now(dev) == serving_before


def test_of_several_endpoints_one_is_named(project, told):
    two = serving(stage="dev")
    two.file.endpoints["fares"] = EndpointSettings()
    world = project(two)
    with pytest.raises(UsageError, match="--endpoint"):
        release(world, order(world), told)
    assert release(world, order(world, endpoint="fares"), told).endpoint == "fares"
