"""An endpoint that somebody moved from outside: refused, or brought back by one UpdateEndpoint."""

import pytest

from release.domain.errors import ReleaseFailed, UsageError
from release.domain.ledger import Opened, Phase
from release.operations.apply import apply
from release.operations.promote import Order, promote
from release.operations.release import Order as ReleaseOrder
from release.operations.release import release
from release.operations.rollback import rollback
from release.operations.status import status
from tests.release.scenes import NAME, as_before, config_of, killed_at, pins_now, serves, serving, sure


@pytest.fixture(params=["previous", "a stranger's"])
def moved(request, prod):
    """A stage whose endpoint serves another config than the live release's, which a pin names or nobody."""
    other = prod.pin(7)
    stranger = config_of(pins_now(prod).previous if request.param == "previous" else other)
    if request.param != "previous":
        prod.trouble.watch.clear()  # nobody here can keep a stranger's config from deletion
    prod.sagemaker.configs[stranger.name] = stranger
    prod.sagemaker.endpoints[NAME].config = stranger
    return prod


def test_a_promotion_is_refused_and_the_command_that_it_names_brings_it_back(
    project, dev, moved, told, follow
):
    before, world = pins_now(moved), project(dev, moved)
    with pytest.raises(UsageError, match="somebody moved it from outside") as caught:
        promote(world, Order("prod"), told)
    assert (moved.ledger.stored, moved.stack.ups, moved.sagemaker.updates) == ([], 0, [])
    assert follow.all_of(world, caught.value) == [0]
    assert len(moved.sagemaker.updates) == 1
    assert (moved.stack.ups, moved.stack.deleted) == (0, [])
    assert serves(moved) == config_of(before.live)
    assert pins_now(moved) == before
    assert status(world, ["prod"])[0].disagreements == []
    assert promote(world, Order("prod"), told).changed


def test_a_release_is_refused_too(project, told):
    dev = serving(0, 1, stage="dev")
    dev.sagemaker.endpoints["delays-dev"].config = config_of(dev.file.pins("delays").previous, "dev")
    world = project(dev)
    with pytest.raises(UsageError, match=r"\./slipway apply dev --endpoint delays"):
        release(world, ReleaseOrder(world.build / "model"), told)


def test_a_rollback_goes_to_the_previous_release_from_anywhere(project, moved, told):
    before = pins_now(moved)
    assert rollback(project(moved), "prod", None, told).release == sure(before.previous).release
    assert serves(moved) == config_of(before.previous)
    assert moved.stack.deleted == []


def test_status_names_what_brings_it_back(project, moved):
    [line] = status(project(moved), ["prod"])
    assert line.disagreements[-1].endswith("./slipway apply prod --endpoint delays")


def test_bringing_it_back_asks_no_alarm_and_no_judge(project, told):
    """What somebody moved in may be what makes the alarms ring."""
    prod = serving(0, 1, rollout={"strategy": "judged"})
    prod.sagemaker.endpoints[NAME].config = config_of(pins_now(prod).previous)
    assert apply(project(prod), "prod", None, told).changed
    [update] = prod.sagemaker.updates
    assert update.deployment is not None
    assert update.deployment.alarms == ()
    [opened] = [e.entry.what for e in prod.ledger.stored if isinstance(e.entry.what, Opened)]
    assert opened.mends


def test_one_that_also_has_another_type_is_brought_back_and_then_applied(project, told):
    prod = serving(0, 1, instances={"type": "ml.c7i.large"})
    prod.sagemaker.endpoints[NAME].config = config_of(pins_now(prod).previous)
    assert apply(project(prod), "prod", None, told).changed
    assert prod.sagemaker.updates[0].config != prod.sagemaker.endpoints[NAME].config.name
    assert sure(pins_now(prod).live).type == "ml.c7i.large"
    assert len(prod.sagemaker.updates) == 2


@pytest.mark.parametrize("phase", [Phase.CREATING, Phase.MOVING, Phase.VERIFYING, Phase.RECONCILING])
def test_a_bringing_back_that_died_is_finished_by_the_same_command(project, prod, told, phase):
    before = pins_now(prod)
    prod.sagemaker.endpoints[NAME].config = config_of(before.previous)
    killed_at(prod, phase, lambda: apply(project(prod), "prod", None, told))
    assert apply(project(prod), "prod", None, told).changed
    as_before(prod, before)


def test_a_live_release_that_answers_wrongly_is_not_said_to_be_brought_back(project, prod, told):
    before = pins_now(prod)
    prod.sagemaker.wrong.add(config_of(before.live).production[0].model_name)
    prod.sagemaker.endpoints[NAME].config = config_of(before.previous)
    with pytest.raises(ReleaseFailed, match="golden request"):
        apply(project(prod), "prod", None, told)
    as_before(prod, before)
    assert prod.fences.standing == set()


def test_one_that_is_moved_while_a_promotion_copies_is_noticed_before_anything_is_written(
    project, dev, prod, told, monkeypatch
):
    copy = prod.artifacts.put_release

    def moved(*values):
        prod.sagemaker.endpoints[NAME].config = config_of(pins_now(prod).previous)
        copy(*values)

    monkeypatch.setattr(prod.artifacts, "put_release", moved)
    with pytest.raises(UsageError, match="somebody moved it"):
        promote(project(dev, prod), Order("prod"), told)
    assert prod.ledger.stored == []
