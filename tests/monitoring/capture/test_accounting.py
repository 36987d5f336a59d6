"""What is missing is counted and named by hour and variant; what only crossed an hour's border is not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring.capture import asked
from monitoring.capture.accounting import Account, compare, findings
from release.domain.capture import Capture
from release.domain.ledger import Closed, End, Entry, Opened, Owner, Subject
from release.domain.pins import Pins, ReleasePin

FIRST = datetime(2026, 11, 30, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALL, SOME = (Capture(percent=percent, to="s3://kept/capture") for percent in (100, 10))
HOURS = {FIRST: ALL, FIRST + HOUR: ALL}


def missing(answered: Any, kept: Any, captures: Any = HOURS) -> list[tuple[str, int, int]]:
    def by_hour(counts: Any) -> Any:
        return {(name, FIRST + hour * HOUR): count for (name, hour), count in counts.items()}

    found = compare(by_hour(answered), by_hour(kept), captures)
    return [(one.variant, (one.hour - FIRST) // HOUR, one.missing) for one in found if one.missing]


def test_an_hour_with_all_its_records_lacks_nothing():
    assert missing({("live", 0): 100}, {("live", 0): 100}) == []


def test_what_is_missing_is_named_by_variant_and_hour():
    answered = {("live", 0): 100, ("candidate", 0): 10, ("live", 1): 50}
    assert missing(answered, {("live", 0): 93, ("live", 1): 50}) == [("candidate", 0, 10), ("live", 0, 7)]


def test_a_request_at_the_border_of_two_hours_is_not_missing():
    assert missing({("live", 0): 100, ("live", 1): 100}, {("live", 0): 98, ("live", 1): 102}) == []


def test_too_many_of_one_hour_make_up_for_no_more_than_they_are():
    assert missing({("live", 0): 100, ("live", 1): 9}, {("live", 0): 90, ("live", 1): 10}) == [("live", 0, 9)]


def test_containers_records_are_compared_for_all_variants_together():
    answered = {("live", 0): 100, ("candidate", 0): 10}
    assert missing(answered, {("0123456789ab", 0): 80, ("ba9876543210", 0): 20}) == [
        ("candidate+live", 0, 10)
    ]


@pytest.mark.parametrize(("kept", "found"), [(100, []), (65, []), (50, [("live", 0, 13)])])
def test_a_share_may_be_less_by_chance_and_no_more(kept, found):
    assert missing({("live", 0): 1000}, {("live", 0): kept}, {FIRST: SOME}) == found


def test_a_finding_names_the_hours():
    accounts = [Account(FIRST, "live", 100, 93, 7), Account(FIRST + HOUR, "live", 50, 48, 2)]
    [found] = findings("delays", "0123456789ab", accounts, FIRST + 3 * HOUR)
    assert (found.kind, found.subject, found.since) == ("capture", "missing records of live", FIRST)
    assert found.evidence == {
        "missing": 9,
        "answered": 150,
        "hours": 2,
        "2026-11-30T02": 7,
        "2026-11-30T03": 2,
    }
    assert findings("delays", None, [Account(FIRST, "live", 1, 1)], FIRST) == ()


def pin(capture: Capture | None) -> ReleasePin:
    return ReleasePin(
        release="0123456789ab",
        image=f"r/slipway-prod@sha256:{'1' * 64}",
        model="s3://b/m.tar.gz",
        sha256="2" * 64,
        capture=capture,
    )


def entry(at: datetime, what: Any) -> Entry:
    owner = Owner(host="h", pid=1, started=1, user="u")
    subject = Subject(kind="apply", endpoint="delays", release="0123456789ab", rollout="r")
    return Entry(number=1, previous="", at=at.isoformat(), subject=subject, owner=owner, what=what)


def test_what_was_to_be_captured_when_is_told_by_the_ledger():
    before, after = Pins(live=pin(None)), Pins(live=pin(ALL))
    minutes = timedelta(minutes=30)
    entries = [
        entry(FIRST + minutes, Opened(before=before, after=after)),
        entry(FIRST + HOUR + minutes, Closed(event=End.LANDED)),
    ]
    told = asked.asked(entries, "delays", after.live)
    found = [asked.between(told, FIRST + n * HOUR, FIRST + (n + 1) * HOUR) for n in (-1, 0, 1, 2)]
    assert found == ["nothing was captured", *["what is captured changed in it"] * 2, ALL]
    assert asked.places(told) == ("s3://kept/capture",)
    assert asked.between(asked.asked([], "delays", pin(ALL)), FIRST, FIRST + HOUR) == ALL
