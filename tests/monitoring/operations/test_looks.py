"""What quality, the account of captures and the drift of a release could have seen, and did not, is over."""

from collections.abc import Mapping
from datetime import timedelta

from monitoring.finding import Finding
from monitoring.operations.account import account
from monitoring.operations.account import look as of_captures
from monitoring.operations.quality import look as of_quality
from monitoring.operations.quality import measure
from monitoring.quality.reporting import Promised, Quality, Subject
from release.domain.quality_settings import QualitySettings
from tests.fakes.findings import Shelf, finding
from tests.monitoring.captured import HOUR, Scene
from tests.monitoring.operations.test_deciding import fill
from tests.monitoring.quality import stream
from tests.monitoring.quality.stream import DAY, RELEASE
from tests.release.adapters.s3 import FakeS3
from tests.release.scenes import ENDPOINT

WINDOW = 2
SETTINGS = QualitySettings(least_rows=1, least_slice_rows=1, settle_hours=1, slices=("origin",))


def judged(days: int) -> Quality:
    """The quality of a release of which so many days are judged."""
    s3 = FakeS3()
    for day in range(days):
        at = stream.HOUR + day * DAY
        name = stream.answered(s3, at, [0.2])
        stream.told(s3, f"{day}", [stream.label(name, 0, at + timedelta(hours=1))])
    subject = Subject("delays", RELEASE, stream.HOUR + (days + 1) * DAY)
    stream.read_until(s3, subject.until)
    return measure(stream.sources(s3), subject, SETTINGS, Promised()).quality


def noticed_on_the_first_day(subject: str) -> Finding:
    end = (stream.HOUR + DAY).replace(hour=0)
    return finding(release=RELEASE, subject=subject, since=end - DAY, noticed=end)


def test_without_a_judged_day_nothing_was_looked_at():
    assert of_quality(judged(0), WINDOW) is None


def test_quality_that_newer_days_do_not_show_is_over_and_what_they_cannot_show_is_not():
    shelf, found = Shelf(over_hours=24), judged(2)
    subjects = ("calibration", "calibration origin=JFK", "calibration origin=LAX", "auc")
    shelf.findings.note([noticed_on_the_first_day(subject) for subject in subjects])
    shelf.findings.note((), of_quality(judged(1), WINDOW))
    assert len(shelf.findings.open()) == 4, "no newer day is judged"
    shelf.findings.note(found.findings, of_quality(found, WINDOW + 1))
    assert {one.finding.subject for one in shelf.findings.open()} == {"calibration origin=LAX", "auc"}
    shelf.findings.note(found.findings, of_quality(found, WINDOW))
    assert {one.finding.subject for one in shelf.findings.open()} == {"calibration origin=LAX"}


class Counts:
    """What SageMaker counted by hour since the scene's first, and how many records of it are missing."""

    def __init__(self, answered: Mapping[int, int], missing: Mapping[int, int]) -> None:
        self.of = {("live", HOUR + hour * timedelta(hours=1)): count for hour, count in answered.items()}
        self.gone = {("live", HOUR + hour * timedelta(hours=1)): count for hour, count in missing.items()}

    def answered(self, endpoint, start, end):
        return {key: count for key, count in self.of.items() if start <= key[1] < end}

    def kept(self, places, endpoint, start, end):
        return {key: count - self.gone.get(key, 0) for key, count in self.answered("", start, end).items()}


def compared(scene: Scene, counts: Counts, hours: int):
    """One look at the last 24 hours, so many hours after the scene's first."""
    scene.at(HOUR + timedelta(hours=hours, minutes=30))
    found = account(scene.stage.ports(), counts, ENDPOINT, 24)
    scene.shelf.findings.note(found.findings, of_captures(found))
    return scene.shelf.findings.all()


def test_missing_records_are_over_when_a_day_of_answers_has_all_of_them():
    scene = Scene(shelf=Shelf(over_hours=24))
    counts = Counts(dict.fromkeys(range(60), 100), {3: 7})
    assert compared(scene, counts, 3) == []
    [kept] = compared(scene, counts, 4)
    assert (kept.is_open, kept.until) == (True, HOUR + timedelta(hours=4))
    [kept] = compared(scene, counts, 5)
    assert (kept.seen, compared(scene, counts, 5)[0].seen) == (2, 2), "looked at twice, it was seen once"
    [kept] = compared(scene, counts, 27)
    assert kept.seen == 3, "its hour is still among those that are compared"
    [kept] = compared(scene, counts, 50)
    assert kept.is_open
    [kept] = compared(scene, counts, 51)
    assert not kept.is_open


def test_missing_records_are_not_over_because_nobody_called():
    scene = Scene(shelf=Shelf(over_hours=24))
    counts = Counts({3: 100}, {3: 7})
    compared(scene, counts, 4)
    for hour in (30, 60, 90):
        [kept] = compared(scene, counts, hour)
    assert kept.is_open


def test_hours_that_are_read_do_not_end_what_only_the_account_of_captures_sees():
    scene = Scene(shelf=Shelf(over_hours=1))
    missing = finding(release=scene.pin.release, kind="capture", subject="missing records of live")
    unread = finding(
        release=scene.pin.release, kind="capture", subject="captured line that is no record", since=HOUR
    )
    scene.shelf.findings.note([missing, unread])
    fill(scene, 0, 3)
    scene.at(HOUR + timedelta(hours=3, minutes=30))
    scene.monitor()
    assert [one.finding.subject for one in scene.shelf.findings.open()] == ["missing records of live"]
