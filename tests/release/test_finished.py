"""How a release was let in to an endpoint, by the ledger alone."""

from datetime import UTC, datetime
from typing import Literal

import pytest

from release.domain.finished import LetIn, entered
from release.domain.ledger import Closed, End, Kind, Opened, Subject
from release.domain.pins import Pins
from tests.fakes.ledger import FakeLedger
from tests.fakes.trouble import Trouble
from tests.fakes.world import FakeStage
from tests.release.scenes import ENDPOINT

Ends = Literal[End.LANDED, End.REVERTED, End.UNLOCKED]
PIN = FakeStage("prod", {}).pin(1)


class Told:
    """A ledger in which one rollout after the other is told; each takes a day."""

    def __init__(self) -> None:
        self.day = 0
        self.ledger = FakeLedger(Trouble(), self.now)

    def now(self) -> datetime:
        """The day's beginning."""
        return datetime(2026, 1, 1 + self.day, tzinfo=UTC)

    def rollout(self, kind: Kind, end: Ends = End.LANDED, endpoint: str = ENDPOINT) -> "Told":
        """One rollout of the release."""
        subject = Subject(kind=kind, endpoint=endpoint, release=PIN.release, rollout=f"r{self.day}")
        self.ledger.append(subject, Opened(before=Pins(), after=Pins(live=PIN), reason=f"{kind} {self.day}"))
        self.ledger.append(subject, Closed(event=end))
        self.day += 1
        return self

    def found(self) -> LetIn | None:
        """How it was let in."""
        return entered(self.ledger.newest_first(), ENDPOINT, PIN.release)

    def day_of_entry(self) -> int | None:
        """The day on which it was let in, by its opening."""
        found = self.found()
        return found.at.day - 1 if found else None


@pytest.mark.parametrize("kind", ["release", "promote", "experiment"])
def test_a_rollout_that_brought_it_let_it_in_when_it_was_opened(kind):
    told = Told().rollout(kind)
    assert told.day_of_entry() == 0
    found = told.found()
    assert found is not None
    assert found.opened.reason == f"{kind} 0"


@pytest.mark.parametrize("kind", ["apply", "rollback"])
def test_what_moves_a_release_that_is_there_lets_nothing_in(kind):
    assert Told().rollout(kind).found() is None
    assert Told().rollout("promote").rollout(kind).day_of_entry() == 0


def test_the_last_time_counts_and_one_that_was_taken_back_does_not():
    assert Told().rollout("promote").rollout("promote").day_of_entry() == 1
    assert Told().rollout("promote").rollout("promote", End.REVERTED).day_of_entry() == 0
    assert Told().rollout("promote", End.REVERTED).found() is None


def test_one_that_a_person_ended_where_it_stood_had_passed_its_gates():
    assert Told().rollout("promote", End.UNLOCKED).day_of_entry() == 0


def test_another_endpoint_is_another_matter():
    assert Told().rollout("promote", endpoint="fares").found() is None
