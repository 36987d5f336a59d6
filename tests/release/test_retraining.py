"""When a retrain may begin: cooldown, budget, one at a time, an event that came twice, nothing new."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain import ledger, retraining
from release.domain.ledger import Entry, Stored, Subject
from release.domain.manifest import GateResult
from release.domain.occasions import Occasion
from release.domain.retrained import Asked, Ended, TakenOver, Trained, TrainingWindow, What
from release.domain.retraining import Retrain
from release.domain.stage import RetrainSettings
from tests.release.examples import NEW, OLD, OTHER, OWNER, open_rollout, pin

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
WINDOW = TrainingWindow(
    model="boosting", options={"months": "1-7"}, data_version="flights-1", learns="months 1-7"
)
PERSON = Occasion(kind="person")
ASKED = Asked(by="arn", occasion=PERSON, window=WINDOW, champion="0" * 64)
TRAINED = Trained(sha256="3" * 64, gates=(GateResult(name="auc", passed=False),))


def one(days: float = 1, outcome: str | None = "worse", event: str = "", trained: bool = True) -> Retrain:
    """A retrain that was asked for so many days ago."""
    asked = ASKED.model_copy(update={"occasion": Occasion(kind="alarm", event=event)}) if event else ASKED
    ended = Ended.model_validate({"outcome": outcome}) if outcome else None
    at = NOW - timedelta(days=days)
    return Retrain("r1", "delays", OLD, at, OWNER, asked, TRAINED if trained else None, ended)


def refused(*past: Retrain, occasion: Occasion = PERSON, **settings: object) -> str:
    """Why no retrain may begin now, in its three lines; empty where one may."""
    no = retraining.why_not(past, RetrainSettings.model_validate(settings), occasion, NOW)
    return str(no or "")


def entries(*whats: tuple[str, What], endpoint: str = "delays") -> list[Stored]:
    """Entries of retrains by their ids, a minute apart."""
    found: list[Stored] = []
    for number, (retrain, what) in enumerate(whats):
        subject = Subject(kind="retrain", endpoint=endpoint, release=OLD, rollout=retrain)
        at = (NOW + timedelta(minutes=number)).isoformat()
        entry: Entry = ledger.following(found[-1] if found else None, at, subject, OTHER, what)
        found.append(Stored.from_bytes(entry.to_bytes()))
    return found


def test_the_first_one_may_begin():
    assert refused() == ""


def test_the_next_one_waits_for_the_cooldown_and_is_told_until_when():
    said = refused(one(days=6.9), cooldown_days=7)
    assert "The last retrain was on 2026-06-08 14:24 UTC, and the stage wants 7 days between two." in said
    assert "Wait until 2026-06-15 14:24 UTC, or change slipway:retrain.cooldown_days." in said
    assert refused(one(days=7), cooldown_days=7) == ""


def test_one_a_week_is_what_the_defaults_admit_however_late_a_schedule_is():
    """A schedule begins within some hours of its time, and five of its days lie in some thirty days."""
    weeks = [one(days=7 * week + late / 24) for week, late in ((1, -3), (2, 5), (3, 0), (4, -5), (5, 2))]
    assert refused(*weeks[::-1]) == ""


def test_the_budget_is_of_any_thirty_days_and_the_oldest_gives_its_place_back():
    four = [one(days=days) for days in (29, 20, 15, 8)]
    said = refused(*four, budget_per_month=4)
    assert "4 retrains began in the last 30 days, and the stage allows 4." in said
    assert "Wait until 2026-06-16 12:00 UTC, or change slipway:retrain.budget_per_month." in said
    assert refused(one(days=30), *four[1:], budget_per_month=4) == ""
    assert refused(*four, budget_per_month=5) == ""


def test_a_stage_whose_budget_is_nothing_has_none_and_is_not_told_to_wait():
    said = refused(budget_per_month=0)
    assert "the stage allows 0" in said
    assert said.endswith("Change slipway:retrain.budget_per_month.")


@pytest.mark.parametrize(
    "left", [one(outcome="failed"), one(outcome="failed", trained=False), one(outcome=None)]
)
def test_what_failed_for_another_reason_than_its_model_or_is_open_does_not_count(left):
    assert refused(left) == ""


@given(
    st.lists(st.floats(0, 60), max_size=12),
    st.integers(0, 40),
    st.integers(0, 6),
    st.floats(0, 70),
)
def test_whoever_waits_as_long_as_is_said_may_begin(ages, cooldown, budget, later):
    """However many there were: at the time that is named, what it named stands in the way no more."""
    settings = RetrainSettings(cooldown_days=cooldown, budget_per_month=budget)
    past = [one(days=days) for days in ages]
    no = retraining.why_not(past, settings, PERSON, NOW + timedelta(days=later))
    counted = [days + later for days in ages]
    too_soon = bool(counted) and min(counted) < cooldown
    assert (no is not None) == (too_soon or sum(days < 30 for days in counted) >= budget)
    if no is not None and "Wait until" in no.next_step:
        until = datetime.fromisoformat(no.next_step[len("Wait until ") :][:16] + "+00:00")
        then = retraining.why_not(past, settings, PERSON, until + timedelta(minutes=1))
        assert then is None or then.cause.split()[0] != no.cause.split()[0]


def test_an_event_that_comes_twice_is_answered_once():
    again = Occasion(kind="alarm", event="e-1")
    said = refused(one(days=40, event="e-1", trained=False, outcome="failed"), occasion=again)
    assert "The event e-1 was answered already, by the retrain r1 of 2026-05-06 12:00 UTC." in said
    assert refused(one(days=40, event="e-2"), occasion=again) == ""
    assert refused(one(days=0, event="e-1", outcome=None), occasion=again) == "", "its process is gone"


def test_a_ledger_is_folded_to_the_retrains_of_an_endpoint():
    ended = Ended(outcome="released", release=NEW, stage="dev")
    stored = entries(("a", ASKED), ("a", TRAINED), ("a", ended), ("b", ASKED), ("b", TakenOver()))
    first, second = retraining.fold(stored, "delays")
    assert (first.id, first.champion, first.trained, first.ended) == ("a", OLD, TRAINED, ended)
    assert (second.id, second.owner, second.ended) == ("b", OTHER, None)
    assert retraining.unended([first, second]) == second
    assert retraining.unended([first]) is None
    assert retraining.fold(stored, "cancellations") == []
    assert retraining.fold(stored[1:3], "delays") == [], "its beginning is not there"


def test_entries_of_a_retrain_open_and_close_no_rollout():
    stored = entries(("a", ASKED), ("a", TRAINED), ("a", TakenOver()), ("a", Ended(outcome="worse")))
    assert open_rollout(stored) is None
    claims = (ASKED, TakenOver())
    assert not any(ledger.may_follow(what, between) for what in claims for between in claims)
    others = (TRAINED, Ended(outcome="worse"))
    assert all(ledger.may_follow(what, between) for what in (*claims, *others) for between in others)


def test_the_one_that_is_under_way_is_named():
    said = str(retraining.refuse_alive(one(days=0, outcome=None), "prod"))
    assert "A retrain of delays in prod is under way, by ci on ci-1, process 42, since 2026-06-15" in said


ABOUT = {"months": "1-7"}
SAME = {**ABOUT, "model": "boosting", "data_version": "flights-1", "libraries": {}}


def test_the_same_model_on_the_same_rows_has_nothing_to_learn():
    no = retraining.nothing_new(WINDOW, ABOUT, SAME)
    assert no is not None
    assert "the live model boosting has learned from months 1-7 of flights-1 already" in no.cause


@pytest.mark.parametrize(
    "other", [{"months": "1-6"}, {"model": "logistic"}, {"data_version": "flights-0"}, {"months": None}]
)
def test_another_window_model_or_data_version_is_new(other):
    assert retraining.nothing_new(WINDOW, ABOUT, SAME | other) is None


def test_what_a_dead_one_left_is_gone_on_with_for_the_same_champion_and_window_alone():
    dead = one(outcome=None)
    live, other = pin(OLD), WINDOW.model_copy(update={"options": {"months": "1-8"}})
    assert retraining.same(dead, live, WINDOW)
    assert not retraining.same(dead, live, other)
    assert not retraining.same(dead, pin("8" * 12), WINDOW)


def test_what_it_trained_may_be_live_already():
    assert retraining.landed(one(outcome=None), pin(NEW))
    assert not retraining.landed(one(outcome=None), pin(OLD))
    assert not retraining.landed(one(outcome=None, trained=False), pin(NEW))
