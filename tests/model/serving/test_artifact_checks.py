"""A model is served only when it is what was released, and fits together."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from model.serving.errors import ArtifactError
from model.serving.models.artifact import read_artifact
from model.serving.models.schema import parse_schema
from tests.model.serving.asking import load_model
from tests.model.serving.examples import SCHEMA, graph, write_artifact


def _told(error: pytest.ExceptionInfo[ArtifactError]) -> str:
    assert error.value.exit_code == 1
    assert error.value.next_step
    return str(error.value)


def test_a_whole_artifact(tmp_path: Path) -> None:
    artifact = read_artifact(write_artifact(tmp_path, notes=b"more files are checked too"))
    assert artifact.default.graph == graph()


@pytest.mark.parametrize("name", ["model.onnx", "schema.json", "notes"])
@pytest.mark.parametrize("damage", ["changed", "cut", "missing", "folder"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str, damage: str) -> None:
    path = write_artifact(tmp_path, notes=b"some notes") / name
    content = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        path.write_bytes(content[:-1] + b"!" if damage == "changed" else content[:-1])
    with pytest.raises(ArtifactError) as error:
        read_artifact(tmp_path)
    assert name in _told(error)


@pytest.mark.parametrize(
    ("checksums", "part"),
    [
        (None, "no model in"),
        (b"", "cannot be understood"),
        (b"[]", "cannot be understood"),
        (b'{"algorithm": "md5", "files": {}}', "md5"),
        (b'{"algorithm": "sha256", "files": {}}', "model.onnx and schema.json"),
        *(
            (json.dumps({"algorithm": "sha256", "files": {name: "00"}}).encode(), "no plain path")
            for name in (
                "../secret",
                "/etc/passwd",
                "models/../../x",
                "a//b",
                "./a",
                "a/",
                "",
                ".",
                "a\\b",
                "a\0b",
            )
        ),
        (b'{"algorithm": "sha256", "files": {"\\ud800": "00"}}', "checksums.json"),
        (b"[" * 100_000, "cannot be understood"),
        (b"\xff", "cannot be understood"),
    ],
    ids=range(18),
)
def test_checksums_that_say_nothing(tmp_path: Path, checksums: bytes | None, part: str) -> None:
    path = write_artifact(tmp_path) / "checksums.json"
    path.unlink() if checksums is None else path.write_bytes(checksums)
    with pytest.raises(ArtifactError) as error:
        read_artifact(tmp_path)
    assert part in _told(error)


def _features(*changes: dict) -> dict:
    return SCHEMA | {
        "features": [feature | change for feature, change in zip(SCHEMA["features"], changes, strict=False)]
    }


@pytest.mark.parametrize(
    ("schema", "part"),
    [
        ({}, "service"),
        (SCHEMA | {"features": []}, "no feature"),
        (SCHEMA | {"output": None}, "output"),
        (_features({"name": "size"}, {}, {}, {}), "twice"),
        (_features({"name": "instances"}, {}, {}, {}), "instances"),
        (_features({"name": 'a"b'}, {}, {}, {}), "a quote"),
        (_features({"name": "a\\b"}, {}, {}, {}), "a backslash"),
        (_features({"name": "a\nb"}, {}, {}, {}), "control character"),
        (SCHEMA | {"service": ""}, "without a name"),
        (_features({"kind": "date"}, {}, {}, {}), "date"),
        (_features({"nullable": "no"}, {}, {}, {}), "nullable"),
        (SCHEMA | {"output": {"name": "likely", "kind": "classes"}}, "classes"),
        (SCHEMA | {"output": {"name": "likely", "kind": "number", "minimum": 2, "maximum": 2}}, "maximum"),
        (SCHEMA | {"output": {"name": "likely", "kind": "probability", "maximum": 2}}, "of its own"),
    ],
    ids=range(14),
)
def test_a_schema_that_cannot_be_served(schema: dict, part: str) -> None:
    with pytest.raises(ArtifactError) as error:
        parse_schema(json.dumps(schema).encode())
    assert part in _told(error)


@pytest.mark.parametrize(
    ("schema", "part"),
    [
        (_features({}, {}, {}), "'weight' it has tensor(float)"),
        (_features({"kind": "number"}, {}, {}, {}), "'colour' it has tensor(string)"),
        (_features({"name": "color"}, {}, {}, {}), "'color' it has no such input"),
        (SCHEMA | {"output": {"name": "late"}}, "'late', and it has likely"),
    ],
    ids=range(4),
)
def test_a_graph_that_does_not_fit_the_schema(tmp_path: Path, schema: dict, part: str) -> None:
    with pytest.raises(ArtifactError) as error:
        load_model(write_artifact(tmp_path, schema=schema))
    assert part in _told(error)


def test_a_graph_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError) as error:
        load_model(write_artifact(tmp_path, model=b"not an ONNX graph"))
    assert "ONNX Runtime cannot load it" in _told(error)


def test_a_graph_whose_output_is_not_one_score_for_each_row(tmp_path: Path) -> None:
    made = onnx.load_from_string(graph())
    made.graph.initializer.append(onnx.numpy_helper.from_array(np.array([2, 1], np.int64), "twice"))
    made.graph.node.append(onnx.helper.make_node("Tile", ["column", "twice"], ["both"]))
    made.graph.output.append(onnx.helper.make_tensor_value_info("both", onnx.TensorProto.FLOAT, [None, 1]))
    schema = SCHEMA | {"output": {"name": "both"}}
    with pytest.raises(ArtifactError) as error:
        load_model(write_artifact(tmp_path, made.SerializeToString(), schema))
    assert "one score for each row" in _told(error)


def test_a_model_loads_from_a_copy(artifact: Path, tmp_path: Path) -> None:
    assert load_model(Path(shutil.copytree(artifact, tmp_path / "copy")))
