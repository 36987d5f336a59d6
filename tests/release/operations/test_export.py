"""Export: the same gates as a promotion's hold for what leaves a stage for another system."""

import pytest

from release.domain import approvals, waivers
from release.domain.approvals import Revocation
from release.domain.errors import Held, ReleaseFailed, UsageError
from release.domain.manifest import GateResult
from release.domain.said import Caller
from release.domain.waivers import Waiver
from release.operations import fences
from release.operations.approve import approve
from release.operations.export import export
from release.operations.promote import Order, promote
from release.operations.rollback import rollback
from tests.fakes.world import EPOCH
from tests.release.scenes import ENDPOINT, begin, pins_now, serving, sure

ANN, BOB = (f"arn:aws:iam::123456789012:user/{name}" for name in ("ann", "bob"))


def say_yes(world, stage, release, who, told):
    """Have a person say yes to a release."""
    before, stage.caller = stage.caller, Caller(arn=who)
    approve(world, stage.name, release, "good", told)
    stage.caller = before


def failing(stage):
    """Have what is live in a stage be a release whose AUC was too low."""
    settings = stage.file.endpoints[ENDPOINT]
    pin = sure(settings.live)
    bad = GateResult(name="auc", passed=False, reason="below")
    content = stage.artifacts.manifest(pin.release).model_copy(update={"gates": (bad,)})
    stage.artifacts.put_release(content, b"{}")
    live = pin.model_copy(update={"release": content.id})
    stage.file.endpoints[ENDPOINT] = settings.model_copy(update={"live": live})
    return content.id


def exported(world, told, stage="prod"):
    """The one endpoint of an export."""
    [endpoint] = export(world, stage, told).endpoints
    return endpoint


@pytest.fixture
def world(project, dev, prod):
    return project(dev, prod)


class TestWhatIsExported:
    def test_is_what_the_pins_say(self, world, prod, told):
        found, pins = export(world, "prod", told), pins_now(prod)
        [endpoint] = found.endpoints
        assert (found.stage, found.account, found.region) == ("prod", "123456789012", "us-east-1")
        assert found.role_arn == "arn:aws:iam::123456789012:role/slipway-prod-us-east-1-execution"
        assert (endpoint.name, endpoint.served_as) == (ENDPOINT, "delays-prod")
        assert [release.pin for release in endpoint.releases] == [pins.live, pins.previous]
        assert endpoint.live.manifest.id == sure(pins.live).release
        [variant] = endpoint.live.config.production
        assert (variant.digest, variant.weight) == (sure(pins.live).digest, 1.0)
        assert endpoint.live.config.name in prod.sagemaker.configs
        assert endpoint.live.model.name in prod.sagemaker.models

    def test_changes_nothing(self, world, dev, prod, told):
        before = prod.ledger.stored[:], pins_now(prod)
        export(world, "prod", told)
        assert (prod.ledger.stored, pins_now(prod)) == before
        assert all(s.sagemaker.updates == [] and s.stack.ups == 0 for s in (dev, prod))

    def test_while_a_rollout_is_open_is_what_is_live(self, world, prod, told):
        live = pins_now(prod).live
        begin(prod, prod.pin(7))
        assert exported(world, told).live.pin == live

    def test_a_first_release_has_no_way_back(self, project, dev, told):
        found = exported(project(dev, serving(0, None)), told)
        assert (found.previous, found.way_back) == (None, None)

    def test_a_stage_that_serves_nothing_is_refused(self, project, dev, told):
        with pytest.raises(UsageError, match="nothing to export"):
            export(project(dev, serving(None)), "prod", told)

    def test_pins_that_the_ledger_does_not_know_are_refused(self, world, prod, told):
        promote(world, Order("prod"), told)
        old = prod.file.endpoints[ENDPOINT]
        prod.file.endpoints[ENDPOINT] = old.model_copy(update={"live": old.previous, "previous": None})
        with pytest.raises(UsageError, match="not as the last rollout"):
            export(world, "prod", told)

    def test_a_damaged_ledger_is_refused(self, world, prod, told):
        promote(world, Order("prod"), told)
        prod.ledger.unreadable.add(1)
        with pytest.raises(Held, match="is damaged"):
            export(world, "prod", told)

    @pytest.mark.parametrize("role", ["live", "previous"])
    def test_bytes_that_are_not_what_was_proven_are_refused(self, world, prod, told, role):
        pin = getattr(pins_now(prod), role)
        prod.artifacts.models[pin.model] = b"another"
        with pytest.raises(UsageError, match=f"{pin.release} in prod is not what was proven"):
            export(world, "prod", told)


class TestTheFence:
    @pytest.mark.parametrize("stage", ["dev", "prod"])
    def test_refuses_a_live_release_whichever_stage_marked_it(self, world, told, stage):
        promote(world, Order("prod"), told)
        release = exported(world, told).live.pin.release
        fences.add(world, release, "it lies", told)
        with pytest.raises(ReleaseFailed, match=r"fence: .*it lies") as caught:
            export(world, stage, told)
        assert "fence clear" in caught.value.next_step

    def test_takes_no_way_back_away_and_marks_it(self, world, prod, told):
        promote(world, Order("prod"), told)
        rollback(world, "prod", None, told)
        found = exported(world, told)
        assert [release.fenced for release in found.releases] == [False, True]
        assert found.way_back is None
        assert "fenced in prod" in told.text


class TestEvidence:
    def test_that_the_stage_asks_for_and_the_release_lacks_refuses_it(self, project, dev, prod, told):
        world = project(dev, prod, prod={"gates": ["calibration"]})
        with pytest.raises(ReleaseFailed, match="calibration: required by the stage"):
            export(world, "prod", told)

    def test_that_failed_refuses_it_unless_it_was_waived_when_it_was_let_in(self, project, dev, prod, told):
        release = failing(dev)
        world = project(dev, prod, prod={"waivers": True})
        waiver = Waiver(gate="auc", by=ANN, at="2026-01-01", reason="ok", until=EPOCH.date())
        prod.waivers.change(release, lambda kept: waivers.give(kept, release, "prod", waiver))
        promote(world, Order("prod"), told)
        prod.clock.sleep(5 * 86_400)
        assert exported(world, told).live.pin.release == release
        unwaived = project(dev, prod)
        with pytest.raises(ReleaseFailed, match="auc: below"):
            export(unwaived, "dev", told)


class TestApproval:
    @pytest.fixture
    def let_in(self, project, dev, prod, told, coming):
        """prod asks for a yes; Ann gave it, and the release landed."""
        world = project(dev, prod, prod={"approvals": 1})
        say_yes(world, prod, coming, ANN, told)
        promote(world, Order("prod"), told)
        return world

    def test_that_let_it_in_counts_however_old_it_grows(self, let_in, prod, coming, told):
        prod.clock.sleep(300 * 86_400)
        assert exported(let_in, told).live.pin.release == coming

    def test_that_was_taken_back_since_refuses_it(self, let_in, prod, coming, told):
        prod.clock.sleep(60)
        back = Revocation(by=BOB, at=prod.clock.now().isoformat(), reason="a mistake")
        prod.approvals.change(coming, lambda kept: approvals.revoke(kept, back))
        with pytest.raises(ReleaseFailed, match=r"approval: 0 of 1 approvals.*taken back by user/bob"):
            export(let_in, "prod", told)

    def test_that_nobody_gave_refuses_a_pin_that_no_rollout_brought(self, project, dev, prod, told):
        world = project(dev, prod, prod={"approvals": 1})
        with pytest.raises(ReleaseFailed, match="approval: 0 of 2 approvals") as caught:
            export(world, "prod", told)
        assert "./slipway approve" in caught.value.next_step

    def test_after_a_rollback_is_that_by_which_it_was_let_in_first(self, let_in, dev, prod, coming, told):
        second = dev.pin(9)
        dev.file.endpoints[ENDPOINT] = dev.file.endpoints[ENDPOINT].model_copy(update={"live": second})
        dev.makers.kept[second.release] = dev.makers.kept[coming].model_copy(
            update={"release": second.release}
        )
        say_yes(let_in, prod, second.release, BOB, told)
        promote(let_in, Order("prod"), told)
        prod.clock.sleep(300 * 86_400)
        rollback(let_in, "prod", None, told)
        assert exported(let_in, told).live.pin.release == coming
