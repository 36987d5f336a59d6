"""What could not be judged is refused before anything is copied, pinned or recorded."""

import json
from typing import Any

import pytest

from release.domain.errors import UsageError
from release.domain.manifest import Foreign
from release.domain.pins import Capture
from release.domain.plan import Split, beside_plan, model_plan
from release.domain.policy import Policy
from release.operations import judging
from release.operations.apply import apply
from release.operations.promote import Order, promote
from release.operations.release import Order as ReleaseOrder
from release.operations.release import release
from release.operations.rollback import rollback
from tests.fakes import world as fakes
from tests.fakes.evidence import QUICK
from tests.release.rollout import judged_scenes as scenes
from tests.release.scenes import NAME, pins_now, serving, sure

SLOW: dict[str, Any] = {"steps": (1, 50), "hold_seconds": 600, "step_seconds": 0}


@pytest.fixture(autouse=True)
def usual_policy(monkeypatch):
    """The fakes' own decides within seconds."""
    monkeypatch.setattr(fakes, "QUICK", Policy())


def quiet_stage(**rollout):
    """Its callers send ten requests in five seconds."""
    stage = scenes.stage(**(SLOW | rollout))
    stage.evidence.requests = 10
    return stage


def untouched(stage, before, copied=()):
    return (
        pins_now(stage) == before
        and stage.ledger.stored == []
        and stage.stack.ups == 0
        and set(stage.artifacts.models) == set(copied)
        and stage.trouble.calls == []
    )


class TestRefused:
    def test_a_promotion_with_the_arithmetic(self, project, dev, told):
        prod = quiet_stage()
        before, there = pins_now(prod), set(prod.artifacts.models)
        with pytest.raises(UsageError, match=r"at 2 requests/s and 1 % weight, the .* requests") as caught:
            promote(project(dev, prod), Order("prod"), told)
        assert caught.value.cause.startswith("This rollout could not be judged: ")
        assert "a step is taken back after 10 min" in caught.value.cause
        assert "./slipway judge estimate" in caught.value.next_step
        assert untouched(prod, before, there)
        assert sure(pins_now(dev).live).digest not in prod.registry.images

    def test_a_promotion_of_a_container_that_prints_no_windows_by_what_sagemaker_counts(
        self, project, dev, told
    ):
        prod = scenes.stage(foreign=Foreign(kind="binary"), **SLOW)
        prod.evidence.requests = 120  # in a minute
        prod.clock.sleep(600)
        with pytest.raises(UsageError, match=r"at 2 requests/s and 1 % weight, the .* requests"):
            promote(project(dev, prod), Order("prod"), told)
        assert prod.ledger.stored == []

    def test_a_release(self, project, told):
        dev = scenes.stage(**SLOW)
        dev.evidence.requests = 10
        before, there = pins_now(dev), set(dev.artifacts.models)
        world = project(dev)
        with pytest.raises(UsageError, match="could not be judged"):
            release(world, ReleaseOrder(world.build / "model"), told)
        assert untouched(dev, before, there)

    def test_a_new_shape_of_the_fleet(self, project, told):
        prod = quiet_stage()
        settings = prod.file.endpoints["delays"]
        instances = settings.instances.model_copy(update={"type": "ml.c7i.large"})
        prod.file.endpoints["delays"] = settings.model_copy(update={"instances": instances})
        with pytest.raises(UsageError, match="could not be judged"):
            apply(project(prod), "prod", None, told)
        assert prod.ledger.stored == []

    def test_a_step_shorter_than_the_policy_wants_even_without_traffic(self, project, dev, told):
        prod = quiet_stage(hold_seconds=300)
        prod.evidence.silent = True
        with pytest.raises(UsageError, match=r"hold_seconds is 300, and judge\.min_seconds wants 365 s"):
            promote(project(dev, prod), Order("prod"), told)

    def test_a_strategy_that_is_not_allowed(self, project, dev, told):
        prod = quiet_stage()
        there = set(prod.artifacts.models)
        with pytest.raises(UsageError, match="does not allow the strategy 'canary'"):
            promote(project(dev, prod), Order("prod", strategy="canary"), told)
        assert set(prod.artifacts.models) == there


class TestUnseen:
    """A stage names score under `require`, and containers of others print no windows."""

    OTHERS = Foreign(kind="binary")
    CAPTURE = Capture(percent=20, to="s3://kept/answers")
    SCORE: Policy = Policy.model_validate(
        QUICK.model_dump(exclude_unset=True) | {"require": ("errors", "latency", "score")}
    )

    def stage(self, live: Foreign | None = OTHERS, judge: Policy = SCORE):
        stage = scenes.stage(foreign=live, fewest=2, hold_seconds=1800)
        stage.judge = judge
        if live is not None:
            stage.evidence.mute.add(scenes.model_of(sure(pins_now(stage).live)))
        return stage

    def refuse(self, stage, coming=OTHERS, strategy=None):
        content = stage.artifacts.manifest(stage.pin(2, foreign=coming).release)
        judging.refuse_impossible(stage.ports(), "delays", content, strategy, lambda event: None)

    def ask(self, stage, **changes):
        stage.file.endpoints["delays"] = stage.file.endpoints["delays"].model_copy(update=changes)

    @pytest.mark.parametrize(("live", "coming"), [(OTHERS, OTHERS), (None, OTHERS), (OTHERS, None)])
    def test_a_promotion_is_refused_and_its_next_step_brings_the_evidence(self, project, told, live, coming):
        prod = self.stage(live)
        with pytest.raises(UsageError, match=r"names score under require.* no windows") as caught:
            self.refuse(prod, coming)
        assert "slipway:endpoints.delays.capture" in caught.value.next_step
        assert "./slipway apply prod --endpoint delays" in caught.value.next_step
        self.ask(prod, capture=self.CAPTURE)
        with pytest.raises(UsageError, match="live's answers are not captured"):
            self.refuse(prod, coming)
        assert apply(project(prod), "prod", "delays", told).changed
        self.refuse(prod, coming)
        new = prod.pin(2, foreign=coming)
        if coming is not None:
            prod.evidence.mute.add(scenes.model_of(new))
        scenes.promote(prod, new)
        *beside, _ = scenes.judged(prod)
        assert "captured answers of the candidate" in beside[-1].because

    def test_an_apply_of_more_than_the_capture_is_refused_too(self, project, told):
        prod = self.stage()
        instances = prod.file.endpoints["delays"].instances.model_copy(update={"type": "ml.c7i.large"})
        self.ask(prod, capture=self.CAPTURE, instances=instances)
        with pytest.raises(UsageError, match="with the fleet's other settings as live has them"):
            apply(project(prod), "prod", "delays", told)
        assert prod.ledger.stored == []

    def test_what_the_stage_does_not_name_itself_is_no_reason(self):
        self.refuse(self.stage(judge=QUICK))
        named = QUICK.model_dump(exclude_unset=True) | {"require": ("errors", "service", "latency")}
        self.refuse(self.stage(judge=Policy.model_validate(named)))

    def test_nor_is_it_where_both_print_windows_or_nobody_judges(self):
        self.refuse(self.stage(None), None)
        prod = self.stage()
        rollout = prod.file.endpoints["delays"].rollout.model_copy(update={"strategy": "canary"})
        self.ask(prod, rollout=rollout)
        self.refuse(prod)


class TestGoesOn:
    def refuses(self, stage, strategy=None, tell=lambda event: None):
        try:
            judging.refuse_impossible(stage.ports(), "delays", None, strategy, tell)
        except UsageError:
            return True
        return False

    def test_what_refuses_here_at_all(self):
        assert self.refuses(quiet_stage())

    def test_enough_traffic(self):
        stage = quiet_stage()
        stage.evidence.requests = 10_000
        assert not self.refuses(stage)

    def test_another_strategy_that_is_allowed(self):
        assert not self.refuses(quiet_stage(fewest=2, allow=["canary"]), "canary")

    def test_a_rollout_that_is_open_already(self):
        stage = quiet_stage()
        scenes.opened_without_policy(stage)
        assert not self.refuses(stage)

    @pytest.mark.parametrize("foreign", [None, Foreign(kind="binary")])
    def test_traffic_that_cannot_be_read_is_no_refusal_and_no_silence_either(self, told, foreign):
        stage = scenes.stage(foreign=foreign, **SLOW)
        stage.evidence.unreadable = 1
        assert not self.refuses(stage, tell=told)
        assert told.text == f"whether {NAME} has traffic enough to judge by is not known: Rate exceeded"

    def test_an_endpoint_without_callers_is_none_either(self, told):
        stage = quiet_stage()
        stage.evidence.silent = True
        assert not self.refuses(stage, tell=told)
        assert told.text == ""

    def test_a_first_release_has_no_traffic_to_ask_about(self):
        stage = scenes.stage(live=None, **SLOW)
        assert not self.refuses(stage)
        assert stage.evidence.printed == {}


class TestWhatSageMakerWouldRefuse:
    """An earlier version accepted it, so a stage may have it, and something that has to be taken back."""

    def test_nothing_goes_forward_over_it(self, project, dev, told):
        prod = serving(rollout={"strategy": "canary", "wait_seconds": 60})
        there = set(prod.artifacts.models)
        with pytest.raises(UsageError, match=r"rollout\.wait_seconds is 60.*Set at least 240"):
            promote(project(dev, prod), Order("prod"), told)
        assert set(prod.artifacts.models) == there
        assert prod.ledger.events == []

    def test_the_way_back_is_open(self, project, told):
        prod = serving(rollout={"strategy": "canary", "wait_seconds": 60})
        assert rollback(project(prod), "prod", None, told).release == prod.pin(1).release


class TestTraffic:
    def test_it_is_what_was_answered_lately(self):
        stage = quiet_stage()
        assert judging.traffic(stage.ports(), NAME) == pytest.approx(2.0)

    def test_of_all_variants_together(self):
        """A candidate that stands beside live takes its part of the same requests."""
        stage = quiet_stage()
        stage.evidence.requests = 1000
        new = stage.pin(2)
        settings = stage.file.endpoints["delays"]
        live = sure(settings.pins.live)
        config = beside_plan("prod", "delays", live, new, Split(50))
        stage.sagemaker.configs[config.name] = stage.sagemaker.endpoints[NAME].config = config
        stage.sagemaker.models[config.production[1].model_name] = model_plan("prod", "delays", new)
        assert judging.traffic(stage.ports(), NAME) == pytest.approx(200.0)

    def test_callers_who_have_just_begun_count_in_full(self):
        """An hour of silence before them makes them no fewer."""
        stage = quiet_stage()
        judging.traffic(stage.ports(), NAME)
        printed = stage.evidence.printed[NAME]
        for at, line in enumerate(printed):
            event = json.loads(line.line)
            window = json.loads(event["message"])
            empty = window | {"requests": 0} | {name: {} for name in ("latency", "score") if name in window}
            printed[at] = line._replace(line=json.dumps(event | {"message": json.dumps(empty)}))
        assert judging.traffic(stage.ports(), NAME) == 0
        begun = stage.clock.now().timestamp() // judging.SPAN * judging.SPAN - judging.SPAN
        window |= {"id": "new", "start": begun, "end": begun + 5, "requests": 1_500}
        event |= {"eventId": "new", "message": json.dumps(window)}
        printed.append(line._replace(name="new", line=json.dumps(event)))
        assert judging.traffic(stage.ports(), NAME) == pytest.approx(100)

    def test_lines_that_are_no_windows_do_not_count(self):
        stage = quiet_stage()
        rate = judging.traffic(stage.ports(), NAME)
        printed = stage.evidence.printed[NAME]
        printed.append(printed[-1]._replace(name="x", line='{"eventId": "x", "message": "hello"}'))
        assert judging.traffic(stage.ports(), NAME) == rate

    def test_a_window_that_came_late_from_long_ago_does_not_count(self):
        stage = quiet_stage()
        rate = judging.traffic(stage.ports(), NAME)
        printed = stage.evidence.printed[NAME]
        event = json.loads(printed[-1].line)
        old = json.loads(event["message"]) | {"id": "old", "start": 0.0, "end": 5.0}
        line = json.dumps(event | {"eventId": "old", "message": json.dumps(old)})
        printed.append(printed[-1]._replace(name="old", line=line))
        assert judging.traffic(stage.ports(), NAME) == rate

    def test_windows_from_before_do_not_count(self):
        stage = quiet_stage()
        judging.traffic(stage.ports(), NAME)
        stage.clock.sleep(judging.LOOKED_AT)
        stage.evidence.requests = 100
        assert judging.traffic(stage.ports(), NAME) == pytest.approx(20.0)
