"""A model of several classes answers each row with their probabilities, in every format and protocol."""

import html
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.serving.answers import Answer
from model.serving.application import Application, Request
from model.serving.errors import ArtifactError
from model.serving.formats.classes import counted
from model.serving.predictor import Model
from release.judge.windows import parse_line
from tests.model.serving.asking import ask, load_model, scores
from tests.model.serving.classes import CLASSES, SCHEMA_OF_CLASSES, probabilities, write_classes
from tests.model.serving.examples import OTHER, ROW, instances, write_artifact
from tests.model.serving.open_inference.asking import inputs
from tests.model.serving.openapi.conftest import answering
from tests.model.serving.running import serving, until

LOW = ROW | {"size": -40}
ROWS = [ROW, OTHER, LOW]
KNOWN = np.array([probabilities(row) for row in ROWS])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_classes(tmp_path_factory.mktemp("classes"))


@pytest.fixture(scope="module")
def animals(folder: Path) -> Model:
    return load_model(folder)


@pytest.fixture(scope="module")
def application(folder: Path) -> Application:
    return answering(folder)


def _lines(body: bytes) -> list[list[float]]:
    return [json.loads(line) for line in body.splitlines()]


def _cells(body: bytes) -> list[list[float]]:
    return [[float(cell) for cell in line.split(",")] for line in body.decode().splitlines()]


def _columns(table: pa.Table) -> list[list[float]]:
    assert table.schema == pa.schema(dict.fromkeys(CLASSES, pa.float32()))
    return [list(row.values()) for row in table.to_pylist()]


READ: dict[str, Callable[[bytes], Any]] = {
    "application/json": lambda body: json.loads(body)["predictions"],
    "application/jsonlines": _lines,
    "text/csv": _cells,
    "application/x-npy": lambda body: np.load(io.BytesIO(body), allow_pickle=False),
    "application/vnd.apache.parquet": lambda body: _columns(pq.read_table(io.BytesIO(body))),
    "application/vnd.apache.arrow.stream": lambda body: _columns(
        pa.ipc.open_stream(io.BytesIO(body)).read_all()
    ),
    "application/vnd.apache.arrow.file": lambda body: _columns(pa.ipc.open_file(io.BytesIO(body)).read_all()),
}


@pytest.mark.parametrize("media", READ)
@pytest.mark.parametrize("count", [1, 3])
def test_a_probability_of_each_class_for_each_row(animals: Model, media: str, count: int) -> None:
    answer = ask(animals, instances(*ROWS[:count]), accept=media)
    assert (answer.status, answer.media) == (200, media)
    found = np.array(READ[media](answer.body))
    assert found.shape == (count, 3)
    assert found == pytest.approx(KNOWN[:count], abs=1e-6)


def test_no_row_is_no_probability(animals: Model) -> None:
    answer = ask(animals, b'{"instances": []}', accept="application/x-npy")
    assert np.load(io.BytesIO(answer.body)).shape == (0, 3)


@pytest.mark.parametrize(
    ("media", "wanted"),
    [
        ("application/json", None),
        ("application/jsonlines", b"null"),
        ("text/csv", b""),
        ("application/x-npy", [np.nan] * 3),
        ("application/vnd.apache.parquet", [None] * 3),
    ],
)
def test_a_row_that_is_refused_alone_has_none(animals: Model, media: str, wanted: Any) -> None:
    body, alone = instances(ROW, {"colour": 3}, OTHER), "invalid-rows=null"
    answer = ask(animals, body, accept=media, x_amzn_sagemaker_custom_attributes=alone)
    assert answer.status == 200
    assert "refused-rows=1; first=1" in answer.headers
    assert (len(answer.scores), answer.refused_rows) == (2, 1)
    if media == "application/json":
        told = json.loads(answer.body)
        found, wanted = told["predictions"], None
        assert told["errors"][0]["field"] == "colour"
    elif media in ("text/csv", "application/jsonlines"):
        found = answer.body.split(b"\n")[:3]
    else:
        found = list(READ[media](answer.body))
    assert len(found) == 3
    np.testing.assert_equal(found[1], wanted)
    assert str(wanted) not in (str(found[0]), str(found[2]))


def _infer(application: Application, **members: Any) -> Answer:
    body = json.dumps({"inputs": inputs(*ROWS), **members}).encode()
    return application.respond(Request("POST", "/v2/models/toys/infer", {}, body))


def test_the_open_inference_protocol_has_a_column_for_each(application: Application) -> None:
    [output] = json.loads(_infer(application, id="7").body)["outputs"]
    assert (output["name"], output["datatype"], output["shape"]) == ("animal", "FP32", [3, 3])
    assert output["data"] == pytest.approx(KNOWN.ravel(), abs=1e-6)
    binary = _infer(application, outputs=[{"name": "animal", "parameters": {"binary_data": True}}])
    size = int(binary.headers.split(": ")[1])
    assert json.loads(binary.body[:size])["outputs"][0]["parameters"] == {"binary_data_size": 36}
    assert np.frombuffer(binary.body[size:], "<f4") == pytest.approx(KNOWN.ravel(), abs=1e-6)
    assert (
        binary.scores == _infer(application).scores == pytest.approx([counted(row) for row in KNOWN.tolist()])
    )


def test_its_metadata_names_them(application: Application) -> None:
    told = json.loads(application.respond(Request("GET", "/v2/models/toys", {}, b"")).body)
    [output] = told["outputs"]
    assert output["shape"] == [-1, 3]
    assert json.loads(output["parameters"]["classes"]) == CLASSES


@pytest.mark.sandbox
def test_the_document_is_valid_and_its_examples_are_answered_as_it_says(application: Application) -> None:
    from openapi_spec_validator import OpenAPIV31SpecValidator

    document = json.loads(application.respond(Request("GET", "/openapi.json", {}, b"")).body)
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    schema = {"$ref": "#/components/schemas/Predictions", "components": document["components"]}
    operation = document["paths"]["/invocations"]["post"]
    examples = operation["requestBody"]["content"]["application/json"]["examples"].values()
    for one in examples:
        body = json.dumps(one["value"]).encode()
        answer = application.respond(Request("POST", "/invocations", {}, body))
        jsonschema_rs.validate(schema, json.loads(answer.body))
    told = operation["responses"]["200"]["content"]["application/json"]["examples"]["two rows"]["value"]
    jsonschema_rs.validate(schema, told)
    assert [sum(row) for row in told["predictions"]] == [1, 1]
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(schema, {"predictions": [0.25]})


def test_the_page_knows_their_names(application: Application) -> None:
    page = application.respond(Request("GET", "/docs", {}, b"")).body.decode()
    [told] = re.findall(r'<form id="form" data-classes="([^"]*)">', page)
    assert json.loads(html.unescape(told)) == CLASSES


@pytest.mark.parametrize(
    ("probabilities", "number"),
    [
        ([0.7, 0.2, 0.1], 0.7),
        ([0.02, 0.05, 0.93], 2.93),
        ([0.5, 0.5, 0.0], 0.5),
        ([0.0, 1.0, 0.0], 1.999999),
        ([0.7, np.nan, 0.3], np.nan),
    ],
)
def test_telemetry_counts_the_class_and_how_surely(probabilities: list[float], number: float) -> None:
    assert counted(probabilities) == pytest.approx(number, rel=0, abs=1e-9, nan_ok=True)


@pytest.mark.sandbox
def test_the_judge_reads_the_shares_of_the_classes_from_one_histogram(folder: Path, tmp_path: Path) -> None:
    with serving(folder, tmp_path, SLIPWAY_TELEMETRY_SECONDS="1") as server:
        server.wait_ready()
        for row in (ROW, ROW, LOW, OTHER):
            server.predict(instances(row))
        until(lambda: '"range"' in server.log, "a window is printed")
        assert server.stop() == 0
        lines = [line for line in server.log.splitlines() if line.startswith('{"schema"')]
    found = [json.loads(line)["score"] for line in lines]
    counts: dict[int, int] = {}
    for score in found:
        for place, count in zip(score["bins"], score["counts"], strict=True):
            counts[place * 3 // 200] = counts.get(place * 3 // 200, 0) + count
    shares = [int(np.argmax(probabilities(row))) for row in (ROW, ROW, LOW, OTHER)]
    assert counts == {place: shares.count(place) for place in set(shares)}
    assert len(set(shares)) > 1
    scored = [parse_line(line, "live/i-1") for line in lines if json.loads(line)["score"]["counts"]]
    assert {window.scores_of for window in scored} == {(0.0, 3.0)}


@pytest.mark.parametrize(
    ("output", "part"),
    [
        ({"classes": []}, "is a probabilities, and has 0 classes"),
        ({"classes": ["one"]}, "no 2 to 100 different names"),
        ({"classes": ["a", "b", "a"]}, "no 2 to 100 different names"),
        ({"classes": [str(number) for number in range(101)]}, "no 2 to 100 different names"),
        ({"kind": "probability"}, "is a probability, and has 3 classes"),
        ({"maximum": 3}, "a maximum of its own"),
        ({"classes": ["a", "b"]}, "one score for each row|cannot reshape"),
        ({"classes": ["a", "b", "c", "d"]}, "one score for each row|cannot reshape"),
    ],
    ids=range(8),
)
def test_what_contradicts_itself_is_not_loaded(tmp_path: Path, output: dict[str, Any], part: str) -> None:
    schema = SCHEMA_OF_CLASSES | {"output": SCHEMA_OF_CLASSES["output"] | output}
    with pytest.raises(ArtifactError, match=part):
        load_model(write_classes(tmp_path, schema))


def test_a_model_of_one_score_is_no_model_of_classes(tmp_path: Path, animals: Model) -> None:
    schema = SCHEMA_OF_CLASSES | {"output": SCHEMA_OF_CLASSES["output"] | {"name": "likely"}}
    with pytest.raises(ArtifactError, match="cannot reshape"):
        load_model(write_artifact(tmp_path, schema=schema))
    assert len(scores(ask(animals, instances(ROW)))) == 1
