"""What becomes of a finding: one record however often it is noticed, and who may close it."""

import pytest

from monitoring.alerts.kept import Look
from release.domain.errors import UsageError
from tests.fakes.findings import PERSON, Shelf, at, finding


def look(since: float, until: float, **values: object) -> Look:
    usual = {"endpoint": "delays", "release": "3f2a9c01d4e7", "kinds": ("quality",)}
    return Look(**usual | {"since": at(since), "until": at(until)} | values)  # ty: ignore[invalid-argument-type]


def test_the_same_thing_noticed_again_is_one_finding_with_the_latest_evidence() -> None:
    shelf = Shelf()
    first = shelf.findings.note([finding(1)])
    shelf.hours = 5
    again = shelf.findings.note([finding(5, since=at(3), evidence={"ece": 0.09})])
    (kept,) = shelf.findings.open()
    assert [one.id for one in first.opened] == [one.id for one in again.again] == [kept.id]
    assert (kept.seen, kept.finding.evidence, kept.finding.since) == (2, {"ece": 0.09}, at(0))
    assert [one.what for one in kept.notices] == ["opened"]


def test_the_same_look_made_twice_counts_once() -> None:
    shelf = Shelf()
    for _ in range(3):
        shelf.findings.note([finding(1)], look(0, 2))
    assert [kept.seen for kept in shelf.findings.open()] == [1]


def test_a_finding_that_rests_on_the_same_moment_is_seen_again_in_newer_data() -> None:
    shelf = Shelf()
    shelf.findings.note([finding(1)], look(0, 2))
    shelf.findings.note([finding(1)], look(2, 3))
    assert [kept.seen for kept in shelf.findings.open()] == [2]


def test_a_severity_that_grows_is_told_once_more_and_one_that_falls_is_not() -> None:
    shelf = Shelf()
    shelf.findings.note([finding(1)])
    for hours, severity in ((2, "critical"), (3, "warning"), (4, "critical")):
        shelf.findings.note([finding(hours, severity=severity)])
    (kept,) = shelf.findings.open()
    assert [one.what for one in kept.notices] == ["opened", "escalated"]


def test_what_a_look_would_have_shown_is_over_after_its_hours_of_data_and_not_before() -> None:
    shelf = Shelf(over_hours=24)
    shelf.findings.note([finding(1)], look(0, 1))
    assert not shelf.findings.note([], look(1, 20)).closed
    (closed,) = shelf.findings.note([], look(20, 25)).closed
    assert closed.closed
    assert closed.closed.by == "monitoring"
    assert not shelf.findings.open()


@pytest.mark.parametrize(
    "other",
    [
        {"kinds": ("drift",)},
        {"release": "0c77e1d2ab93"},
        {"endpoint": "prices"},
        {"subjects": ("auc",)},
    ],
)
def test_what_a_look_could_not_show_stays_open_however_long_it_looked(other: dict[str, object]) -> None:
    shelf = Shelf(over_hours=1)
    shelf.findings.note([finding(1)])
    assert not shelf.findings.note([], look(1, 900, **other)).closed
    assert shelf.findings.open()


def test_hours_without_a_sign_count_from_the_last_sign_on() -> None:
    shelf = Shelf(over_hours=10)
    shelf.findings.note([finding(1)], look(0, 1))
    shelf.findings.note([], look(1, 9))
    shelf.findings.note([finding(10)], look(9, 10))
    assert not shelf.findings.note([], look(10, 19)).closed
    assert shelf.findings.note([], look(19, 20)).closed


def test_a_person_closes_with_a_reason_and_it_stays_closed_until_it_gets_worse() -> None:
    shelf = Shelf(dismissed_days=30)
    shelf.findings.note([finding(1)])
    name = finding().id
    with pytest.raises(UsageError, match="reason"):
        shelf.findings.close(name, "  ")
    shelf.hours = 2
    closed = shelf.findings.close(name, "known: a holiday").closed
    assert closed
    assert (closed.by, closed.who, closed.reason) == ("person", PERSON.arn, "known: a holiday")
    with pytest.raises(UsageError, match="closed already"):
        shelf.findings.close(name, "again")
    shelf.hours = 3
    assert shelf.findings.note([finding(3)]).dismissed[0].dismissed == 1
    assert not shelf.findings.open()
    shelf.hours = 4
    assert shelf.findings.note([finding(4, severity="critical")]).opened
    shelf.hours = 5
    shelf.findings.close(name, "known too")
    shelf.hours = 5 + 31 * 24
    assert shelf.findings.note([finding(shelf.hours, severity="critical")]).opened


def test_another_live_release_closes_what_was_noticed_of_the_one_before_alone() -> None:
    shelf = Shelf()
    shelf.findings.note([finding(1), finding(1, release=None, kind="health", subject="availability")])
    assert not shelf.findings.closed_by_release({"delays": "3f2a9c01d4e7"})
    assert not shelf.findings.closed_by_release({})
    (closed,) = shelf.findings.closed_by_release({"delays": "0c77e1d2ab93"})
    assert closed.closed
    assert (closed.closed.by, closed.closed.who) == ("release", "0c77e1d2ab93")
    assert [kept.finding.kind for kept in shelf.findings.open()] == ["health"]


def test_what_comes_back_is_the_same_finding_with_its_past() -> None:
    shelf = Shelf(over_hours=1)
    shelf.findings.note([finding(1)], look(0, 1))
    shelf.findings.note([], look(1, 3))
    shelf.hours = 9
    (back,) = shelf.findings.note([finding(9)], look(8, 9)).opened
    assert (back.occurrence, back.seen, len(back.earlier)) == (2, 1, 1)
    assert back.asks.endswith("-2")


def test_an_unknown_id_is_refused_with_words() -> None:
    with pytest.raises(UsageError, match="no finding"):
        Shelf().findings.close("../x", "because")
