"""What a rollout rests on follows from what releases are said to print, and a PASS says what nobody saw."""

from datetime import datetime

import pytest

from release.domain.ledger import Opened
from release.domain.manifest import Foreign, Manifest
from release.domain.pins import ReleasePin
from release.domain.policy import Policy
from release.judge.alone import KEPT, KEPT_BY_INVOCATIONS
from release.judge.judge import BY_INVOCATIONS
from release.operations.rejudge import rejudge
from release.rollout import sight
from release.rollout.strategies.step import Watch
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
    assert sight.policy(asked, ()) == asked
    found = sight.policy(asked, ("3f2a9c01d4e7",))
    assert (found.by, found.require, found.alpha) == ("invocations", ("service", "latency"), 0.02)
    assert Policy.model_validate(found.model_dump()) == found, "it is recorded, and read again"


def test_alone_it_is_the_release_itself_that_has_to_print_them():
    pins = examples.pins(examples.NEW)
    for without, by_windows in (((), True), ((examples.OLD,), True), ((examples.NEW,), False)):
        opened = Opened(before=examples.pins(examples.OLD), after=pins, without_windows=without)
        assert sight.alone_by_windows(opened) is by_windows


def test_a_step_lasts_until_a_minute_of_its_own_is_counted():
    asked = Watch(beside=True, least=120, most=200)
    assert sight.watch(asked, by_windows=True) == asked
    assert sight.watch(asked, by_windows=False) == Watch(True, 120 + sight.LATE_SECONDS, 300)
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
    assert "does not say so" in sight.remark(said=False, printed=True)


def stage(live: Foreign | None, candidate: Foreign | None) -> tuple[FakeStage, ReleasePin]:
    """A judged stage, and the pin that comes; containers of others print no windows, whatever they say."""
    found = scenes.stage(foreign=live, hold_seconds=1800)
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
