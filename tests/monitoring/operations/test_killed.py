"""A look that dies at any write: the next one, as a schedule begins it, ends where it would have ended."""

import json
from datetime import timedelta
from typing import Any

import pytest

from monitoring.records.last_look import LastLook, digest_of
from monitoring.storage.again import mark_again
from tests.fakes.trouble import Crash, Trouble, crash
from tests.monitoring.captured import HOUR, Bucket, Scene, line, rows, scores
from tests.monitoring.operations.test_deciding import fill
from tests.release.scenes import ENDPOINT

HOURS = 3


class Mortal(Bucket):
    """A bucket whose writer may die before or after any write."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__()
        self.trouble = trouble

    def put_object(self, **request: Any) -> dict[str, Any]:
        self.trouble.moment("put")
        answer = super().put_object(**request)
        self.trouble.moment()
        return answer

    def upload_file(self, path: str, bucket: str, key: str) -> None:
        self.trouble.moment("upload")
        super().upload_file(path, bucket, key)
        self.trouble.moment()

    def delete_object(self, **request: Any) -> None:
        self.trouble.moment("delete")
        super().delete_object(**request)
        self.trouble.moment()


class Life:
    """A scene as it was at one time, as often as a test begins there."""

    def __init__(self, scene: Scene) -> None:
        self._objects, self._kept = dict(scene.s3.objects), dict(scene.shelf.records.kept)
        self._seconds = scene.stage.clock.seconds

    def begin(self) -> Scene:
        """There again."""
        scene = Scene()
        scene.s3 = Mortal(scene.shelf.trouble)
        scene.s3.objects |= self._objects
        scene.shelf.records.kept |= self._kept
        scene.stage.clock.seconds = self._seconds
        return scene


def with_late_files() -> Scene:
    """Hours that were read and decided; then other files came for two of them."""
    scene = Scene()
    fill(scene, 0, HOURS)
    scene.at(HOUR + timedelta(hours=HOURS, minutes=30))
    scene.monitor()
    chosen = {"carrier": "ZZ", "distance": 7, "gust": 1.5}
    for hour in (0, 1):
        at = HOUR + timedelta(hours=hour)
        answer = scores(*[0.007] * 500)
        scene.capture(line(rows(*[chosen] * 500), answer, f"l{hour}", at), b"half", hour=at, name="late")
    return scene


@pytest.fixture(scope="module")
def late() -> Life:
    return Life(with_late_files())


def ends(scene: Scene) -> dict[str, Any]:
    """All that is known afterwards, but for the names of what was written."""
    found = scene.records.last_look(scene.pin.release)
    look = LastLook.from_bytes(found[0]) if found else None
    assert look is not None
    versions = scene.records.versions()
    assert look.digest == digest_of(versions, min(versions), look.until)
    hours = list(scene.records.records(list(versions)))
    assert {table.key for record in hours for table in record.tables} <= set(scene.kept("rows"))
    return {
        "look": [
            *(look.until, look.newest, look.empty_since, look.had_rows, look.captured),
            json.loads(look.state or "null"),
        ],
        "hours": [(record.hour, record.counts, record.files) for record in hours],
        "marks": scene.kept("again"),
        "watermark": scene.records.watermark(),
        "open": {
            kept.finding.subject: (kept.seen, kept.occurrence, len(kept.notices))
            for kept in scene.shelf.findings.open()
        },
    }


def dies_at_every_moment(life: Life, **asked: Any) -> dict[int, dict[str, Any]]:
    """What is known after a look that died at each moment and a plain one; at 0, after one that did not."""
    scene = life.begin()
    scene.monitor(**asked)
    found = {0: ends(scene)}
    assert "hour drift carrier: unseen" in found[0]["look"][-1]["standing"]
    for moment in range(1, scene.shelf.trouble.moments + 1):
        scene = life.begin()
        scene.shelf.trouble.plan(moment, crash)
        with pytest.raises(Crash):
            scene.monitor(**asked)
        scene.shelf.trouble.plan(None, None)
        scene.monitor()
        found[moment] = ends(scene)
    assert len(found) > 20
    return found


def test_one_that_reads_late_files_is_made_up_for_by_the_next_plain_one(late):
    found = dies_at_every_moment(late, late=True)
    scene = late.begin()
    scene.monitor()
    before = ends(scene)
    assert found.pop(1) == before != found[0], "nothing had begun"
    assert [moment for moment, known in found.items() if known != found[0]] == []


@pytest.mark.long
def test_one_that_reads_named_hours_again_is_made_up_for_by_the_next_plain_one(late):
    found = dies_at_every_moment(late, again=(HOUR, HOUR + timedelta(hours=1)))
    del found[1]
    assert [moment for moment, known in found.items() if known != found[0]] == []


@pytest.mark.long
def test_a_plain_one_is_made_up_for_by_the_next(late):
    scene = late.begin()
    fill(scene, HOURS, HOURS + 2, carrier="ZZ")
    scene.at(HOUR + timedelta(hours=HOURS + 2, minutes=30))
    mark_again(scene.s3, scene.s3.bucket, ENDPOINT, [HOUR])
    found = dies_at_every_moment(Life(scene))
    assert [moment for moment, known in found.items() if known != found[0]] == []


def test_of_two_looks_at_once_neither_keeps_what_the_hours_do_not_say(late):
    """The other one reads an hour again, and keeps what it decided, before this one keeps its own."""
    scene = late.begin()
    met = []

    def other(key: str, body: bytes) -> None:
        if "/drift/" not in key:
            scene.s3.before_put.append(other)
        elif not met:
            met.append(key)
            scene.monitor(again=(HOUR,))

    scene.s3.before_put.append(other)
    scene.monitor(again=(HOUR + timedelta(hours=1),))
    assert met
    scene.monitor()
    whole = late.begin()
    whole.monitor(late=True)
    assert ends(scene) == ends(whole)
    assert "hour drift carrier: unseen" in ends(whole)["look"][-1]["standing"]
