"""Whatever comes instead of right records is counted, named, set aside, and read again once it is mended."""

import gzip
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from monitoring.records.troubles import Trouble
from release.domain.errors import ServiceError
from tests.monitoring.captured import HOUR, ROW, SCHEMA, Scene, line, rows, scores
from tests.release.scenes import ENDPOINT

NEXT = HOUR + timedelta(hours=1)
RECORD = f"monitoring/{ENDPOINT}/hours/2026/01/01/12.json"
WATERMARK = f"monitoring/{ENDPOINT}/watermark.json"


def record(event: str, at: Any = HOUR, **changes: Any) -> bytes:
    return line(rows(ROW), scores(0.5), event, at, **changes)


RIGHT = [record(f"{number}") for number in range(3)]
WHOLE = b"\n".join(RIGHT) + b"\n"
TORN = b'{"half": '


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.mark.parametrize(
    ("body", "counted", "causes"),
    [
        (WHOLE[: -len(RIGHT[2]) // 2], 2, {Trouble.LINE: 1}),
        (WHOLE + TORN, 3, {Trouble.LINE: 1}),
        (WHOLE[len(RIGHT[0]) // 2 :], 2, {Trouble.LINE: 1}),
        (WHOLE.replace(b"\n", b"\r\n"), 3, {}),
        (WHOLE.replace(b"\n", b"\n\n \n"), 3, {}),
        (gzip.compress(WHOLE, mtime=0)[:9] + b"\n" + RIGHT[0], 1, {Trouble.LINE: 1}),
        (WHOLE.decode().encode("utf-16"), 0, {Trouble.LINE: 4}),
        (b"", 0, {}),
        (b"\x00" * 5000, 0, {Trouble.LINE: 1}),
        (WHOLE + record("new", eventVersion="1"), 3, {Trouble.FORM: 1}),
        (WHOLE + record("slow", HOUR + timedelta(minutes=66)), 3, {Trouble.HOUR: 1}),
        (WHOLE + record("fast", HOUR - timedelta(days=365)), 3, {Trouble.HOUR: 1}),
        (WHOLE * 2, 3, {Trouble.DUPLICATE: 3}),
    ],
)
def test_a_file_that_is_not_right_is_told_by_its_causes_and_read_again_when_it_is(
    scene, body, counted, causes
):
    key = scene.capture(name="a")
    scene.s3.write(key, body)
    [found, _] = scene.monitor().read
    assert (found.rows, found.troubles) == (counted, {cause.value: count for cause, count in causes.items()})
    kept = [json.loads(each) for each in scene.s3.objects.get(found.quarantine, b"").splitlines()]
    assert {(one["cause"], one["file"]) for one in kept} == {
        (cause.value, f"s3://kept/{key}") for cause in causes
    }
    assert len(kept) == found.quarantined == sum(causes.values())
    scene.s3.write(key, WHOLE)
    [mended] = scene.monitor(again=(HOUR,)).read
    assert (mended.rows, mended.troubles, mended.quarantine) == (3, {}, "")
    assert scene.kept("quarantine") == []
    assert scene.monitor().deciding.captured == ()


def test_a_mended_file_is_named_as_late_and_nothing_of_it_counts_before_it_is_asked_for(scene):
    key = scene.capture(TORN, name="a")
    scene.monitor()
    scene.s3.write(key, WHOLE)
    found = scene.monitor()
    assert (found.late, found.read) == ({HOUR: [f"s3://kept/{key}"]}, ())
    assert [one.rows for one in scene.monitor(late=True).read] == [3]


@pytest.mark.parametrize(
    ("row", "wrong", "missing"),
    [
        ({"carrier": "UA", "distance": 7, "gust": None, "new": 1}, set(), {"gust"}),
        ({"carrier": "UA", "distance": 7}, set(), {"gust"}),
        ({"carrier": "UA", "gust": 1.5}, set(), {"distance"}),
        ({"carrier": 7, "distance": "far", "gust": 1.5}, {"carrier", "distance"}, set()),
    ],
)
def test_rows_of_another_schema_count_by_what_of_them_fits(scene, row, wrong, missing):
    scene.capture(record("a"), line(rows(row), scores(0.5), "b"))
    [counted] = scene.monitor().read[0].counts
    names = [feature["name"] for feature in SCHEMA["features"]]
    assert (counted.rows, counted.troubles) == (2, {})
    assert {name for name in names if counted.columns[name].invalid} == wrong
    usual = {"gust"}  # the first row lacks it
    assert {name for name in names if counted.columns[name].missing > (name in usual)} == missing


def test_an_hour_without_a_file_is_an_hour_of_no_rows_and_is_read_again_like_any_other(scene):
    [empty, _] = scene.monitor(since=HOUR).read
    assert (empty.rows, empty.files, [one.rows for one in empty.counts]) == (0, {}, [0])
    scene.capture(*RIGHT)
    assert scene.monitor().late.keys() == {HOUR}
    assert [one.rows for one in scene.monitor(again=(HOUR,)).read] == [3]


def denied(scene: Scene, *prefixes: str) -> Sequence[str]:
    """What a look says while a prefix is refused, one after the other."""
    said = []
    for prefix in prefixes:
        scene.s3.denied = prefix
        with pytest.raises(ClientError) as refused:
            scene.monitor()
        said.append(refused.value.response["Error"]["Code"])
    scene.s3.denied = ""
    return said


def test_a_bucket_that_refuses_ends_a_look_and_is_made_up_for_by_the_next(scene):
    scene.capture(*RIGHT)
    places = ("some/answers/", *(f"monitoring/{ENDPOINT}/{what}" for what in ("rows/", "hours/")))
    assert set(denied(scene, *places)) == {"AccessDenied"}
    assert (scene.kept("hours"), scene.records.watermark()) == ([], None)
    later = [f"monitoring/{ENDPOINT}/{what}" for what in ("watermark", "drift/", "again/")]
    assert set(denied(scene, *later)) == {"AccessDenied"}
    found = scene.monitor()
    assert (found.deciding.hours, scene.records.watermark()) == (2, HOUR + timedelta(hours=2))
    assert [one.rows for one in scene.records.records([HOUR, NEXT])] == [3, 0]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b'{"format": 1}'])
def test_a_damaged_record_of_an_hour_is_named_with_the_command_that_mends_it(scene, body):
    scene.capture(*RIGHT)
    scene.monitor()
    scene.s3.write(RECORD, body)
    with pytest.raises(ServiceError, match=r"hours/2026/01/01/12\.json") as damaged:
        scene.monitor()
    assert "--again 2026-01-01T12" in damaged.value.next_step
    found = scene.monitor(again=(HOUR,))
    assert ([one.rows for one in found.read], found.deciding.hours) == ([3], 2)
    assert scene.kept("again") == []


@pytest.mark.parametrize("asked", [{}, {"again": (HOUR,)}, {"late": True}])
def test_an_hour_that_a_later_version_read_is_refused_as_that_and_left_as_it_is(scene, asked):
    scene.capture(*RIGHT)
    scene.monitor()
    later = json.loads(scene.s3.objects[RECORD]) | {"format": 2, "attempts": []}
    scene.s3.write(RECORD, json.dumps(later).encode())
    scene.at(HOUR + timedelta(hours=3, minutes=30))
    with pytest.raises(
        ServiceError, match=r"A later version .*hours/2026/01/01/12\.json is of format 2"
    ) as no:
        scene.monitor(**asked)
    assert "git pull" in no.value.next_step
    assert json.loads(scene.s3.objects[RECORD]) == later


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b'{"until": "noon"}', b'{"until": 7}'])
def test_a_damaged_watermark_is_named_and_without_it_hours_stay_read(scene, body):
    scene.capture(*RIGHT)
    scene.monitor()
    scene.s3.write(WATERMARK, body)
    with pytest.raises(ServiceError, match="watermark") as damaged:
        scene.monitor()
    assert "Delete that object" in damaged.value.next_step
    scene.s3.write(WATERMARK, None)
    assert scene.monitor().read == ()
    assert scene.records.watermark() == HOUR + timedelta(hours=2)


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff", b'{"format": 1, "release": "x"}'])
def test_a_damaged_last_look_is_decided_anew(scene, body):
    scene.capture(*RIGHT)
    whole = scene.monitor()
    scene.s3.write(f"monitoring/{ENDPOINT}/drift/{scene.pin.release}.json", body)
    found = scene.monitor()
    assert (found.deciding.hours, found.deciding.standing) == (2, whole.deciding.standing)
