"""Several models in one artifact: the same bytes each time, and exactly what the server finds by name."""

import io
import json
import tarfile
from pathlib import Path

import pytest

from model import artifact
from model.image.extracting import extract
from model.serving.models.catalog import load_models
from model.training.bundle import Key, bundle, parse_other, read_others
from model.training.errors import BundleError
from tests.model.serving.examples import SCHEMA, graph
from tests.model.serving.several import OTHER_SCHEMA, scaled, shapeless


def packed(model: bytes, schema: dict, **more: bytes) -> bytes:
    files = {"model.onnx": model, "schema.json": artifact.as_json(schema), "model.json": b"{}\n", **more}
    return artifact.pack(files)


MAIN = packed(graph(), SCHEMA, **{"reference.csv": b"a,b\n"})
OTHERS = {
    Key("toys", "2"): packed(scaled(0.5), SCHEMA, **{"pipeline.skops": b"large"}),
    Key("plain", "v1"): packed(shapeless(), OTHER_SCHEMA),
}


def test_the_server_finds_each_by_name_and_version(tmp_path: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(bundle(MAIN, OTHERS))) as tar:
        extract(tar, tmp_path)
    loaded = load_models(tmp_path)
    assert [(served.name, served.version) for served in loaded.all] == [
        ("toys", "1"),
        ("plain", "v1"),
        ("toys", "2"),
    ]
    assert loaded.lookup("plain").schema.names == ("colour", "size", "weight")


def test_the_main_model_stays_as_it_was_and_of_others_only_what_serves_is_taken() -> None:
    files = artifact.read(bundle(MAIN, OTHERS))
    assert {name: files[name] for name in artifact.read(MAIN)} == artifact.read(MAIN)
    assert sorted(files.keys() - artifact.read(MAIN).keys()) == [
        f"models/{model}/{name}"
        for model in ("plain/v1", "toys/2")
        for name in ("model.json", "model.onnx", "schema.json")
    ]


def test_the_same_models_give_the_same_bytes() -> None:
    assert bundle(MAIN, OTHERS) == bundle(MAIN, dict(reversed(OTHERS.items())))
    assert bundle(MAIN, {}) == MAIN


def test_more_can_be_added_later() -> None:
    one, two = OTHERS.items()
    assert bundle(bundle(MAIN, dict([one])), dict([two])) == bundle(MAIN, OTHERS)


@pytest.mark.parametrize(
    ("main", "key", "other", "part"),
    [
        (MAIN, Key("toys", "1"), MAIN, "two models toys/1"),
        (packed(graph(), SCHEMA | {"version": "7"}), Key("toys", "7"), MAIN, "two models toys/7"),
        (bundle(MAIN, OTHERS), Key("toys", "2"), MAIN, "two models toys/2"),
        (MAIN, Key("toys", "3"), MAIN[:-100], "toys/3 cannot be used"),
        (MAIN, Key("toys", "3"), artifact.pack({"model.onnx": b""}), "it holds no schema.json"),
        (MAIN[:-100], Key("toys", "3"), MAIN, "The main model is damaged"),
        (artifact.pack({"schema.json": b"[]"}), Key("toys", "3"), MAIN, "The main model is damaged"),
    ],
    ids=range(7),
)
def test_what_cannot_be_served_together(main: bytes, key: Key, other: bytes, part: str) -> None:
    with pytest.raises(BundleError) as caught:
        bundle(main, {key: other})
    assert part in str(caught.value)
    assert caught.value.exit_code == 2


def test_arguments() -> None:
    assert parse_other("delays/2=a/b=c/model.tar.gz") == (Key("delays", "2"), Path("a/b=c/model.tar.gz"))


@pytest.mark.parametrize(
    "text", ["", "a", "a/1", "a/1=", "/1=x", "a/=x", "../1=x", "a/../1=x", "a/b/c=x", "ü/1=x"]
)
def test_arguments_that_name_no_model(text: str) -> None:
    with pytest.raises(BundleError, match="names no further model"):
        parse_other(text)


def test_the_others_are_read_before_anything_is_trained(tmp_path: Path) -> None:
    path = tmp_path / "model.tar.gz"
    key = Key("toys", "2")
    with pytest.raises(BundleError, match="cannot be read"):
        read_others([(key, path)])
    path.write_bytes(MAIN)
    assert read_others([(key, path)]) == {key: MAIN}
    with pytest.raises(BundleError, match="two models toys/2"):
        read_others([(key, path)] * 2)
    path.write_bytes(json.dumps({}).encode())
    with pytest.raises(BundleError, match="toys/2 cannot be used"):
        read_others([(key, path)])
