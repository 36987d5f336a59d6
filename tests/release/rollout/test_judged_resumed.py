"""A judged rollout whose process is killed goes on with the same evidence: the same verdicts, bit for bit."""

import json
from typing import Any

import pytest

from release.domain.policy import Policy
from release.judge.alone import Alone, Limits
from release.judge.fold import Fold
from release.rollout import watching
from tests.examples import repeats
from tests.fakes.evidence import BLOCK
from tests.fakes.evidence import QUICK as POLICY
from tests.release.rollout import judged_scenes as scenes
from tests.release.rollout.judged_scenes import (
    at_second,
    judged,
    kept,
    killed_at,
    model_of,
    order,
    promote,
    taken_back,
    where,
)
from tests.release.scenes import NAME, as_before, pins_now

LONG: dict[str, Any] = {"step_seconds": 12, "bake_seconds": 12}


def told(stage):
    """The `judged` entries: what anybody can compare."""
    return [found.model_dump() for found in judged(stage)]


def undisturbed(**rollout):
    stage = scenes.stage(**rollout)
    stage.evidence.golden = 50
    stage.trouble.plan(None, None)
    promote(stage)
    return told(stage), kept(stage, "windows"), kept(stage, "alone"), stage.trouble.moments


@pytest.mark.parametrize("stride", [29, pytest.param(2, marks=[pytest.mark.kill, pytest.mark.long])])
@pytest.mark.parametrize("strategy", ["judged", "shadow"])
def test_killed_at_any_moment_it_comes_to_the_same_as_a_process_that_nobody_killed(strategy, stride):
    """The fake clock stands still while nobody works, so the evidence is the same to the last bit."""
    wanted, windows, alone, moments = undisturbed(strategy=strategy, **LONG)
    assert moments > 100
    for moment in range(3, moments, max(stride, moments // repeats(moments // stride, 4))):
        stage = scenes.stage(strategy=strategy, **LONG)
        stage.evidence.golden = 50
        assert killed_at(stage, moment, lambda stage=stage: promote(stage)), moment
        if stage.ledger.current is None and not stage.ledger.stored:
            continue
        promote(stage)
        found = told(stage)
        assert [entry for i, entry in enumerate(found) if entry not in found[:i]] == wanted, moment
        assert kept(stage, "windows") == windows, moment
        assert kept(stage, "alone") == alone, moment


def test_killed_again_and_again_it_still_does():
    wanted, windows, _, moments = undisturbed(**LONG)
    stage = scenes.stage(**LONG)
    stage.evidence.golden = 50
    times = 0
    while killed_at(stage, 37, lambda: promote(stage)):
        times += 1
        assert times < moments
    assert times >= 3
    found = told(stage)
    assert [entry for i, entry in enumerate(found) if entry not in found[:i]] == wanted
    assert kept(stage, "windows") == windows


@pytest.mark.parametrize("strategy", ["judged", "shadow"])
def test_what_was_kept_gives_the_recorded_verdict_again(strategy):
    stage = scenes.stage(strategy=strategy, **LONG)
    promote(stage)
    lines = kept(stage, "windows")
    *beside, last = judged(stage)
    for entry in beside:
        fold = Fold(POLICY)
        for line in lines[: entry.windows]:
            fold.add(line)
        verdict = fold.verdict()
        assert (verdict.decision, verdict.because, verdict.seconds) == (
            entry.decision,
            entry.because,
            entry.seconds,
        )
        assert (verdict.requests, verdict.live_requests) == (entry.requests, entry.live_requests)
        assert digest(lines[: entry.windows]) == entry.sha256
    alone = Alone(Limits(0.01, 0.5))
    for line in kept(stage, "alone"):
        alone.add(line)
    assert (alone.verdict().decision, alone.verdict().requests) == (last.decision, last.requests)
    assert digest(kept(stage, "alone")) == last.sha256
    assert (beside[-1].windows, last.windows) == (len(lines), len(kept(stage, "alone")))


def digest(lines):
    import hashlib

    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def test_every_verdict_is_kept_under_the_number_of_its_evidence():
    stage = scenes.stage(**LONG)
    promote(stage)
    verdicts = [json.loads(line) for line in kept(stage, "verdicts")]
    assert {found["step"] for found in verdicts} == {1, 2, 3}
    assert {found["share"] for found in verdicts} == {5, 50, 100}
    decisions = [found["verdict"]["decision"] for found in verdicts]
    assert (decisions[0], decisions[-1]) == ("HOLD", "PASS")
    assert len({(key[1], key[2]) for key in stage.evidence.objects}) == len(stage.evidence.objects)


class TestFailed:
    @pytest.mark.parametrize(
        "call", ["ledger: judged", "ledger: reverting", "UpdateEndpointWeightsAndCapacities"]
    )
    def test_what_failed_once_fails_for_the_next_process_too(self, call):
        stage = scenes.stage()
        before, new = pins_now(stage), stage.pin(2)
        stage.evidence.sick.add(model_of(new))
        dead = []

        def die():
            failed = judged(stage) or call == "ledger: judged"
            if not dead and failed and stage.trouble.calls[-1:] == [call]:
                dead.append(True)
                raise scenes.Crash

        stage.trouble.watch.append(die)
        with pytest.raises(scenes.Crash):
            promote(stage)
        stage.new_process()
        # It answers well from now on; what it did stays.
        stage.evidence.sick.clear()
        assert "the judge says FAIL" in taken_back(stage)
        as_before(stage, before)
        assert not stage.sagemaker.endpoints[NAME].scale_in_held

    @pytest.mark.parametrize(("phase", "step"), [("judging", 1), ("moving", 2)])
    def test_what_went_wrong_while_nobody_looked_is_evidence_too(self, phase, step):
        """Killed at 5 %, sick for a minute, well again when the next process comes."""
        stage = scenes.stage(step_seconds=30)
        new = stage.pin(2)
        later = 15 if phase == "judging" else 0
        where(
            stage, phase, step, lambda: at_second(stage, stage.clock.seconds + later, lambda: killing(stage))
        )
        with pytest.raises(scenes.Crash):
            promote(stage)
        stage.new_process()
        stage.evidence.sick.add(model_of(new))
        stage.clock.sleep(60)
        stage.evidence.print(NAME)
        stage.evidence.sick.clear()
        stage.clock.sleep(100)
        stage.evidence.print(NAME)
        assert "the judge says FAIL" in taken_back(stage)

    def test_and_while_it_served_alone(self):
        stage = scenes.stage(bake_seconds=30)
        new = stage.pin(2)

        where(stage, "judging", 3, lambda: at_second(stage, stage.clock.seconds + 15, lambda: killing(stage)))
        with pytest.raises(scenes.Crash):
            promote(stage)
        stage.new_process()
        stage.evidence.sick.add(model_of(new))
        stage.clock.sleep(60)
        stage.evidence.print(NAME)
        stage.evidence.sick.clear()
        assert "under the stage's limits: FAIL" in taken_back(stage)


class TestEvidenceOfWhom:
    def test_the_old_fleets_windows_are_not_the_new_ones_in_the_bake(self):
        """A fleet that is going prints for a while, and its old release was sick in the end."""
        stage = scenes.stage(bake_seconds=30)
        before = pins_now(stage)

        def late():
            lines = [found for found in stage.evidence.printed[NAME] if found.name.startswith("live/")]
            last = json.loads(lines[-1].line)
            now = int(stage.clock.now().timestamp()) // BLOCK
            for number in range(20):
                message = json.loads(last["message"]) | {"id": f"late-{number}", "errors": 40_000}
                event = last | {"eventId": f"late-{number}", "message": json.dumps(message)}
                printed = lines[-1]._replace(block=now, name=f"late-{number}", line=json.dumps(event))
                stage.evidence.printed[NAME].append(printed)

        where(stage, "judging", 3, late)
        promote(stage)
        assert pins_now(stage).live != before.live
        streams = {json.loads(line)["logStreamName"] for line in kept(stage, "alone")}
        assert len(streams) == 1

    def test_golden_requests_before_the_first_share_are_no_evidence_of_the_candidate(self):
        stage = scenes.stage(**LONG)
        stage.evidence.golden = 50
        entered = []
        where(stage, "judging", 1, lambda: entered.append(stage.clock.now().timestamp()))
        promote(stage)
        mine = [json.loads(line) for line in kept(stage, "windows") if '"candidate/' in line]
        assert mine
        assert min(event["timestamp"] / 1000 for event in mine) > entered[0] + BLOCK

    def test_live_s_windows_from_before_are_what_it_is_compared_with(self):
        stage = scenes.stage(**LONG)
        entered = []
        where(stage, "judging", 1, lambda: entered.append(stage.clock.now().timestamp()))
        promote(stage)
        first = json.loads(kept(stage, "windows")[0])
        assert first["logStreamName"].startswith("live/")
        assert entered[0] - POLICY.memory_seconds - BLOCK <= first["timestamp"] / 1000 <= entered[0]


def test_scaling_in_is_free_again_after_a_kill_and_a_take_back():
    stage = scenes.stage(step_seconds=20)
    before, new = pins_now(stage), stage.pin(2)
    where(stage, "judging", 2, lambda: stage.evidence.sick.add(model_of(new)))
    where(stage, "restoring", 2, lambda: killing(stage))
    with pytest.raises(scenes.Crash):
        promote(stage)
    stage.new_process()
    taken_back(stage)
    assert not stage.sagemaker.endpoints[NAME].scale_in_held
    as_before(stage, before)


def killing(stage):
    raise scenes.Crash


@pytest.mark.parametrize("silent", [True, False])
def test_a_rollout_that_was_held_for_long_and_killed_is_not_taken_back_for_that(silent):
    """What does not count for one process does not count for the next, which waits as long as any."""
    stage = scenes.stage(hold_seconds=60)
    stage.evidence.silent = True
    where(stage, "judging", 1, lambda: order(stage, "hold"))
    at_second(stage, 100, lambda: killing(stage))
    with pytest.raises(scenes.Crash):
        promote(stage)
    stage.new_process()
    stage.clock.sleep(100)
    order(stage, "resume")
    stage.evidence.silent = silent
    if silent:
        assert "held for 60 s without a PASS" in taken_back(stage)
        assert 260 <= stage.clock.seconds < 265
    else:
        promote(stage)


def test_a_rollout_without_a_policy_on_record_is_judged_by_the_defaults(monkeypatch):
    stage = scenes.stage()
    used = []
    monkeypatch.setattr(watching, "Fold", lambda policy: used.append(policy) or Fold(POLICY))
    rollout = scenes.opened_without_policy(stage)
    from release.rollout import runner
    from tests.fakes.world import Told

    runner.run(stage.ports(), rollout, Told())
    assert used == [Policy()]
