"""Content-Type and Accept."""

import json

import pytest

from model.serving.formats.media import Format, answer_format, request_format, takes_long
from model.serving.predictor import Model
from tests.model.serving.asking import ask, ask_csv, error
from tests.model.serving.examples import ROW, instances

CSV = b"colour,size\nred,2\n"


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("TEXT/CSV ; charset=utf-8", "text/csv"),
        ("application/*, text/*;q=0.5", "application/json"),
        ("application/json;q=0.1, text/csv;q=0.2", "text/csv"),
        ("text/csv;q=0, */*", "application/json"),
        ("image/png, */*;q=0.1", "application/json"),
        ("application/json;q=nonsense, text/csv", "text/csv"),
        ("application/x-npy", "application/x-npy"),
        ("application/x-ndjson", "application/x-ndjson"),
        ("application/x-parquet;q=0.5, application/x-jsonlines", "application/x-jsonlines"),
        ("application/vnd.apache.arrow.stream;q=0.9, */*;q=0.8", "application/vnd.apache.arrow.stream"),
        ("text/*", "text/csv"),
    ],
)
def test_accept_chooses(toys: Model, accept: str, media: str) -> None:
    assert ask(toys, instances(ROW), accept=accept).media == media


def test_without_a_wish_csv_answers_csv(toys: Model) -> None:
    assert ask_csv(toys, CSV).media == ask_csv(toys, CSV, accept="*/*").media == "text/csv"
    answer = ask_csv(toys, CSV, accept="application/json")
    assert len(json.loads(answer.body)["predictions"]) == 1


@pytest.mark.parametrize("accept", ["image/png", "text/html,application/xhtml+xml", "*/*;q=0", ",;,", "\xff"])
def test_nothing_acceptable(toys: Model, accept: str) -> None:
    fault = error(ask(toys, instances(ROW), accept=accept))
    assert fault["status"] == 406
    assert "text/csv" in fault["message"]


@pytest.mark.parametrize("content_type", ["application/json; charset=UTF-8", "APPLICATION/JSON"])
def test_known_content_types(toys: Model, content_type: str) -> None:
    assert ask(toys, instances(ROW), content_type=content_type).status == 200


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-np", "text/csv; charset=latin-1", "json", ";", "\x00"]
)
def test_unknown_content_types(toys: Model, content_type: str) -> None:
    fault = error(ask(toys, instances(ROW), content_type=content_type))
    assert fault["status"] == 415
    assert "application/json" in fault["message"]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("application/json", Format.JSON),
        ("text/csv", Format.CSV),
        ("application/csv", Format.CSV),
        ("application/jsonlines", Format.JSON_LINES),
        ("application/x-jsonlines", Format.JSON_LINES),
        ("application/jsonl", Format.JSON_LINES),
        ("application/ndjson", Format.JSON_LINES),
        ("Application/X-NDJSON; charset=utf-8", Format.JSON_LINES),
        ("application/x-npy", Format.NPY),
        ("application/x-npy; charset=binary", Format.NPY),
        ("application/vnd.apache.parquet", Format.PARQUET),
        ("application/x-parquet", Format.PARQUET),
        ("application/vnd.apache.arrow.stream", Format.ARROW_STREAM),
        ("application/vnd.apache.arrow.file", Format.ARROW_FILE),
    ],
)
def test_the_names_of_formats(name: str, known: Format) -> None:
    media = request_format(name)
    assert media.format is known
    assert {answer_format(accept, media) for accept in ("", "*/*", name.partition(";")[0])} == {media}
    assert takes_long(name) == (known in (Format.PARQUET, Format.ARROW_STREAM, Format.ARROW_FILE))


@pytest.mark.parametrize("wanted", [media.value for media in Format])
def test_every_format_answers_every_other(toys: Model, wanted: str) -> None:
    for answer in (ask(toys, instances(ROW), accept=wanted), ask_csv(toys, CSV, accept=wanted)):
        assert (answer.status, answer.media) == (200, wanted)
