"""Counted hours of the live release become findings, each hour once; and what cannot be told is said."""

import random
from datetime import timedelta

import pytest

from monitoring.counts import HourCounts
from monitoring.records import capture
from monitoring.records.hours import HourRecord
from monitoring.records.troubles import Trouble
from release.domain.ledger import Closed, End, Opened, Subject
from release.domain.pins import Pins, RolloutSettings
from tests.fakes.findings import Shelf
from tests.monitoring.captured import HOUR, ROW, Scene, line, reading_release, rows, scores
from tests.release.scenes import ENDPOINT

ROWS = 300
HOURS = 27
HALF = timedelta(minutes=30)
MINE = "1" * 12


def usual(chosen: random.Random, **changed):
    """A row as the reference has them."""
    row = {"carrier": chosen.choice(["AA", "UA", "B6"]), "distance": chosen.randrange(30), "gust": 1.5}
    return row | changed


def fill(scene: Scene, first: int, last: int, **changed) -> None:
    """Hours of such rows."""
    chosen = random.Random(first)  # noqa: S311 - nothing is secret
    for hour in range(first, last):
        found = [usual(chosen, **changed) for _ in range(ROWS)]
        answer = scores(*(row["distance"] / 1000 for row in found))
        at = HOUR + timedelta(hours=hour)
        scene.capture(line(rows(*found), answer, f"{hour}", at), hour=at)


@pytest.fixture
def scene() -> Scene:
    found = Scene()
    found.at(HOUR + timedelta(hours=HOURS, minutes=30))
    return found


def subjects(found) -> set[str]:
    return {one.subject for one in found.deciding.standing}


def test_what_the_reference_does_not_have_is_a_finding_that_is_kept(scene):
    fill(scene, 0, HOURS, carrier="ZZ")
    found = scene.monitor()
    assert "carrier: unseen" in subjects(found)
    assert "carrier: unseen" in {kept.finding.subject for kept in scene.shelf.findings.open()}


def test_hours_are_decided_once_and_as_if_they_had_come_all_at_once(scene):
    fill(scene, 0, HOURS, carrier="ZZ")
    whole = scene.monitor()
    other = Scene()
    fill(other, 0, HOURS, carrier="ZZ")
    decided = 0
    for hour in (5, 6, HOURS):
        other.at(HOUR + timedelta(hours=hour, minutes=30))
        last = other.monitor()
        decided += last.deciding.hours
    assert decided == whole.deciding.hours == HOURS
    assert last.deciding.standing == whole.deciding.standing
    assert other.monitor().deciding.hours == 0


def test_hours_that_are_read_again_are_decided_anew(scene):
    fill(scene, 0, HOURS)
    assert "carrier: unseen" not in subjects(scene.monitor())
    for key in [key for key in scene.s3.objects if key.startswith("some/answers/")]:
        scene.s3.write(key, None)
    fill(scene, 0, HOURS, carrier="ZZ")
    found = scene.monitor(late=True)
    assert len(found.read) == HOURS
    assert "carrier: unseen" in subjects(found)


def test_a_day_without_records_is_no_sign_of_health(scene):
    scene.capture(line(rows(ROW), scores(0.1), "a"))
    scene.at(HOUR + timedelta(hours=2, minutes=30))
    assert not scene.monitor().deciding.silent
    scene.at(HOUR + timedelta(hours=60, minutes=30))
    found = scene.monitor()
    assert found.deciding.silent
    assert found.blind


def test_records_that_cannot_be_read_are_a_finding_about_the_capture(scene):
    fill(scene, 0, 1)
    scene.capture(*[b"half a rec"] * 40)
    found = scene.monitor()
    [about] = found.deciding.captured
    assert (about.kind, about.subject, about.evidence) == (
        "capture",
        Trouble.LINE,
        {"records": 40, "of": 41, "hours": 1},
    )


def test_records_of_a_candidate_that_cannot_be_read_are_a_finding_too(scene):
    """What is captured of a candidate is the endpoint's: the finding is about what is live."""
    other = reading_release(scene.stage, 8)
    subject = Subject(kind="promote", endpoint=ENDPOINT, release=other.release, rollout="r")
    pins = Pins(live=scene.pin), Pins(live=other, previous=scene.pin)
    scene.at(HOUR)
    scene.stage.ledger.append(subject, Opened(before=pins[0], after=pins[1], rollout=RolloutSettings()))
    scene.at(HOUR + timedelta(hours=1, minutes=30))
    fill(scene, 0, 1)
    asked = [line(rows(ROW), scores(0.5), f"c{number}", HOUR + HALF) for number in range(9)]
    scene.capture(*asked, b"half", variant="candidate")
    found = scene.monitor()
    assert {counted.variant: counted.troubles for counted in found.read[0].counts} == {
        "live": {},
        "candidate": {Trouble.LINE: 1},
    }
    [about] = found.deciding.captured
    assert (about.release, about.subject) == (scene.pin.release, Trouble.LINE)
    assert about.evidence == {"records": 1, "of": 11, "hours": 1}


def test_records_of_which_nobody_knows_who_answered_are_a_finding_once_the_release_was_live():
    def hour(number: int, *counts: HourCounts) -> HourRecord:
        return HourRecord(ENDPOINT, HOUR + number * timedelta(hours=1), "", {}, (), counts)

    def count(release: str, **troubles: int) -> HourCounts:
        return HourCounts(ENDPOINT, "live", release, HOUR, 0, 100, {}, troubles)

    nobody, mine, other = count("", lost=50), count(MINE), count("0" * 12, lost=50)
    read = [hour(0, nobody), hour(1, other), hour(2, mine), hour(3, nobody), hour(4, other)]
    assert [*capture.watched(read, MINE, before=False)] == read[2:4]
    assert [*capture.watched(read, MINE, before=True)] == [read[0], *read[2:4]]
    [about] = capture.findings(ENDPOINT, MINE, read[2:4])
    assert (about.subject, about.since, about.evidence) == (
        "lost",
        HOUR + timedelta(hours=3),
        {"records": 50, "of": 150, "hours": 1},
    )


def test_hours_without_a_record_end_no_finding_about_the_capture():
    scene = Scene(shelf=Shelf(over_hours=2))
    scene.capture(*[b"half a rec"] * 40)
    for hour in (1, 4, 8):
        scene.at(HOUR + timedelta(hours=hour, minutes=30))
        scene.monitor()
    assert [kept.finding.subject for kept in scene.shelf.findings.open()] == [Trouble.LINE]
    fill(scene, 8, 12)
    scene.at(HOUR + timedelta(hours=12, minutes=30))
    scene.monitor()
    assert not scene.shelf.findings.open()


def test_a_look_with_nothing_new_shows_what_holds_and_writes_nothing(scene):
    fill(scene, 0, HOURS, carrier="ZZ")
    scene.capture(*[b"half a rec"] * 40, hour=HOUR + timedelta(hours=HOURS - 1))
    first = scene.monitor()
    scene.s3.calls.clear()
    again = scene.monitor()
    assert (again.deciding.hours, scene.s3.calls["put"]) == (0, 0)
    assert again.deciding.standing == first.deciding.standing
    assert {one.kind for one in again.deciding.standing} == {"drift", "capture"}


def test_a_state_that_is_damaged_is_decided_anew(scene):
    fill(scene, 0, HOURS, carrier="ZZ")
    scene.monitor()
    scene.s3.write(f"monitoring/{ENDPOINT}/drift/{scene.pin.release}.json", b"{}")
    found = scene.monitor()
    assert (found.deciding.hours, "carrier: unseen" in subjects(found)) == (HOURS, True)


def test_a_capture_that_never_brought_a_record_needs_a_person(scene):
    subject = Subject(kind="apply", endpoint=ENDPOINT, release=scene.pin.release, rollout="r")
    before = scene.pin.model_copy(update={"capture": None})
    scene.at(HOUR)
    scene.stage.ledger.append(subject, Opened(before=Pins(live=before), after=Pins(live=scene.pin)))
    scene.stage.ledger.append(subject, Closed(event=End.LANDED))
    scene.at(HOUR + timedelta(hours=HOURS, minutes=30))
    found = scene.monitor()
    assert len(found.read) == HOURS
    assert found.blind
