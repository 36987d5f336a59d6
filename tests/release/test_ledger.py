"""The ledger's decisions: who may go on, where, and whether the history is whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain.errors import Held, ServiceError
from release.domain.ledger import Entry, Request, broken_link, decide, open_rollout
from tests.release.examples import NEW, OLD, history

SAME = Request("promote", "delays", NEW)


def test_nothing_is_open_before_the_first_and_after_a_closed_rollout():
    assert open_rollout([]) is None
    assert open_rollout(history("opened", "pinning", "landed")) is None
    assert open_rollout(history("opened", "reverting", "reverted")) is None
    assert open_rollout(history("refused")) is None


def test_an_opened_rollout_is_open_until_it_is_closed():
    found = open_rollout(history("opened", "pinning", "applying"))
    assert found is not None
    assert (found.kind, found.release, found.last_event) == ("promote", NEW, "applying")
    assert found.before.live is not None
    assert found.before.live["release"] == OLD
    assert found.reverting is None


def test_a_rollout_that_is_being_taken_back_says_why():
    found = open_rollout(history("opened", "checking", "reverting", "resumed"))
    assert found is not None
    assert found.reverting == "no ping"


def test_a_refusal_in_between_does_not_hide_an_open_rollout():
    found = open_rollout(history("opened", "pinning", "refused"))
    assert found is not None
    assert found.last_event == "pinning"


def test_two_at_once_is_refused_while_the_first_lives():
    with pytest.raises(ServiceError, match="process 42"):
        decide(open_rollout(history("opened")), alive=True, request=SAME)


def test_the_same_command_goes_on_where_a_dead_one_stopped():
    assert decide(open_rollout(history("opened", "applying")), alive=False, request=SAME) == "resume"


def test_a_rollback_takes_a_dead_rollout_back():
    request = Request("rollback", "delays", OLD)
    assert decide(open_rollout(history("opened", "applying")), alive=False, request=request) == "take-back"


@pytest.mark.parametrize(
    "request_",
    [Request("promote", "delays", OLD), Request("release", "delays", NEW), Request("rollback", "other", OLD)],
)
def test_another_command_is_held_by_a_dead_rollout(request_):
    with pytest.raises(Held, match="half-way"):
        decide(open_rollout(history("opened", "applying")), alive=False, request=request_)


def test_a_whole_history_has_no_broken_link():
    assert broken_link(history("opened", "pinning", "landed")) is None


@given(st.integers(0, 3), st.sampled_from(["event", "release", "at", "data"]))
def test_any_change_of_the_past_shows(index, field):
    entries = history("opened", "pinning", "applying", "checking", "landed")
    changed = {"event": "landed", "release": OLD, "at": "2020", "data": {"x": 1}}[field]
    entries[index] = Entry.model_validate(entries[index].model_dump() | {field: changed})
    assert broken_link(entries) is not None


def test_a_missing_entry_shows():
    entries = history("opened", "pinning", "landed")
    assert broken_link(entries[:1] + entries[2:]) == "entry 2 is missing"
