"""What is no right record is counted by its cause and kept; no line of a file is neither."""

import base64
import json
import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.records.hours import Folder
from monitoring.records.troubles import NotReadable, Trouble
from release.domain import names
from release.domain.errors import UsageError
from tests.monitoring.captured import HOUR, ROW, SCHEMA, TO, Scene, line, rows, scores
from tests.release.scenes import NAME

GOOD = line(rows(ROW), scores(0.5), "good")
METADATA = {"eventId": "e", "inferenceTime": "2026-01-01T12:00:00Z"}


def read(*lines: bytes, scene: Scene | None = None, **capture):
    """The record of one hour that has these lines."""
    scene = scene or Scene()
    scene.capture(*lines, **capture)
    return scene.monitor().read[0], scene


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        (GOOD[: len(GOOD) // 2], Trouble.LINE),
        (b"\x00\xff\xfe", Trouble.LINE),
        (b"[" * 5000, Trouble.FORM),
        (b"{}", Trouble.FORM),
        (b"[]", Trouble.FORM),
        (b'"text"', Trouble.FORM),
        (line(rows(ROW), scores(0.5), "e", eventVersion="1"), Trouble.FORM),
        (line(rows(ROW), scores(0.5), "e", eventMetadata={"eventId": "e"}), Trouble.FORM),
        (line(rows(ROW), scores(0.5), "e", eventMetadata=METADATA | {"inferenceTime": "noon"}), Trouble.FORM),
        (line(rows(ROW), scores(0.5), ""), Trouble.FORM),
        (line(rows(ROW), scores(0.5), "e", captureData={}), Trouble.FORM),
        (line(rows(ROW), scores(0.5), "e", endpointInput={"encoding": "ROT13"}), Trouble.ENCODING),
        (line("no base64!", scores(0.5), "e", endpointInput={"encoding": "BASE64"}), Trouble.ENCODING),
        (line(rows(ROW), scores(0.5), "e", endpointInput={"observedContentType": "image/png"}), Trouble.TYPE),
        (
            line(rows(ROW), scores(0.5), "e", endpointOutput={"observedContentType": "text/html"}),
            Trouble.TYPE,
        ),
        (line("", scores(0.5), "e"), Trouble.REQUEST),
        (line("[[[", scores(0.5), "e"), Trouble.REQUEST),
        (line({"instances": []}, scores(), "e"), Trouble.REQUEST),
        (line({"question": 7}, scores(0.5), "e"), Trouble.REQUEST),
        (line(rows(ROW), '{"predictions": ["late"]}', "e"), Trouble.ANSWER),
        (line(rows(ROW), "<html>", "e"), Trouble.ANSWER),
        (line(rows(ROW, ROW), scores(0.5), "e"), Trouble.ROWS),
        (line(rows(ROW), scores(0.5), "good"), Trouble.DUPLICATE),
        (line(rows(ROW), scores(0.5), "e", HOUR + timedelta(hours=3)), Trouble.HOUR),
        (line(rows(ROW), scores(0.5), "e", HOUR - timedelta(minutes=6)), Trouble.HOUR),
    ],
)
def test_a_record_that_says_nothing_is_counted_by_its_cause_and_kept(wrong, cause):
    record, scene = read(GOOD, wrong)
    [counted] = record.counts
    assert (counted.rows, counted.troubles) == (1, {cause.value: 1})
    [kept] = [json.loads(each) for each in scene.s3.objects[record.quarantine].splitlines()]
    assert (kept["cause"], kept["bytes"]) == (cause.value, len(wrong))
    assert kept["file"].startswith(f"s3://kept/some/answers/{NAME}/live/2026/01/01/12/")


def test_a_record_that_is_a_little_outside_its_folders_hour_is_of_that_hour():
    early, late = HOUR - timedelta(minutes=4), HOUR + timedelta(minutes=64)
    record, _ = read(*(line(rows(ROW), scores(0.5), f"{at}", at) for at in (early, late)))
    assert (record.rows, record.troubles) == (2, {})


def test_an_exchange_that_lies_in_two_files_is_counted_once():
    scene = Scene()
    scene.capture(GOOD, line(rows(ROW), scores(0.5), "other"))
    record, _ = read(GOOD, scene=scene)
    assert (record.rows, record.troubles) == (2, {Trouble.DUPLICATE.value: 1})


def test_answers_to_golden_requests_are_nobodys_and_no_trouble():
    record, _ = read(GOOD, line(rows(ROW), scores(0.5), "g", inference=names.OWN_REQUEST))
    assert (record.rows, record.own, record.troubles) == (1, 1, {})


def test_a_variant_that_nobody_put_there_is_named():
    record, _ = read(GOOD, variant="candidate")
    assert record.troubles == {Trouble.NOBODY.value: 1}
    assert record.rows == 0


def test_records_of_a_release_whose_manifest_is_gone_are_named():
    scene = Scene()
    del scene.stage.artifacts.manifests[scene.pin.release]
    scene.capture(GOOD, line(rows(ROW), scores(0.5), "b"))
    with pytest.raises(UsageError, match=r"has no manifest\.json"):
        scene.monitor()
    record = scene.records.record(HOUR)
    assert record is not None
    assert record.troubles == {Trouble.RELEASE.value: 2}


def test_a_file_that_is_gone_when_it_is_read_is_named():
    scene = Scene()
    key = scene.capture(GOOD)
    lines = scene.records._files.lines
    [file] = scene.records._files.of_hour(Folder(TO, "live"), HOUR)
    scene.s3.write(key, None)
    [[none]] = lines(file)
    assert isinstance(none, NotReadable)
    assert none.trouble is Trouble.FILE


def test_of_very_many_lines_that_say_nothing_all_are_counted_and_the_first_are_kept(monkeypatch):
    monkeypatch.setattr("monitoring.storage.quarantine.MOST_LINES", 3)
    record, scene = read(*[b"nothing"] * 10)
    assert record.troubles == {Trouble.LINE.value: 10}
    assert record.quarantined == len(scene.s3.objects[record.quarantine].splitlines()) == 3


def test_a_value_of_another_kind_is_invalid_and_the_row_is_counted():
    wrong = {"carrier": 7, "distance": "far", "gust": 1e39}
    record, _ = read(line(rows(ROW, wrong, {"carrier": "UA"}), scores(0.5, None, 0.1), "e"))
    columns = record.counts[0].columns
    assert [columns[name].invalid for name in ("carrier", "distance", "gust", "score")] == [1, 1, 1, 0]
    assert [columns[name].missing for name in ("carrier", "distance", "gust", "score")] == [0, 1, 2, 1]
    assert {columns[name].rows for name in columns} == {3}


CSV_TYPE = {"observedContentType": "text/csv", "encoding": "CSV"}
LINES_TYPE = {"observedContentType": "application/jsonlines"}
TENSORS = {
    "inputs": [
        {"name": "carrier", "shape": [2, 1], "datatype": "BYTES", "data": ["UA", "ZZ"]},
        {"name": "distance", "shape": [2, 1], "datatype": "FP32", "data": [7, 8]},
    ]
}


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        ("UA,7,\nZZ,8,\n", CSV_TYPE),
        ("distance,carrier\n7,UA\n8,ZZ\n", CSV_TYPE),
        ('{"carrier":"UA","distance":7,"gust":null}\n{"carrier":"ZZ","distance":8,"gust":null}', LINES_TYPE),
        ({"instances": [["UA", 7, None], ["ZZ", 8, None]]}, {}),
        ({"inputs": {"carrier": ["UA", "ZZ"], "distance": [7, 8]}}, {}),
        ({"dataframe_split": {"columns": ["carrier", "distance"], "data": [["UA", 7], ["ZZ", 8]]}}, {}),
        (TENSORS, {}),
        (base64.b64encode(b"UA,7,\nZZ,8,\n").decode(), CSV_TYPE | {"encoding": "BASE64"}),
    ],
)
@pytest.mark.parametrize(
    ("answer", "answered"),
    [
        (scores(0.5, 0.25), {}),
        ("0.5\n0.25\n", CSV_TYPE),
        ("0.5\n0.25\n", LINES_TYPE),
        (base64.b64encode(b"0.5\n0.25\n").decode(), CSV_TYPE | {"encoding": "BASE64"}),
    ],
)
def test_rows_are_the_same_in_every_form_of_request_and_answer(request_, kind, answer, answered):
    record, _ = read(line(request_, answer, "e", endpointInput=kind, endpointOutput=answered))
    assert record.troubles == {}
    columns = record.counts[0].columns
    assert (columns["carrier"].unseen, columns["gust"].missing) == (1, 2)
    assert (columns["distance"].low, columns["distance"].high) == (7.0, 8.0)
    assert (columns["score"].low, columns["score"].high) == (0.25, 0.5)


@given(seed=st.integers(0, 2**32))
def test_however_a_file_is_broken_every_line_is_counted_or_named(seed):
    chosen = random.Random(seed)  # noqa: S311 - nothing is secret
    good = [line(rows(*[ROW] * chosen.randint(1, 3)), scores(0.5), str(n), inference="x") for n in range(8)]
    body = bytearray(b"\n".join(good))
    for _ in range(chosen.randint(1, 30)):
        place = chosen.randrange(len(body))
        match chosen.randrange(3):
            case 0:
                body[place] = chosen.randrange(256)
            case 1:
                del body[place : place + chosen.randrange(40)]
            case _:
                body[place:place] = body[: chosen.randrange(60)]
    lines = [each for each in bytes(body).split(b"\n") if each.strip()]
    record, _ = read(*lines)
    counted = sum(one.requests for one in record.counts) + sum(record.troubles.values()) + record.own
    assert counted == len(lines)


def sensitive(**how: str):
    """The schema, some of its features sensitive."""
    changed = [
        one | ({"sensitive": how[one["name"]]} if one["name"] in how else {}) for one in SCHEMA["features"]
    ]
    return {**SCHEMA, "features": changed}


def test_what_a_container_kept_is_of_its_release_and_holds_nothing_sensitive():
    scene = Scene(schema=sensitive(carrier="hash", gust="drop"), capture_as={"by": "container"})
    kept = rows({"carrier": "hash:abc", "distance": 7}, {"carrier": None, "distance": 8})
    record, _ = read(line(kept, scores(0.5, 0.25), "e"), scene=scene, variant=scene.pin.release)
    [counted] = record.counts
    assert (counted.variant, counted.release, counted.rows) == ("live", scene.pin.release, 2)
    assert counted.troubles == {}
    assert set(counted.columns) == {"distance", "score"}
    [table] = record.tables
    assert b"hash:" not in scene.s3.objects[table.key]


def test_of_rows_that_were_refused_alone_a_container_keeps_the_other_ones():
    scene = Scene(capture_as={"by": "container"})
    record, _ = read(
        line(rows(ROW, ROW), scores(0.5, None, 0.25), "e"), scene=scene, variant=scene.pin.release
    )
    assert (record.rows, record.troubles) == (2, {})


def test_answers_alone_are_counted_and_columns_that_were_not_kept_are_not_there():
    record, _ = read(line(rows(ROW), scores(0.5, 0.75), "e", captureData={"endpointOutput": ANSWERED}))
    [counted] = record.counts
    assert (counted.rows, set(counted.columns)) == (1, {"score"})


def test_records_with_and_without_requests_are_counted_together():
    record, _ = read(GOOD, line({}, {}, "e", captureData={"endpointOutput": ANSWERED}))
    [counted] = record.counts
    assert (counted.rows, counted.columns["score"].rows, counted.columns["distance"].rows) == (2, 2, 1)
    assert (counted.columns["score"].low, counted.columns["score"].high) == (0.25, 0.5)


ANSWERED = {"observedContentType": "application/json", "data": '{"predictions": [0.25]}', "encoding": "JSON"}
