"""Several models in one artifact: all verified, all loaded, found by name and version."""

import json
import os
from pathlib import Path

import pytest

from model.serving.errors import ArtifactError, RequestError
from model.serving.models.catalog import Loaded, load_models
from model.serving.models.columns import Rows
from tests.model.serving.examples import ROW, SCHEMA, expected, write_artifact
from tests.model.serving.several import scaled, write_several


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load_models(write_several(tmp_path_factory.mktemp("several")))


def _score(loaded: Loaded, name: str, version: str | None = None) -> float:
    found = loaded.lookup(name, version)
    categories = tuple(ROW[feature.name] for feature in found.schema.of_kind("category"))
    return found.scorer.score_all([Rows(1, [(ROW["size"], ROW["weight"])], [categories])])[0][0]


@pytest.mark.parametrize(
    ("name", "version", "factor"),
    [("toys", None, 1), ("toys", "1", 1), ("toys", "2", 0.5), ("toys", "10", 0.25)],
)
def test_each_is_found_and_is_itself(loaded: Loaded, name: str, version: str | None, factor: float) -> None:
    assert _score(loaded, name, version) == pytest.approx(factor * expected(ROW), abs=1e-6)


@pytest.mark.parametrize("version", [None, "v1"])
def test_a_model_of_another_schema(loaded: Loaded, version: str | None) -> None:
    assert loaded.lookup("plain", version).schema.names == ("colour", "size", "weight")
    assert _score(loaded, "plain", version) == pytest.approx(0.5 * expected(ROW | {"shape": ""}), abs=1e-6)


def test_the_default_is_the_one_at_the_top(loaded: Loaded) -> None:
    assert (loaded.default.name, loaded.default.version) == ("toys", "1")
    assert loaded.default is loaded.lookup("toys")
    assert len(loaded.all) == 4


def test_the_highest_version_counts_where_none_is_the_default(tmp_path: Path) -> None:
    schema = json.dumps(SCHEMA).encode()
    more = {
        f"models/other/{version}/{name}": content
        for version in ("9", "10", "beta")
        for name, content in (("model.onnx", scaled(0.5)), ("schema.json", schema))
    }
    folder = write_artifact(tmp_path, **more)
    found = load_models(folder)
    assert found.lookup("other").version == "10"
    assert found.versions("other") == ["beta", "9", "10"]


@pytest.mark.parametrize(
    ("name", "version", "part"),
    [
        ("toy", None, 'no model "toy". There is "plain", "toys"'),
        ("toys", "3", '"toys" has no version "3". There is "1", "10", "2"'),
        ("x" * 1000, None, "…"),
        ("\ud800", None, "There is"),
    ],
)
def test_what_is_not_there(loaded: Loaded, name: str, version: str | None, part: str) -> None:
    with pytest.raises(RequestError) as caught:
        loaded.lookup(name, version)
    assert caught.value.status == 404
    assert part in caught.value.fault.message
    assert len(caught.value.fault.message.encode()) < 200


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        ({"models/toys/3/model.onnx": b""}, ["does not name models/toys/3/schema.json"]),
        ({"models/toys/3/schema.json": b""}, ["does not name models/toys/3/model.onnx"]),
        ({"models/toys/2/model.onnx": b"no graph"}, ["models/toys/2:", "ONNX Runtime cannot load it"]),
        ({"models/toys/2/schema.json": b"{}"}, ["models/toys/2:", "schema.json is not"]),
        ({"models/plain/v1/model.onnx": scaled(1)}, ["models/plain/v1:", "'shape'"]),
        (
            {"models/toys/1/model.onnx": b"", "models/toys/1/schema.json": b""},
            ["models/toys/1 has the name and the version of the default"],
        ),
        ({"models/toys/model.onnx": b""}, ["models/toys/model.onnx is not at models/NAME/VERSION/"]),
        ({"models/toys/2/more/model.onnx": b""}, ["models/toys/2/more/model.onnx is not at"]),
        ({"others/toys/2/model.onnx": b""}, ["others/toys/2/model.onnx is not at"]),
        ({"models/to ys/2/model.onnx": b""}, ["models/to ys/2/model.onnx"]),
        ({"models/toys/-2/model.onnx": b""}, ["models/toys/-2/model.onnx"]),
    ],
    ids=range(11),
)
def test_one_that_cannot_be_served_is_named(tmp_path: Path, more: dict[str, bytes], parts: list[str]) -> None:
    with pytest.raises(ArtifactError) as caught:
        load_models(write_several(tmp_path, **more))
    for part in parts:
        assert part in str(caught.value)


def test_a_damaged_file_of_another_model_is_named(tmp_path: Path) -> None:
    path = write_several(tmp_path) / "models/toys/2/model.onnx"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArtifactError, match=r"models/toys/2/model\.onnx has SHA-256"):
        load_models(tmp_path)


@pytest.mark.parametrize("linked", ["models/toys/2/model.onnx", "models/toys"])
def test_a_link_that_leads_out_is_not_followed(tmp_path: Path, linked: str) -> None:
    folder = write_several(tmp_path / "artifact")
    (folder / linked).rename(tmp_path / "outside")
    os.symlink(tmp_path / "outside", folder / linked)  # noqa: PTH211 - what an archive might hold
    with pytest.raises(ArtifactError, match="leads out of the artifact"):
        load_models(folder)


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(write_several(tmp_path / "artifact"))
    assert len(load_models(tmp_path / "link").all) == 4
