"""Hours that are marked are read again by the next look: forgotten ones, and those of a look that died."""

from datetime import timedelta
from itertools import pairwise

import pytest

from monitoring.records.periods import served
from monitoring.storage.again import mark_again
from release.domain.ledger import Closed, End, Entered, Opened, Phase, Subject
from release.domain.pins import Pins, RolloutSettings
from tests.monitoring.captured import HOUR, ROW, Scene, line, reading_release, rows, scores
from tests.release.scenes import ENDPOINT

NEXT = HOUR + timedelta(hours=1)
RECORD = f"monitoring/{ENDPOINT}/hours/2026/01/01/12.json"


def says_it_reads(key: str, body: bytes) -> None:
    """The first write of a reading is its lock's."""
    assert "/lock/shared/" in key


@pytest.fixture
def scene() -> Scene:
    """Two hours that were read."""
    found = Scene()
    for hour in (HOUR, NEXT):
        found.capture(
            *(line(rows(ROW), scores(0.1), f"{hour:%H}{n}", hour) for n in range(3)), hour=hour, name="a"
        )
    found.monitor()
    return found


def forget(scene: Scene) -> None:
    """What `./slipway forget` does to an hour: one of its records goes, and all that was made of it."""
    scene.capture(*(line(rows(ROW), scores(0.1), f"12{n}") for n in range(2)), name="a")
    for key in [*scene.kept("hours"), *scene.kept("rows")]:
        if "2026/01/01/12" in key:
            scene.s3.write(key, None)


def test_an_hour_that_was_forgotten_is_counted_anew_by_the_next_look(scene):
    forget(scene)
    mark_again(scene.s3, scene.s3.bucket, ENDPOINT, [HOUR])
    found = scene.monitor()
    assert [(record.hour, record.rows) for record in found.read] == [(HOUR, 2)]
    assert found.deciding.hours == 2, "the last look rests on an hour that is another one now"
    assert scene.kept("again") == []
    assert (scene.monitor().read, scene.monitor().deciding.hours) == ((), 0)


def test_what_was_forgotten_is_in_no_decision_although_nobody_marked_its_hour(scene):
    forget(scene)
    assert scene.monitor().deciding.hours == 1


def test_a_marked_hour_that_another_process_has_read_meanwhile_stays_marked(scene):
    mark_again(scene.s3, scene.s3.bucket, ENDPOINT, [HOUR])
    told = served([], ENDPOINT, scene.pin)
    scene.s3.before_put += [says_it_reads, lambda key, body: scene.records.read(HOUR, told, again=True)]
    found = scene.monitor()
    assert (found.elsewhere, len(scene.kept("again"))) == ((HOUR,), 1)
    assert len(scene.monitor().read) == 1
    assert scene.kept("again") == []


def test_an_hour_that_is_forgotten_while_it_is_read_again_stays_marked(scene):
    """Its record is gone when it is to be replaced: S3 answers that with 404."""
    mark_again(scene.s3, scene.s3.bucket, ENDPOINT, [HOUR])
    scene.s3.before_put += [says_it_reads, lambda key, body: scene.s3.write(RECORD, None)]
    found = scene.monitor()
    assert (found.elsewhere, found.read, len(scene.kept("again"))) == ((HOUR,), (), 1)
    assert ([one.rows for one in scene.monitor().read], scene.kept("again")) == ([3], [])


def test_what_was_read_of_older_files_takes_no_newer_ones_place(scene, monkeypatch):
    """Files change, and another process reads them, after this one has listed and opened them."""
    told = served([], ENDPOINT, scene.pin)
    get, met = scene.s3.get_object, []

    def slow(**request):
        found = get(**request)
        if request["Key"].startswith("some/answers/") and not met:
            met.append(request["Key"])
            forget(scene)
            scene.records.read(HOUR, told, again=True)
        return found

    monkeypatch.setattr(scene.s3, "get_object", slow)
    assert scene.records.read(HOUR, told, again=True) is None
    assert scene.records.record(HOUR).rows == 2
    assert len([key for key in scene.kept("rows") if "/12/" in key]) == 1


def test_marked_hours_that_are_not_over_wait(scene):
    last = HOUR + timedelta(hours=2)
    mark_again(scene.s3, scene.s3.bucket, ENDPOINT, [last])
    assert (scene.monitor().read, len(scene.kept("again"))) == ((), 1)
    scene.capture(line(rows(ROW), scores(0.1), "c", last), hour=last)
    scene.at(last + timedelta(minutes=90))
    assert [(record.hour, record.rows) for record in scene.monitor().read] == [(last, 1)]
    assert scene.kept("again") == []


def test_an_hour_that_was_left_out_and_is_named_now_is_decided_with_those_after_it(scene):
    left_out, last = (HOUR + timedelta(hours=hours) for hours in (2, 3))
    scene.at(last + timedelta(minutes=90))
    assert scene.monitor(since=last).gap == left_out
    found = scene.monitor(again=(left_out,))
    assert (found.gap, found.deciding.hours, scene.records.watermark()) == (None, 2, last + (NEXT - HOUR))


def test_a_late_file_is_the_release_s_that_answered_then_whatever_was_released_since(scene):
    """Two rollouts landed after the hour that a file came late for."""
    pins = [scene.pin, reading_release(scene.stage, 8), reading_release(scene.stage, 9)]
    for number, (old, new) in enumerate(pairwise(pins)):
        subject = Subject(kind="promote", endpoint=ENDPOINT, release=new.release, rollout=f"{number}")
        rollout = RolloutSettings(strategy="all-at-once")
        for minute, what in (
            (0, Opened(before=Pins(live=old), after=Pins(live=new, previous=old), rollout=rollout)),
            (1, Entered(event=Phase.MOVING)),
            (2, Entered(event=Phase.VERIFYING)),
            (3, Closed(event=End.LANDED)),
        ):
            scene.at(HOUR + timedelta(hours=5 + 5 * number, minutes=minute))
            scene.stage.ledger.append(subject, what)
    settings = scene.stage.file.endpoints[ENDPOINT]
    live = {"live": pins[2], "previous": pins[1]}
    scene.stage.file.endpoints[ENDPOINT] = settings.model_copy(update=live)
    scene.at(HOUR + timedelta(hours=15))
    scene.monitor()
    scene.capture(line(rows(ROW), scores(0.2), "late"), name="late")
    [again] = scene.monitor(late=True).read
    assert {counted.release: counted.rows for counted in again.counts} == {scene.pin.release: 4}
