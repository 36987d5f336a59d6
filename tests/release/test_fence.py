"""Fences as values: what a second mark and a clearing change, and what they never do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain import fence, gates
from release.domain.errors import UsageError
from release.domain.fence import Clearing, Fence
from release.domain.manifest import GateResult
from tests.release.examples import AT, NEW

CLEARED = Clearing(by="ada", at=AT, reason="the data source was broken")


def mark(rollout: str = "", reason: str = "no ping") -> Fence:
    return Fence(release=NEW, stage="prod", reason=reason, by="ci@here", at=AT, rollout=rollout)


def test_written_twice_is_the_same():
    assert fence.put(mark("r1"), mark("r1")) == mark("r1")
    assert fence.put(mark("r1"), mark("r2", "again")) == mark("r1"), "the first mark stays while it stands"


def test_a_cleared_one_says_who_and_why_and_no_longer_stands():
    cleared = fence.clear(mark(), CLEARED)
    assert cleared is not None
    assert (cleared.stands, cleared.cleared) == (False, CLEARED)
    later = CLEARED.model_copy(update={"by": "bob"})
    assert fence.clear(cleared, later) == cleared
    assert fence.clear(None, CLEARED) is None


def test_a_killed_rollout_that_runs_again_does_not_undo_a_clearing():
    cleared = fence.clear(mark("r1"), CLEARED)
    assert fence.put(cleared, mark("r1")) == cleared


def test_another_failure_fences_anew_and_the_past_stays_on_record():
    cleared = fence.clear(mark("r1"), CLEARED)
    again = fence.put(cleared, mark("r2"))
    assert again.stands
    assert again.earlier == (cleared,)
    once_more = fence.put(fence.clear(again, CLEARED), mark())
    assert [kept.rollout for kept in once_more.earlier] == ["r1", "r2"]
    assert fence.put(once_more.model_copy(update={"cleared": CLEARED}), mark("r1")).cleared == CLEARED


@given(st.lists(st.sampled_from(["r1", "r2", "", "clear"]), max_size=12))
def test_nothing_that_was_ever_kept_is_lost(steps):
    """However marks and clearings follow each other: who cleared what stays, and a mark counts."""
    kept, clearings, marked = None, 0, False
    for step in steps:
        before = kept
        if step == "clear":
            kept = fence.clear(kept, CLEARED)
            clearings += before is not None and before.stands
        else:
            kept = fence.put(kept, mark(step))
            marked = True
        past = (*kept.earlier, kept) if kept else ()
        assert sum(found.cleared is not None for found in past) == clearings
        assert [found.stands for found in past[:-1]] == [False] * len(past[:-1])
    assert (kept is not None) == marked


@pytest.mark.parametrize("reason", ["", "  "])
def test_without_a_reason_nothing_is_done(reason):
    with pytest.raises(UsageError, match="needs a reason"):
        fence.why(reason, "A fence")


def test_the_gate_names_the_stage_the_reason_and_the_way_out():
    gate = fence.gate([mark()])
    assert not gate.passed
    assert gate.reason == "fenced in prod on 2026-01-01 00:00 by ci@here: no ping"
    assert f"./slipway fence clear {NEW} --reason 'why'" in gates.next_step([gate], NEW, "prod")
    assert "fence" not in gates.next_step([GateResult(name="auc", passed=False)], NEW, "prod")
    assert fence.gate([]).passed
