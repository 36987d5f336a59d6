"""The OpenAPI document: valid, of this model, and true: every example in it is answered as it says."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from model.serving.application import Application, Request
from model.serving.formats.media import Format
from model.serving.models.schema import Feature, parse_schema
from model.serving.openapi.features import description, example, example_row
from tests.model.serving.examples import ROW, SCHEMA, expected, write_artifact
from tests.model.serving.openapi.conftest import MAX_BODY, answering

HOSTILE = ["$ref", "__proto__", "{x}", "a/b", "~1", "ü `q` '<", "\u2028"]


def _schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    """One of its schemas, which can be used alone."""
    return {"$ref": f"#/components/schemas/{name}", "components": document["components"]}


def _faults(document: dict[str, Any]) -> list[Any]:
    # a second and a half to import: not for the tests that are to take milliseconds
    from openapi_spec_validator import OpenAPIV31SpecValidator

    return list(OpenAPIV31SpecValidator(document).iter_errors())


@pytest.mark.sandbox
def test_it_is_valid(document: dict[str, Any]) -> None:
    assert _faults(document) == []


def test_it_is_of_this_model(document: dict[str, Any]) -> None:
    row = document["components"]["schemas"]["Row"]
    assert (document["info"]["title"], document["info"]["version"]) == ("toys", "1")
    assert list(row["properties"]) == list(ROW)
    assert row["required"] == ["colour", "size"]
    assert row["properties"]["weight"]["type"] == ["number", "null"]
    assert row["properties"]["colour"]["description"] == SCHEMA["features"][0]["description"]
    assert document["x-limits"]["body_bytes"] == MAX_BODY
    infer = document["paths"]["/v2/models/{model_name}/infer"]
    assert infer["parameters"][0]["schema"]["enum"] == ["plain", "toys"]


def test_every_route_is_in_it_and_answers(application: Application, document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method not in ("get", "post") or path == "/metrics":
                continue
            asked = path.replace("{model_name}", "toys").replace("{model_version}", "2")
            answer = application.respond(Request(method.upper(), asked, {}, b""))
            assert str(answer.status) in operation["responses"], (path, answer)


def test_every_format_is_in_it(document: dict[str, Any]) -> None:
    operation = document["paths"]["/invocations"]["post"]
    assert operation["requestBody"]["content"].keys() == {media.value for media in Format}
    assert operation["responses"]["200"]["content"].keys() == {media.value for media in Format}


def test_every_example_of_invocations_is_answered(application: Application, document: dict[str, Any]) -> None:
    content = document["paths"]["/invocations"]["post"]["requestBody"]["content"]
    tried = 0
    for media, format_ in content.items():
        for one in format_.get("examples", {}).values():
            value = one["value"]
            if media == "application/json":
                jsonschema_rs.validate(format_["schema"] | {"components": document["components"]}, value)
            body = (value if isinstance(value, str) else json.dumps(value)).encode()
            headers = {"content-type": media, "accept": "application/json"}
            answer = application.respond(Request("POST", "/invocations", headers, body))
            assert answer.status == 200, (media, value, answer)
            jsonschema_rs.validate(_schema(document, "Predictions"), json.loads(answer.body))
            tried += 1
    assert tried == 9


def test_the_example_of_the_protocol_is_answered(application: Application, document: dict[str, Any]) -> None:
    format_ = document["paths"]["/v2/models/{model_name}/infer"]["post"]["requestBody"]["content"]
    value = format_["application/json"]["examples"]["one row"]["value"]
    jsonschema_rs.validate(_schema(document, "InferRequest"), value)
    answer = application.respond(Request("POST", "/v2/models/toys/infer", {}, json.dumps(value).encode()))
    assert answer.status == 200
    jsonschema_rs.validate(_schema(document, "InferResponse"), json.loads(answer.body))


def test_errors_are_as_it_says(application: Application, document: dict[str, Any]) -> None:
    wrong = application.respond(Request("POST", "/invocations", {}, b'{"instances": [{"colour": 1}]}'))
    jsonschema_rs.validate(_schema(document, "Error"), json.loads(wrong.body))
    wrong = application.respond(Request("POST", "/v2/models/toys/infer", {}, b"{}"))
    jsonschema_rs.validate(_schema(document, "V2Error"), json.loads(wrong.body))


def test_the_artifacts_own_example_is_the_example() -> None:
    examples = {"colour": "red", "shape": "round", "size": 3.0, "weight": 1.5}
    features = [feature | {"example": examples[feature["name"]]} for feature in SCHEMA["features"]]
    assert example_row(parse_schema(json.dumps(SCHEMA | {"features": features}).encode())) == ROW
    assert expected(ROW) == expected(ROW | {"size": 3.0})


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({}, 1),
        ({"example": "a text"}, 1),
        ({"example": 1e39}, 1),
        ({"example": 2.5}, 2.5),
        ({"minimum": 2.0, "maximum": 6.0}, 4),
        ({"minimum": 2.0}, 2),
        ({"maximum": -2.0}, -2),
        ({"maximum": 1e300}, 1),
    ],
    ids=range(8),
)
def test_an_example_is_always_a_value_that_is_taken(more: dict[str, Any], wanted: float) -> None:
    assert example(Feature("a", "number", False, **more)) == wanted


def test_what_is_usual_is_told_and_binds_nobody() -> None:
    told = description(Feature("a", "number", False, "miles", 0.0, 5000.0))
    assert told == "miles; usually from 0 to 5000"


@pytest.mark.sandbox
def test_features_of_any_name(tmp_path: Path) -> None:
    """Names that mean something to JSON Schema, to URLs or to JavaScript."""
    features = [{"name": name, "kind": "number", "nullable": True} for name in HOSTILE]
    schema = SCHEMA | {"service": "a/b {c} <d>", "features": [*SCHEMA["features"], *features]}
    application = answering(write_artifact(tmp_path, _with_more_inputs(HOSTILE), schema))
    document = json.loads(application.respond(Request("GET", "/openapi.json", {}, b"")).body)
    assert _faults(document) == []
    body = document["components"]["schemas"]["Rows"]["properties"]["instances"]
    assert body["items"]["anyOf"][0] == {"$ref": "#/components/schemas/Row"}
    assert body["items"]["anyOf"][1]["maxItems"] == len(SCHEMA["features"]) + len(HOSTILE)
    row = document["components"]["schemas"]["Row"]["examples"][0]
    assert {*HOSTILE} < row.keys()
    answer = application.respond(
        Request("POST", "/invocations", {}, json.dumps({"instances": [row]}).encode())
    )
    assert answer.status == 200, answer
    answer = application.respond(Request("GET", "/v2/models/a%2Fb%20%7Bc%7D%20%3Cd%3E", {}, b""))
    assert json.loads(answer.body)["name"] == "a/b {c} <d>"


def _with_more_inputs(names: list[str]) -> bytes:
    """The small model with more numbers, which it does not use."""
    import onnx

    from tests.model.serving.examples import graph

    made = onnx.load_from_string(graph())
    for name in names:
        made.graph.input.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None, 1]))
    return made.SerializeToString()
