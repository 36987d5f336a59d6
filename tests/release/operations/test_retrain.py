"""Retrain: admitted by the stage's data, trained beside what is live, released to dev and to nowhere else."""

import json

import pytest

from release.domain.errors import Held, ReleaseFailed, ServiceError, UsageError
from release.domain.manifest import Foreign
from release.domain.pins import EndpointSettings
from release.domain.retrained import Asked, Ended
from release.domain.stage import RetrainSettings
from release.operations import onwards
from release.operations.history import history
from release.operations.promote import Order as Promotion
from release.operations.promote import promote
from release.operations.release import Order as Release
from release.operations.release import release
from release.operations.retrain import Order, retrain
from tests.fakes.ledger import process
from tests.fakes.trainer import FakeTrainer
from tests.fakes.trouble import Crash, crash, fault
from tests.release.scenes import ENDPOINT, at_call, begin, pins_now, serving, sure
from tests.release.test_occasions import ALARM

BACK = Order("dev", because="June is complete")


@pytest.fixture
def trainer(dev):
    return FakeTrainer(dev.trouble)


def retrained(stage) -> list:
    """The retrain entries of a stage's ledger."""
    return [stored.entry.what for stored in stage.ledger.stored if stored.entry.subject.kind == "retrain"]


def events(stage) -> list[str]:
    return [what.event for what in retrained(stage)]


def test_a_better_model_is_live_in_dev_and_proposed_for_the_next_stage(project, dev, staging, trainer, told):
    staging.repository.track()
    world, before, behind = project(dev, staging), pins_now(dev), pins_now(staging)
    found = retrain(world, BACK, trainer, told)
    live = sure(pins_now(dev).live)
    assert (found.outcome, found.release, found.at, found.code) == ("proposed", live.release, "dev", 0)
    proposed = found.proposal
    assert proposed is not None
    assert (proposed.stage, proposed.release) == ("staging", live.release)
    assert list(staging.repository.branches) == [proposed.branch]
    assert "retrained on months 1-7, asked for by a person: June is complete" in proposed.body
    assert json.loads(json.dumps(found.values(), default=str))["proposal"]["branch"] == proposed.branch
    assert pins_now(staging) == behind
    assert pins_now(dev).previous == before.live
    assert dev.artifacts.models[live.model] == b"a model of months 1-7"
    assert events(dev) == ["asked", "trained", "ended"]
    asked = retrained(dev)[0]
    assert (asked.by, str(asked.occasion)) == (dev.caller.arn, "a person: June is complete")
    assert (asked.window.options, asked.champion) == ({"months": "1-7"}, sure(before.live).sha256)
    assert staging.ledger.stored == []


def test_a_worse_model_is_refused_with_its_measures_and_nothing_is_released(project, dev, trainer, told):
    world, before = project(dev), pins_now(dev)
    trainer.worse = True
    found = retrain(world, BACK, trainer, told)
    assert (found.outcome, found.release, found.failed) == ("worse", None, ["champion"])
    assert (found.gates[0].value, found.gates[0].bound) == (-0.06, -0.007)
    assert pins_now(dev) == before
    assert retrained(dev)[-1] == Ended(
        outcome="worse", reasons=("champion: the AUC gained over the champion",)
    )
    [line] = history(world, "dev", 5).rollouts
    assert (line.kind, line.end, line.release) == ("retrain", "worse", sure(before.live).release)
    assert line.grounds == "0 of 1 gates passed, not champion"
    assert line.noted == (
        f"by {dev.caller} for a person: June is complete; boosting on months 1-7 of flights-1",
    )


def test_the_champion_is_that_of_the_stage_and_the_better_model_begins_in_the_first_one(
    project, dev, prod, trainer, told
):
    world, champion = project(dev, prod), sure(pins_now(prod).live)
    found = retrain(world, Order("prod"), trainer, told)
    assert found.champion == champion.release
    assert retrained(prod)[0].champion == champion.sha256
    assert sure(pins_now(dev).live).release == found.release
    assert sure(pins_now(prod).live) == champion


def test_a_stage_whose_data_says_so_gets_it_by_a_promotion_and_the_next_one_does_not(
    project, dev, staging, prod, trainer, told
):
    staging.retrain = RetrainSettings(promote=True)
    found = retrain(project(dev, staging, prod), BACK, trainer, told)
    assert (found.outcome, found.at) == ("proposed", "staging")
    assert found.proposal is not None
    assert found.proposal.stage == "prod"
    assert sure(pins_now(staging).live).release == found.release
    assert sure(pins_now(prod).live).release != found.release


def test_where_every_stage_says_so_it_is_promoted_to_the_last_one(project, dev, staging, trainer, told):
    staging.retrain = RetrainSettings(promote=True)
    found = retrain(project(dev, staging), BACK, trainer, told)
    assert (found.outcome, found.at, found.proposal) == ("promoted", "staging", None)
    assert sure(pins_now(staging).live).release == found.release


def test_a_promotion_that_is_refused_leaves_it_in_dev_and_says_why(project, dev, staging, trainer, told):
    staging.retrain = RetrainSettings(promote=True)
    found = retrain(project(dev, staging, staging={"soak_minutes": 30}), BACK, trainer, told)
    assert (found.outcome, found.at, found.code) == ("released", "dev", 3)
    assert "soak: " in found.reasons[0]
    assert found.next_step.endswith("The command is then: ./slipway promote staging")
    ended, live = retrained(dev)[-1], sure(pins_now(dev).live)
    assert (ended.outcome, ended.release, ended.stage) == ("released", live.release, "dev")
    assert ended.reasons == found.reasons


def test_a_stage_that_is_not_there_yet_gets_no_proposal_and_is_told(project, dev, staging, trainer, told):
    staging.artifacts.there, staging.registry.address = False, None
    staging.file.endpoints[ENDPOINT] = EndpointSettings()
    staging.sagemaker.endpoints.clear()
    found = retrain(project(dev, staging), BACK, trainer, told)
    assert (found.outcome, found.at, found.code) == ("released", "dev", 3)
    assert "staging has no bucket or registry yet" in found.reasons[0]
    assert found.next_step.endswith("The command is then: ./slipway promote staging --propose")


def test_a_rollout_that_is_open_in_the_next_stage_leaves_it_in_dev_and_on_record(
    project, dev, staging, trainer, told
):
    begin(staging, staging.pin(7), "promote")
    found = retrain(project(dev, staging), BACK, trainer, told)
    assert (found.outcome, found.at, found.code) == ("released", "dev", 3)
    assert "is open in staging" in found.reasons[0]
    assert events(dev) == ["asked", "trained", "ended"]


def test_another_release_that_came_to_dev_meanwhile_is_not_taken_for_it(project, dev, staging, told):
    staging.retrain = RetrainSettings(promote=True)
    world, before = project(dev, staging), sure(pins_now(staging).live)
    gone = onwards.go(world, onwards.way(world), ENDPOINT, "f" * 12, "why", told)
    assert (gone.outcome, gone.at, gone.proposal) == ("released", "dev", None)
    assert gone.stopped is not None
    assert "and ffffffffffff is to be promoted from there" in gone.stopped.cause
    assert pins_now(staging).live == before


class TestItIsRefusedBeforeAnyWork:
    @pytest.fixture(autouse=True)
    def _nothing_was_trained(self, trainer, dev):
        yield
        assert trainer.trained == []
        assert "asked" not in dev.ledger.events

    def test_where_nothing_is_live(self, project, trainer, told):
        with pytest.raises(UsageError, match="has no live release in dev") as no:
            retrain(project(serving(None, stage="dev")), BACK, trainer, told)
        assert "./slipway train, then ./slipway release --stage dev" in no.value.next_step

    def test_where_a_container_of_others_is_live(self, project, trainer, told):
        foreign = serving(0, stage="dev", foreign=Foreign(kind="binary"))
        with pytest.raises(UsageError, match="is a container of others"):
            retrain(project(foreign), BACK, trainer, told)

    def test_where_another_service_is_live(self, project, dev, trainer, told):
        trainer.service = "wine"
        with pytest.raises(UsageError, match="is of the service delays, and wine would be trained") as no:
            retrain(project(dev), BACK, trainer, told)
        assert "--service delays" in no.value.next_step

    def test_by_the_budget_and_that_is_recorded(self, project, dev, trainer, told):
        dev.retrain = RetrainSettings(budget_per_month=0)
        with pytest.raises(ReleaseFailed, match="the stage allows 0"):
            retrain(project(dev), BACK, trainer, told)
        [line] = history(project(dev), "dev", 5).rollouts
        assert (line.kind, line.end) == ("retrain", "refused")
        assert "the stage allows 0" in line.reason

    def test_where_there_is_nothing_to_learn(self, project, dev, trainer, told):
        trainer.live = {"months": "1-7", "model": "boosting", "data_version": "flights-1"}
        with pytest.raises(ReleaseFailed, match="There is nothing to learn"):
            retrain(project(dev), BACK, trainer, told)
        assert dev.ledger.events == ["refused"]

    @pytest.mark.parametrize("where", ["dev", "prod"])
    def test_while_a_rollout_is_under_way_in_the_stage_or_in_the_first_one(
        self, project, dev, prod, trainer, told, where
    ):
        stage = {"dev": dev, "prod": prod}[where]
        begin(stage, stage.pin(7))
        stage.ledger.living = {stage.ledger.owner.pid}
        with pytest.raises(ServiceError, match="is under way here"):
            retrain(project(dev, prod), Order("prod"), trainer, told)

    def test_where_a_rollout_of_another_stopped_half_way(self, project, dev, trainer, told):
        begin(dev, dev.pin(7), "release")
        with pytest.raises(Held, match="stopped half-way"):
            retrain(project(dev), BACK, trainer, told)

    def test_by_an_event_of_another_account(self, project, dev, trainer, told):
        event = json.dumps(ALARM | {"account": "210987654321"}).encode()
        with pytest.raises(UsageError, match="it is of account '210987654321'"):
            retrain(project(dev), Order("dev", event=event), trainer, told)
        assert dev.ledger.stored == []


def test_an_alarm_that_comes_twice_is_answered_once(project, dev, trainer, told):
    trainer.worse, dev.retrain = True, RetrainSettings(cooldown_days=0)
    order = Order("dev", event=json.dumps(ALARM).encode())
    retrain(project(dev), order, trainer, told)
    assert retrained(dev)[0].occasion.name == "delays-prod-score"
    with pytest.raises(ReleaseFailed, match="was answered already"):
        retrain(project(dev), order, trainer, told)
    assert trainer.trained == ["1-7"]


def test_the_next_one_waits_for_the_cooldown_also_after_a_refusal(project, dev, trainer, told):
    trainer.worse = True
    retrain(project(dev), BACK, trainer, told)
    trainer.months = "1-8"
    with pytest.raises(ReleaseFailed, match="wants 6 days between two"):
        retrain(project(dev), BACK, trainer, told)
    dev.clock.sleep(6 * 86_400)
    assert retrain(project(dev), BACK, trainer, told).outcome == "worse"


def test_a_cooldown_is_as_long_as_the_stage_says_also_beyond_the_budgets_month(project, dev, trainer, told):
    trainer.worse, dev.retrain = True, RetrainSettings(cooldown_days=60)
    retrain(project(dev), BACK, trainer, told)
    dev.clock.sleep(59 * 86_400)
    with pytest.raises(ReleaseFailed, match="wants 60 days between two"):
        retrain(project(dev), BACK, trainer, told)


def test_one_that_is_under_way_is_named(project, dev, trainer, told):
    dev.ledger.living = {dev.ledger.owner.pid}

    said: list[str] = []

    def second():
        try:
            retrain(project(dev), BACK, FakeTrainer(dev.trouble, months="1-8"), told)
        except ServiceError as error:
            said.append(error.cause)

    at_call(dev, "train", second)
    assert retrain(project(dev), BACK, trainer, told).outcome == "released"
    assert len(said) == 1
    assert said[0].startswith("A retrain of delays in dev is under way, by ci on here, process 1, since")


def test_of_two_that_begin_at_once_one_has_it(project, dev, trainer, told):
    """The other looks into the ledger before the first is on record, and comes to its own entry later."""
    other, look = FakeTrainer(dev.trouble, months="1-8"), trainer.look

    def meanwhile(champion):
        dev.ledger.owner = process(2)
        assert retrain(project(dev), BACK, other, told).outcome == "released"
        dev.ledger.owner = process(1)
        return look(champion)

    trainer.look = meanwhile
    with pytest.raises(ServiceError, match="another process wrote first"):
        retrain(project(dev), BACK, trainer, told)
    assert (events(dev), trainer.trained, other.trained) == (["asked", "trained", "ended"], [], ["1-8"])


def test_evidence_that_was_measured_beside_another_champion_releases_nothing(project, dev, trainer, told):
    other, before = dev.pin(9), pins_now(dev)
    trainer.train, train = (
        lambda window, champion, out, tell: train(window, _of(other), out, tell),
        trainer.train,
    )

    def _of(pin):
        path = project(dev).build / "other.tar.gz"
        path.write_bytes(dev.artifacts.models[pin.model])
        return path

    with pytest.raises(UsageError, match="measured beside another champion"):
        retrain(project(dev), BACK, trainer, told)
    assert (pins_now(dev), events(dev)) == (before, ["asked", "ended"])
    assert retrained(dev)[-1].outcome == "failed"


def test_what_became_live_meanwhile_is_no_champion_that_it_was_measured_beside(
    project, dev, prod, trainer, told
):
    world = project(dev, prod)

    def promoted():
        assert promote(world, Promotion("prod"), told).changed

    at_call(dev, "train", promoted)
    with pytest.raises(
        UsageError, match=r"While it was trained beside \w+, \w+ became live at delays in prod"
    ):
        retrain(world, Order("prod"), trainer, told)
    assert retrained(prod)[-1].outcome == "failed"
    assert "opened" not in dev.ledger.events
    assert retrain(world, Order("prod"), trainer, told).outcome == "proposed", "the failed one does not count"


class TestAKilledOne:
    """It blocks nobody, and the same command goes on after what is done."""

    @pytest.mark.parametrize("trouble", [crash, fault])
    def test_goes_on_from_every_moment_trains_no_more_than_it_must_and_releases_once(
        self, project, trainer, told, trouble
    ):
        moments = 1
        while True:
            dev = serving(2, 0, stage="dev")
            trainer = FakeTrainer(dev.trouble)
            world = project(dev)
            dev.trouble.plan(moments, trouble)
            try:
                retrain(world, BACK, trainer, told)
                break
            except (Crash, ServiceError):
                pass
            dev.trouble.plan(None, None)
            dev.new_process()
            asked, was_trained = ("asked" in dev.ledger.events), ("trained" in dev.ledger.events)
            if "ended" in dev.ledger.events:
                with pytest.raises(ReleaseFailed, match="6 days between two"):
                    retrain(world, BACK, trainer, told)
                [ended] = [what for what in retrained(dev) if isinstance(what, Ended)]
                assert sure(pins_now(dev).live).release == ended.release
                moments += 1
                continue
            found = retrain(world, BACK, trainer, told)
            assert found.outcome == "released", moments
            assert sure(pins_now(dev).live).release == found.release
            assert dev.ledger.open() is None
            assert dev.ledger.events.count("asked") == 1, moments
            assert dev.ledger.events.count("landed") == 1, moments
            assert ("taken-over" in dev.ledger.events) == asked, moments
            assert dev.ledger.events.count("trained") == 1, moments
            assert not was_trained or len(trainer.trained) == 1, moments
            moments += 1
        assert moments > 30

    def test_is_given_up_for_another_window_and_does_not_count(self, project, dev, trainer, told):
        self._killed(project(dev), dev, trainer, told, "train")
        other = FakeTrainer(dev.trouble, months="1-8")
        assert retrain(project(dev), BACK, other, told).outcome == "released"
        assert events(dev) == ["asked", "ended", "asked", "trained", "ended"]
        assert [what.outcome for what in retrained(dev) if isinstance(what, Ended)] == ["failed", "released"]
        assert [what.window.options for what in retrained(dev) if isinstance(what, Asked)] == [
            {"months": "1-7"},
            {"months": "1-8"},
        ]

    def test_is_not_gone_on_with_beside_another_champion(self, project, dev, trainer, told):
        world = project(dev)
        self._killed(world, dev, trainer, told, "train")
        new = release(world, Release(world.build / "model"), told).release
        found = retrain(world, BACK, trainer, told)
        assert (found.champion, found.outcome) == (new, "released")
        assert events(dev) == ["asked", "ended", "asked", "trained", "ended"]

    def test_with_a_rollout_open_is_not_given_up_for_another_window(self, project, dev, trainer, told):
        self._killed(project(dev), dev, trainer, told, "ledger: verifying")
        other = FakeTrainer(dev.trouble, months="1-8")
        with pytest.raises(Held, match="stopped half-way, at 'moving'"):
            retrain(project(dev), BACK, other, told)
        assert (other.trained, events(dev)) == ([], ["asked", "trained"])
        assert retrain(project(dev), BACK, trainer, told).outcome == "released"

    @staticmethod
    def _killed(world, dev, trainer, told, at):
        def die():
            if dev.trouble.calls[-1:] == [at]:
                raise Crash

        dev.trouble.watch.append(die)
        with pytest.raises(Crash):
            retrain(world, BACK, trainer, told)
        dev.trouble.watch.remove(die)
        dev.trouble.calls.clear()
        dev.new_process()


def test_what_was_retrained_is_promoted_like_any_release(project, dev, staging, trainer, told):
    world = project(dev, staging)
    found = retrain(world, BACK, trainer, told)
    assert promote(world, Promotion("staging"), told).release == found.release
    assert sure(pins_now(staging).live).release == found.release
