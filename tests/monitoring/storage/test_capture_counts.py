"""Captured records are counted by folder and hour, each once, whatever their lines and files are like."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from monitoring.storage import files
from monitoring.storage.capture_counts import CaptureCounts
from tests.monitoring.captured import HOUR, ROW, TO, Scene, line, rows, scores
from tests.release.adapters.s3 import refusal
from tests.release.scenes import NAME

NEXT = HOUR + timedelta(hours=1)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def record(event: str, text: str = "") -> bytes:
    return line(rows(ROW | {"carrier": text}), scores(0.5), event)


def kept(scene: Scene, hours: int = 2) -> Mapping[tuple[str, datetime], int]:
    return CaptureCounts(scene.s3, None).kept([TO], NAME, HOUR, HOUR + timedelta(hours=hours))


def test_records_are_counted_by_folder_and_hour_each_once(scene):
    scene.capture(record("a"), record("b"))
    scene.capture(record("b"), record("c"))
    scene.capture(record("a"), hour=NEXT)
    scene.capture(record("a"), variant="0123456789ab")
    scene.capture(record("a"), hour=HOUR + timedelta(hours=2))
    scene.capture(record("a"), hour=HOUR - timedelta(hours=1))
    assert kept(scene) == {("live", HOUR): 3, ("live", NEXT): 1, ("0123456789ab", HOUR): 1}


def test_lines_that_say_no_name_count_each_in_whatever_file_and_place(scene):
    for _ in range(2):
        scene.capture(b"half a rec", record("same"), b"{}", b"\xff")
    assert kept(scene) == {("live", HOUR): 7}


def test_a_line_ends_where_json_lines_end_and_nowhere_else(scene):
    odd = record("a", "one\u2028two\u2029\x85three").replace(b"\\u2028", "\u2028".encode())
    scene.capture(odd, record("b").replace(b" ", b"\r"), b"", b"  ", end=b"")
    assert kept(scene) == {("live", HOUR): 2}


def test_a_line_of_any_length_is_one_line_and_takes_no_more_memory(scene, monkeypatch):
    monkeypatch.setattr(files, "CHUNK", 64)
    short = files.split
    monkeypatch.setattr(files, "split", lambda chunks: short(chunks, longest=1000))
    scene.capture(record("a"), record("a", "x" * 5000), record("c"))
    assert kept(scene) == {("live", HOUR): 3}, "nobody reads the name of one that is too long"


def test_what_is_no_capture_file_or_is_gone_by_now_holds_no_record(scene, monkeypatch):
    place = f"some/answers/{NAME}/live/2026/01/01/12"
    for key in (f"{place}/notes.txt", f"{place}/deeper/a.jsonl", f"some/answers/{NAME}/live/a.jsonl"):
        scene.s3.write(key, record("a"))
    gone = scene.capture(record("b"))
    scene.capture(record("c"))
    get = scene.s3.get_object

    def deleted(**request):
        if request["Key"] == gone:
            raise refusal("NoSuchKey", 404)
        return get(**request)

    monkeypatch.setattr(scene.s3, "get_object", deleted)
    assert kept(scene) == {("live", HOUR): 1}


@pytest.mark.parametrize("action", ["paginate", "get_object"])
def test_a_bucket_that_refuses_is_no_count_of_nothing(scene, monkeypatch, action):
    scene.capture(record("a"))

    def refuse(**request):
        raise refusal("AccessDenied", 403)

    monkeypatch.setattr(scene.s3, action, refuse)
    with pytest.raises(ClientError, match="AccessDenied"):
        kept(scene)


def test_listings_do_not_grow_with_the_hours_that_are_looked_at(scene):
    scene.capture(record("a"))
    kept(scene)
    one = scene.s3.calls["list"]
    kept(scene, 24 * 90)
    assert scene.s3.calls["list"] == 2 * one
