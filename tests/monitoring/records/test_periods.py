"""Who answered under which name, and when: as the ledger tells it; at a switch, nobody can say."""

from datetime import datetime, timedelta

import pytest

from monitoring.records.periods import MARGIN, Served, served
from release.domain import names
from release.domain.ledger import Closed, End, Entered, Entry, Kind, Opened, Payload, Phase, Subject
from release.domain.pins import Pins, ReleasePin, RolloutSettings, Strategy
from tests.fakes.ledger import process
from tests.fakes.world import EPOCH
from tests.release.scenes import ENDPOINT, serving

STAGE = serving(0)
OLD, NEW = STAGE.pin(0), STAGE.pin(1)


def at(minute: float) -> datetime:
    return EPOCH + timedelta(minutes=minute)


def entries(*found: tuple[float, Payload], kind: Kind = "promote", endpoint: str = ENDPOINT) -> list[Entry]:
    """Entries of one rollout, by the minute."""
    subject = Subject(kind=kind, endpoint=endpoint, release=NEW.release, rollout="r")
    return [
        Entry(number=n, previous="", at=at(minute).isoformat(), subject=subject, owner=process(1), what=what)
        for n, (minute, what) in enumerate(found, 1)
    ]


def opened(strategy: Strategy, before: ReleasePin | None = OLD, steps: tuple[int, ...] = (1, 50)) -> Opened:
    return Opened(
        before=Pins(live=before),
        after=Pins(live=NEW, previous=before),
        rollout=RolloutSettings(strategy=strategy, steps=steps),
    )


def answered(told: Served, minute: float, variant: str = names.LIVE) -> str | None:
    """Whose release answered then: its id, `switch`, or None."""
    found = told.at(variant, at(minute))
    if found is None:
        return None
    serves = found.pin.release if found.pin else None
    return "switch" if found.switching else serves


def test_without_a_rollout_what_is_live_always_was():
    told = served([], ENDPOINT, OLD)
    assert answered(told, -(10**6)) == answered(told, 10**6) == OLD.release
    assert told.at(names.CANDIDATE, at(0)) is None


@pytest.mark.parametrize(("strategy", "kind"), [("all-at-once", "promote"), ("judged", "rollback")])
def test_where_one_fleet_takes_the_place_of_the_other_nobody_can_say_until_that_is_over(strategy, kind):
    told = served(
        entries(
            (0, opened(strategy)),
            (10, Entered(event=Phase.MOVING)),
            (20, Entered(event=Phase.VERIFYING)),
            (30, Closed(event=End.LANDED)),
            kind=kind,
        ),
        ENDPOINT,
        NEW,
    )
    margin = MARGIN.total_seconds() / 60
    assert answered(told, 10 - margin - 0.1) == OLD.release
    assert answered(told, 10 - margin) == answered(told, 20) == "switch"
    assert answered(told, 20 + margin) == answered(told, 31) == NEW.release


@pytest.mark.parametrize(("strategy", "alone"), [("judged", 3), ("shadow", 4)])
def test_a_candidate_beside_live_has_a_name_of_its_own_until_it_serves_alone(strategy, alone):
    told = served(
        entries(
            (0, opened(strategy)),
            *((step + 1, Entered(event=Phase.MOVING, step=step)) for step in range(alone)),
            (50, Entered(event=Phase.MOVING, step=alone)),
            (60, Entered(event=Phase.VERIFYING, step=alone)),
            (90, Closed(event=End.LANDED)),
        ),
        ENDPOINT,
        NEW,
    )
    assert answered(told, 40) == OLD.release
    assert answered(told, 40, names.CANDIDATE) == NEW.release
    assert (answered(told, 55), answered(told, 70)) == ("switch", NEW.release)
    assert answered(told, 95, names.CANDIDATE) is None


def test_a_candidate_that_is_taken_back_before_it_served_alone_was_never_live():
    told = served(
        entries(
            (0, opened("judged")),
            (5, Entered(event=Phase.MOVING, step=1)),
            (20, Entered(event=Phase.REVERTING, step=1)),
            (25, Closed(event=End.REVERTED)),
        ),
        ENDPOINT,
        OLD,
    )
    assert {answered(told, minute) for minute in range(-10, 60)} == {OLD.release}


def test_one_that_served_alone_and_was_taken_back_was_live_in_between():
    told = served(
        entries(
            (0, opened("all-at-once")),
            (10, Entered(event=Phase.MOVING)),
            (20, Entered(event=Phase.VERIFYING)),
            (40, Entered(event=Phase.REVERTING)),
            (50, Entered(event=Phase.RESTORING)),
            (60, Closed(event=End.REVERTED)),
        ),
        ENDPOINT,
        OLD,
    )
    found = [answered(told, minute) for minute in (5, 15, 30, 45, 55, 70)]
    assert found == [OLD.release, "switch", NEW.release, "switch", OLD.release, OLD.release]


def test_an_endpoints_first_release_answers_from_its_beginning_on():
    told = served(entries((0, opened("all-at-once", before=None))), ENDPOINT, None)
    assert (answered(told, -1), answered(told, 1)) == (None, NEW.release)


def test_other_endpoints_say_nothing():
    other = entries((0, opened("all-at-once")), (10, Entered(event=Phase.MOVING)), endpoint="other")
    assert answered(served(other, ENDPOINT, OLD), 15) == OLD.release


def test_whoever_ends_a_rollout_by_hand_says_what_serves():
    unlocked = Closed(event=End.UNLOCKED, pins={ENDPOINT: Pins(live=NEW)})
    told = served(
        entries((0, opened("all-at-once")), (10, Entered(event=Phase.MOVING)), (30, unlocked)), ENDPOINT, NEW
    )
    assert (answered(told, 20), answered(told, 31)) == ("switch", NEW.release)


def test_a_release_that_is_known_otherwise_answered_under_the_name_it_had():
    told = served(entries((0, opened("judged"))), ENDPOINT, OLD)
    assert told.variant_of(NEW.release, at(5)) == names.CANDIDATE
    assert told.variant_of(OLD.release, at(5)) == names.LIVE
