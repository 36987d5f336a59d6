"""The ledger's decisions: who may go on, where, and whether the history is whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from release.domain.chain import broken_link
from release.domain.errors import Held, ServiceError
from release.domain.ledger import (
    Entered,
    Entry,
    Phase,
    Request,
    Resumed,
    Stored,
    Subject,
    decide,
    following,
)
from tests.release.examples import AT, NEW, OLD, OTHER, OWNER, TYPE, history, open_rollout, pin, pins

SAME = Request("promote", "delays", NEW)


def found(*events, **changes):
    rollout = open_rollout(history(*events, **changes))
    assert rollout is not None
    return rollout


def test_nothing_is_open_before_the_first_and_after_a_closed_rollout():
    assert open_rollout([]) is None
    assert open_rollout(history("opened", "creating", "landed")) is None
    assert open_rollout(history("opened", "reverting", "restoring", "reverted")) is None
    assert open_rollout(history("refused")) is None


def test_an_opened_rollout_is_open_until_it_is_closed():
    rollout = found("opened", "creating", "moving")
    assert (rollout.subject.kind, rollout.subject.release) == ("promote", NEW)
    assert (rollout.id, rollout.phase) == ("r1", Phase.MOVING)
    assert (rollout.opened.before, rollout.opened.after) == (pins(OLD), pins(NEW, OLD))
    assert rollout.reason == ""


def test_the_next_rollout_starts_anew():
    events = ("opened", "moving", "reverting", "restoring", "reverted", "opened")
    rollout = found(*events)
    assert (rollout.phase, rollout.reason, rollout.step) == (Phase.OPENED, "", 0)


def test_the_tail_alone_is_enough():
    """The store reads back to the last entry that opened or closed something, and no further."""
    assert open_rollout(history("opened", "creating", "landed", "refused")[2:]) is None
    assert open_rollout(history("opened", "creating", "landed", "opened", "moving")[3:]) is not None


def test_the_step_of_a_strategy_is_kept():
    entries = history("opened", "creating")
    for event, step in (("moving", 0), ("verifying", 0), ("moving", 1)):
        what = Entered.model_validate({"event": event, "step": step})
        entry = following(entries[-1], AT, entries[0].entry.subject, OWNER, what)
        entries.append(Stored.from_bytes(entry.to_bytes()))
    resumed = following(entries[-1], AT, entries[0].entry.subject, OTHER, Resumed())
    for known in (entries, [*entries, Stored.from_bytes(resumed.to_bytes())]):
        rollout = open_rollout(known)
        assert rollout is not None
        assert (rollout.phase, rollout.step) == (rollout.on(TYPE).phase, rollout.on(TYPE).step)
        assert (rollout.phase, rollout.step) == (Phase.MOVING, 1)


def test_a_rollout_that_is_being_taken_back_says_why():
    assert found("opened", "verifying", "reverting", "resumed").reason == "no ping"
    assert found("opened", "verifying", "reverting", "restoring").reason == "no ping"


def test_a_resumed_rollout_stays_at_its_phase_and_is_the_new_process_own():
    entries = history("opened", "creating", "moving")
    entry = following(entries[-1], AT, entries[0].entry.subject, OTHER, Resumed())
    rollout = open_rollout([*entries, Stored.from_bytes(entry.to_bytes())])
    assert rollout is not None
    assert (rollout.phase, rollout.owner) == (Phase.MOVING, OTHER)


def test_a_refusal_in_between_does_not_hide_an_open_rollout():
    assert found("opened", "creating", "refused").phase is Phase.CREATING


def test_pins_from_before_they_had_a_type_get_one_and_others_keep_theirs():
    entries = history("opened", "moving")
    values = entries[0].entry.model_dump()
    values["what"]["before"]["live"]["type"] = None
    values["what"]["after"]["live"]["type"] = "ml.c7i.large"
    without = Stored.from_bytes(Entry.model_validate(values).to_bytes())
    rollout = open_rollout([without, entries[1]])
    assert rollout is not None
    opened = rollout.on(TYPE).opened
    assert opened.before.live == pin(OLD)
    assert opened.after.live is not None
    assert opened.after.live.type == "ml.c7i.large"
    assert rollout.on(TYPE).phase is Phase.MOVING


def test_two_at_once_is_refused_while_the_first_lives():
    with pytest.raises(ServiceError, match="process 42"):
        decide(found("opened"), alive=True, request=SAME, stage="prod")


def test_nothing_open_means_a_start():
    assert decide(None, alive=False, request=SAME, stage="prod") == "start"


def test_the_same_command_goes_on_where_a_dead_one_stopped():
    assert decide(found("opened", "creating"), alive=False, request=SAME, stage="prod") == "resume"


def test_a_rollback_takes_a_dead_rollout_back():
    request = Request("rollback", "delays", OLD)
    assert decide(found("opened", "moving"), alive=False, request=request, stage="prod") == "take-back"


@pytest.mark.parametrize(
    "request_",
    [Request("promote", "delays", OLD), Request("release", "delays", NEW), Request("rollback", "other", OLD)],
)
def test_another_command_is_held_by_a_dead_rollout(request_):
    with pytest.raises(Held, match=r"(?s)half-way, at 'moving'.*rollback prod --endpoint delays"):
        decide(found("opened", "moving"), alive=False, request=request_, stage="prod")


def test_a_whole_history_has_no_broken_link():
    entries = history("opened", "creating", "landed")
    assert broken_link(entries) is None
    assert broken_link(entries[1:]) is None
    assert broken_link([]) is None


CHANGES = {"release": ("subject", "release", OLD), "host": ("owner", "host", "x")}


@given(st.integers(0, 3), st.sampled_from(["event", "release", "host", "at"]))
def test_any_change_of_the_past_shows(index, field):
    entries = history("opened", "creating", "moving", "verifying", "landed")
    values = entries[index].entry.model_dump()
    match field:
        case "event":
            values["what"] = {"event": "landed"}
        case "at":
            values["at"] = "2020"
        case _:
            part, key, value = CHANGES[field]
            values[part][key] = value
    entries[index] = Stored.from_bytes(Entry.model_validate(values).to_bytes())
    assert broken_link(entries) == f"entry {index + 2} does not follow from entry {index + 1}: " + (
        "one of them was changed"
    )


def test_a_missing_entry_shows():
    entries = history("opened", "creating", "landed")
    assert broken_link(entries[:1] + entries[2:]) == "entry 2 is missing"


def test_a_cut_off_beginning_shows():
    first = history("opened")[0].entry.model_copy(update={"previous": "f" * 64})
    assert "beginning is missing" in str(broken_link([Stored.from_bytes(first.to_bytes())]))


def test_an_entry_is_the_same_value_after_it_was_stored():
    events = ("opened", "creating", "moving", "verifying", "reverting", "resumed", "restoring", "reverted")
    for stored in history(*events, "refused"):
        again = Stored.from_bytes(stored.entry.to_bytes())
        assert again == stored
        assert again.entry.what.event == stored.entry.what.event


def test_an_entry_of_an_unknown_event_is_none():
    values = history("opened")[0].entry.model_dump() | {"what": {"event": "guessing"}}
    with pytest.raises(ValidationError, match="guessing"):
        Entry.model_validate(values)


def test_the_first_entry_follows_from_nothing():
    subject = Subject(kind="apply", endpoint="delays", release=NEW, rollout="r9")
    entry = following(None, AT, subject, OWNER, Entered(event=Phase.CREATING))
    assert (entry.number, entry.previous) == (1, "")
