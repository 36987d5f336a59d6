"""What a rollout rests on follows from what releases are said to print, and a PASS says what nobody saw."""

from datetime import datetime
from functools import partial

import pytest

from release.domain.captures import Captures
from release.domain.ledger import Opened
from release.domain.manifest import Foreign, Manifest
from release.domain.pins import Capture, ReleasePin
from release.domain.policy import Policy
from release.judge.alone import KEPT, KEPT_BY_INVOCATIONS
from release.judge.judge import BY_INVOCATIONS
from release.operations.rejudge import rejudge
from release.rollout import sight
from release.rollout.strategies.step import Watch
from tests.fakes.evidence import QUICK
from tests.fakes.world import FakeStage, FakeWorld
from tests.release import examples
from tests.release.rollout import judged_scenes as scenes
from tests.release.scenes import pins_now, sure

OURS = examples.manifest()
MUTE = examples.manifest(foreign=Foreign(kind="binary"))
TELLING = examples.manifest(foreign=Foreign(kind="binary", prints_windows=True))


@pytest.mark.parametrize(
    ("releases", "without"),
    [
        ([OURS, OURS], []),
        ([OURS, TELLING], []),
        ([OURS, MUTE], [MUTE]),
        ([MUTE, OURS], [MUTE]),
        ([MUTE, MUTE], [MUTE]),
        ([], []),
    ],
)
def test_those_without_windows_are_others_that_do_not_say_so(releases: list[Manifest], without):
    assert sight.silent(releases) == tuple(one.id for one in without)


def test_both_have_to_print_windows_to_be_compared_by_them():
    asked = Policy(alpha=0.02)
    assert sight.policy(asked, (), None) == asked
    found = sight.policy(asked, ("3f2a9c01d4e7",), None)
    assert (found.by, found.require, found.alpha) == ("invocations", ("service", "latency"), 0.02)
    assert Policy.model_validate(found.model_dump()) == found, "it is recorded, and read again"


def test_captured_answers_are_judged_where_live_is_captured_and_one_of_them_prints_no_windows():
    live = examples.pin(examples.OLD, capture=CAPTURE)
    assert sight.policy(Policy(), (), live).captured == 0
    assert sight.policy(Policy(), (examples.NEW,), live).captured == 20
    assert sight.policy(Policy(), (examples.NEW,), examples.pin(examples.OLD)).captured == 0


def test_alone_it_is_the_release_itself_that_has_to_print_them():
    pins = examples.pins(examples.NEW)
    for without, by_windows in (((), True), ((examples.OLD,), True), ((examples.NEW,), False)):
        opened = Opened(before=examples.pins(examples.OLD), after=pins, without_windows=without)
        assert sight.alone_by_windows(opened) is by_windows


def test_a_step_lasts_until_a_minute_of_its_own_is_counted():
    asked = Watch(beside=True, least=120, most=200)
    assert sight.watch(asked, by_windows=True) == asked
    assert sight.watch(asked, by_windows=False) == Watch(True, 120 + sight.LATE_SECONDS, 300)
    for grace, longer in ((0, 180), (150, 300), (151, 360)):
        captured = Captures("s3://kept/answers", {}, (0, 1), grace)
        assert sight.watch(asked, by_windows=False, captures=captured).least == 120 + longer
        assert sight.watch(asked, by_windows=True, captures=captured) == asked
    assert sight.watch(Watch(False, 10, 3600), by_windows=False).most == 3600


def test_no_step_is_left_by_evidence_from_before_it():
    found, coming = stage(OTHERS, OTHERS)
    scenes.promote(found, coming)
    entries = [stored.entry for stored in found.ledger.stored]
    began = [datetime.fromisoformat(e.at) for e in entries if e.what.event == "judging"]
    ended = [datetime.fromisoformat(e.at) for e in entries if e.what.event == "judged"]
    lasted = [(end - begin).total_seconds() for begin, end in zip(began, ended, strict=True)]
    assert min(lasted) >= sight.LATE_SECONDS
    windows = [one.windows for one in scenes.judged(found)]
    assert windows[0] < windows[1], "the second step has lines of its own"


def test_what_is_said_and_what_is_seen():
    assert sight.wrong(said=True, printed=True) is None
    assert "printed no windows" in str(sight.wrong(said=True, printed=False))
    assert sight.wrong(said=False, printed=False) is None
    assert sight.remark(said=True, printed=True) == ""
    assert "score drift, invalid predictions" in sight.remark(said=False, printed=False)
    captured = sight.remark(said=False, printed=False, captured=20)
    assert "score drift and invalid predictions are judged from the 20 % of answers" in captured
    assert "does not say so" in sight.remark(said=False, printed=True)


CAPTURE = Capture(percent=20, to="s3://kept/answers")
REQUIRED = Policy.model_validate(
    QUICK.model_dump(exclude_unset=True) | {"require": ("service", "latency", "score")}
)


def stage(
    live: Foreign | None, candidate: Foreign | None, capture: Capture | None = None
) -> tuple[FakeStage, ReleasePin]:
    """A judged stage, and the pin that comes; containers of others print no windows, whatever they say."""
    found = scenes.stage(foreign=live, capture=capture, hold_seconds=1800)
    coming = found.pin(2, foreign=candidate)
    for pin, of in ((sure(pins_now(found).live), live), (coming, candidate)):
        if of is not None:
            found.evidence.mute.add(scenes.model_of(pin))
    return found, coming


OTHERS, LIAR = Foreign(kind="binary"), Foreign(kind="binary", prints_windows=True)


@pytest.mark.parametrize(("live", "candidate"), [(None, OTHERS), (OTHERS, None), (OTHERS, OTHERS)])
def test_without_windows_a_pass_rests_on_what_sagemaker_counts_and_says_so(live, candidate):
    found, coming = stage(live, candidate)
    scenes.promote(found, coming)
    assert sure(pins_now(found).live).release == coming.release
    *beside, alone = scenes.judged(found)
    assert [(one.decision, one.because) for one in beside] == [("PASS", BY_INVOCATIONS)] * len(beside)
    assert "score drift, invalid predictions" in BY_INVOCATIONS
    kept = KEPT if candidate is None else KEPT_BY_INVOCATIONS
    assert (alone.decision, alone.because) == ("PASS", kept)
    assert all(one.requests > 0 for one in scenes.judged(found))
    assert all(each.same for each in rejudge(FakeWorld(found), "prod", None, None))


@pytest.mark.parametrize(("wrong", "metric"), [("sick", "service"), ("slow", "latency")])
def test_without_windows_a_worse_one_fails_by_them(wrong, metric):
    found, coming = stage(None, OTHERS)
    getattr(found.evidence, wrong).add(scenes.model_of(coming))
    assert f"the judge says FAIL: {metric}" in scenes.taken_back(found, coming)


def test_without_windows_nobody_passes_whom_sagemaker_counted_nothing_of():
    found, coming = stage(OTHERS, OTHERS)
    found.evidence.requests = 0
    assert "without a PASS: no traffic to judge by" in scenes.taken_back(found, coming)


@pytest.mark.parametrize("live", [None, LIAR])
def test_one_that_says_it_prints_windows_and_does_not_is_held_and_never_passes(live):
    found, coming = stage(live, LIAR)
    assert "without a PASS" in scenes.taken_back(found, coming)


def test_what_cannot_be_read_of_sagemaker_s_counts_holds():
    found, coming = stage(OTHERS, OTHERS)
    found.evidence.unreadable = 10_000
    assert "evidence is missing" in scenes.taken_back(found, coming)


class TestCaptured:
    """A stage that captures answers, and containers that print no windows."""

    @pytest.mark.parametrize(("live", "candidate"), [(None, OTHERS), (OTHERS, None), (OTHERS, OTHERS)])
    def test_a_pass_rests_on_them_too_and_is_the_same_when_it_is_judged_again(self, live, candidate):
        found, coming = stage(live, candidate, CAPTURE)
        scenes.promote(found, coming)
        *beside, alone = scenes.judged(found)
        assert all("captured answers of the candidate" in one.because for one in beside)
        assert ("captured answers" in alone.because) is (candidate is OTHERS)
        assert all(each.same for each in rejudge(FakeWorld(found), "prod", None, None))

    @pytest.mark.parametrize(("wrong", "metric"), [("shifted", "score"), ("nan", "invalid")])
    def test_one_that_answers_otherwise_fails_by_them(self, wrong, metric):
        found, coming = stage(OTHERS, OTHERS, CAPTURE)
        getattr(found.evidence, wrong).add(scenes.model_of(coming))
        assert f"the judge says FAIL: {metric}" in scenes.taken_back(found, coming)
        assert all(each.same for each in rejudge(FakeWorld(found), "prod", None, None))

    def test_a_process_that_is_killed_goes_on_with_the_same_evidence(self):
        wanted, coming = stage(OTHERS, OTHERS, CAPTURE)
        wanted.trouble.plan(None, None)
        scenes.promote(wanted, coming)
        moments = wanted.trouble.moments
        for moment in range(moments // 4, moments, moments // 4):
            found, coming = stage(OTHERS, OTHERS, CAPTURE)
            promote = partial(scenes.promote, found, coming)
            assert scenes.killed_at(found, moment, promote), moment
            promote()
            because = {one.because for one in scenes.judged(found)}
            assert because == {one.because for one in scenes.judged(wanted)}, moment
            assert scenes.kept(found, "windows") == scenes.kept(wanted, "windows"), moment

    def test_where_none_comes_a_pass_says_so(self):
        found, coming = stage(OTHERS, OTHERS, CAPTURE)
        found.evidence.uncaptured = True
        scenes.promote(found, coming)
        *beside, alone = scenes.judged(found)
        assert all("0 of the candidate and 0 of live came in time" in one.because for one in beside)
        assert alone.because == KEPT_BY_INVOCATIONS

    def test_where_none_comes_and_the_stage_requires_them_it_is_held_and_never_passes(self):
        found, coming = stage(OTHERS, OTHERS, CAPTURE)
        found.evidence.uncaptured = True
        found.judge = REQUIRED
        assert "captured answers: none of both variants" in scenes.taken_back(found, coming)

    def test_where_they_come_and_the_stage_requires_them_it_passes(self):
        found, coming = stage(OTHERS, OTHERS, CAPTURE)
        found.judge = REQUIRED
        scenes.promote(found, coming)
        assert [one.decision for one in scenes.judged(found)] == ["PASS"] * 3

    def test_live_that_was_not_captured_is_judged_as_before(self):
        found, coming = stage(OTHERS, OTHERS)
        found.file.endpoints["delays"] = found.file.endpoints["delays"].model_copy(
            update={"capture": CAPTURE}
        )
        scenes.promote(found, coming)
        assert [one.because for one in scenes.judged(found)][:-1] == [BY_INVOCATIONS] * 2
