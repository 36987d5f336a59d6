"""A release that was marked bad comes into no stage, by no command, until somebody clears it."""

import pytest

from release.domain.errors import ReleaseFailed, ServiceError, UsageError
from release.domain.ledger import Phase
from release.operations import fences
from release.operations.promote import Order, promote
from release.operations.release import Order as ReleaseOrder
from release.operations.release import release
from release.operations.rollback import rollback
from tests.fakes.trouble import Crash
from tests.release.scenes import at_call, begin, config_of, opened, pins_now, serving, sure

WHY = "tried again by hand"


@pytest.fixture
def world(project, dev, staging, prod):
    return project(dev, staging, prod)


def comes(stage):
    """The release that is live there, and so the one to promote."""
    return sure(pins_now(stage).live).release


def spoil(stage, number=2):
    """The `number`-th release answers wrongly in this stage."""
    stage.sagemaker.wrong.add(config_of(stage.pin(number), stage.name).production[0].model_name)


class TestWhatIsFenced:
    def test_a_release_that_was_rolled_back(self, world, prod, told):
        bad = comes(prod)
        rollback(world, "prod", None, told)
        kept = prod.fences.kept[bad]
        assert (kept.stands, kept.stage, kept.reason, kept.by) == (
            True,
            "prod",
            "rolled back in prod",
            "ci@here",
        )
        assert prod.fences.standing == {bad}
        assert f"./slipway fence clear {bad} --reason 'why'" in told.text

    def test_a_release_that_did_not_land(self, world, dev, staging, told):
        spoil(staging)
        with pytest.raises(ReleaseFailed) as caught:
            promote(world, Order("staging"), told)
        kept = staging.fences.kept[comes(dev)]
        assert kept.reason.startswith("did not land in staging: golden request 1")
        assert "It is fenced" in str(caught.value)

    def test_before_the_entry_that_closes_the_rollout(self, world, staging, told):
        spoil(staging)
        with pytest.raises(ReleaseFailed):
            promote(world, Order("staging"), told)
        assert staging.trouble.calls[-2:] == ["fence", "ledger: reverted"]

    @pytest.mark.parametrize("call", ["fence", "ledger: reverted"])
    def test_a_crash_there_loses_nothing_and_the_same_command_ends_it(self, world, dev, staging, told, call):
        before, bad = pins_now(staging), comes(dev)
        spoil(staging)
        at_call(staging, call, die)
        with pytest.raises(Crash):
            promote(world, Order("staging"), told)
        staging.new_process()
        with pytest.raises(ReleaseFailed, match="did not land"):
            promote(world, Order("staging"), told)
        assert staging.fences.standing == {bad}
        as_before_in(staging, before)

    def test_what_a_rollback_takes_back_that_died(self, world, prod, told):
        begin(prod, prod.pin(2))
        prod.new_process()
        rollback(world, "prod", None, told)
        assert prod.fences.standing == {prod.pin(2).release}

    def test_not_what_only_got_no_new_fleet(self, world, project, told, follow):
        prod = serving(instances={"type": "ml.c7i.large"})
        prod.sagemaker.wrong.add(config_of(pins_now(prod).live).production[0].model_name)
        assert follow(project(prod), "apply", "prod") == 1
        assert prod.fences.kept == {}

    def test_a_stage_that_cannot_keep_it_does_not_stop_a_rollback_before_the_traffic_moved(
        self, world, prod, told
    ):
        bad, good = comes(prod), sure(pins_now(prod).previous)
        prod.fences.refusal = ServiceError("access denied")
        with pytest.raises(ServiceError, match="access denied"):
            rollback(world, "prod", None, told)
        assert prod.sagemaker.updates[-1].config == config_of(good).name
        assert opened(prod).phase is Phase.RECONCILING, "it is not closed before the fence is put"
        prod.fences.refusal = None
        prod.new_process()
        assert rollback(world, "prod", None, told).release == good.release
        assert prod.fences.standing == {bad}


class TestWhatItStops:
    @pytest.mark.parametrize("where", ["dev", "staging", "prod"])
    def test_a_promotion_whichever_stage_marked_it(self, world, dev, staging, prod, told, where, follow):
        bad = comes(dev)
        mark(world, bad, where, told)
        with pytest.raises(ReleaseFailed, match=f"refused by staging: fence: fenced in {where}") as caught:
            promote(world, Order("staging"), told)
        assert staging.ledger.events == ["refused"]
        assert staging.sagemaker.updates == []
        assert follow.all_of(world, caught.value) == [0]
        assert promote(world, Order("staging"), told).changed

    def test_the_same_content_released_again(self, world, project, dev, told):
        order = ReleaseOrder(world.build / "model")
        first = release(world, order, told).release
        rollback(world, "dev", None, told)
        with pytest.raises(ReleaseFailed, match=r"refused by dev: fence: .*rolled back in dev"):
            release(world, order, told)
        fences.clear(world, first, WHY, told)
        assert release(world, order, told).release == first

    def test_what_a_rollback_left_in_prod_comes_into_no_other_stage(self, world, dev, staging, prod, told):
        promote(world, Order("staging"), told)
        promote(world, Order("prod"), told)
        rollback(world, "prod", None, told)
        for target in ("staging", "prod"):
            with pytest.raises(ReleaseFailed, match="rolled back in prod"):
                promote(world, Order(target), told)

    def test_never_the_way_back(self, world, prod, told):
        bad = comes(prod)
        rollback(world, "prod", None, told)
        assert rollback(world, "prod", None, told).release == bad
        assert f"{bad} is fenced in prod" in told.text
        assert "It goes on all the same" in told.text

    def test_a_rollback_goes_on_where_its_fences_cannot_be_read(self, world, prod, told):
        begin(prod, prod.pin(2))
        prod.new_process()
        prod.fences.of = refuse
        assert rollback(world, "prod", None, told).release == comes(prod)
        assert "is fenced cannot be read: access denied" in told.text


class TestStagesThatCannotBeRead:
    def test_one_on_the_way_stops_a_promotion(self, world, dev, prod, told):
        dev.fences.refusal = ServiceError("access denied")
        with pytest.raises(ServiceError, match="The fences of dev cannot be read: access denied"):
            promote(world, Order("prod", "staging"), told)
        assert prod.ledger.stored == []

    def test_a_later_one_is_said(self, world, prod, told):
        prod.fences.refusal = ServiceError("access denied")
        assert promote(world, Order("staging"), told).changed
        assert "the fences of prod cannot be read: access denied" in told.text

    def test_a_release_needs_its_own_only(self, world, staging, told):
        staging.fences.refusal = ServiceError("access denied")
        assert release(world, ReleaseOrder(world.build / "model"), told).changed
        assert "the fences of staging cannot be read" in told.text


class TestCommands:
    def test_one_is_put_everywhere_and_cleared_everywhere(self, world, dev, staging, prod, told):
        bad = comes(dev)
        prod.fences.there = False
        assert [kept.stage for kept in fences.add(world, bad, " it drifts ", told).fences] == [
            "dev",
            "staging",
        ]
        assert [kept.reason for kept in fences.listed(world, False, told).fences] == ["it drifts"] * 2
        assert len(fences.clear(world, bad, WHY, told).fences) == 2
        assert fences.listed(world, False, told).fences == []
        past = fences.listed(world, True, told).fences
        assert [kept.cleared and kept.cleared.reason for kept in past] == [WHY] * 2

    def test_clearing_what_is_not_fenced_is_said(self, world, dev, told, follow):
        with pytest.raises(UsageError, match="is not fenced") as caught:
            fences.clear(world, comes(dev), WHY, told)
        assert follow.all_of(world, caught.value) == [0]

    def test_what_is_no_release_is_refused(self, world, told):
        for change in (fences.add, fences.clear):
            with pytest.raises(UsageError, match="is no release"):
                change(world, "3F2a9c01d4e7", WHY, told)
            with pytest.raises(UsageError, match="needs a reason"):
                change(world, "3f2a9c01d4e7", " ", told)

    def test_a_stage_that_cannot_be_read_is_named(self, world, dev, staging, told):
        staging.fences.refusal = ServiceError("access denied")
        assert fences.add(world, comes(dev), WHY, told).unread == ["staging"]
        fences.clear(world, comes(dev), WHY, told)
        with pytest.raises(UsageError, match=r"as far as can be read .not: staging"):
            fences.clear(world, comes(dev), WHY, told)

    def test_none_that_can_keep_it_is_an_error(self, world, dev, staging, prod, told):
        for stage in (dev, staging, prod):
            stage.fences.there = False
        with pytest.raises(ServiceError, match="is not fenced"):
            fences.add(world, comes(dev), WHY, told)


def mark(world, bad, where, told):
    """Fence a release in one stage only."""
    for name in {"dev", "staging", "prod"} - {where}:
        world.fences(name).there = False
    fences.add(world, bad, "it drifts", told)
    for name in ("dev", "staging", "prod"):
        world.fences(name).there = True


def as_before_in(stage, before):
    """It was taken back."""
    assert pins_now(stage) == before
    assert stage.ledger.current is None
    assert stage.ledger.events[-1] == "reverted"


def die():
    raise Crash


def refuse(release):
    raise ServiceError("access denied")
