"""What changed between two images, from what they hold and say."""

from dataclasses import replace
from pathlib import Path

import pytest

from model.image.build import BuiltImage, build_image
from model.image.changes import changes
from model.image.record import LayerRecord, Record, read_record, record
from tests.model.image import images
from tests.model.image.conftest import RUNNING

REVISION = "org.opencontainers.image.revision"
ONE = Record(
    digest="sha256:1",
    size=10,
    layers=(LayerRecord("requirements", "sha256:r1", 7, 70), LayerRecord("code", "sha256:c1", 3, 30)),
    packages={"numpy": "2.4.6", "msgspec": "0.22.0"},
    base_packages={},
    files={"opt/program/model/serving/a.py": "aa", "opt/program/serve": "ss"},
    labels={"slipway.python": "3.11", REVISION: "r"},
    settings={"User": "10001:10001"},
)


def _other(**different: object) -> Record:
    layers = tuple(replace(layer, digest=f"{layer.digest}0") for layer in ONE.layers)
    return replace(ONE, **({"digest": "sha256:2", "layers": layers} | different))


def _told(after: Record) -> list[str]:
    return [str(change) for change in changes(ONE, after)]


def test_the_same_image() -> None:
    assert changes(ONE, ONE) == []


def test_packages_code_and_labels() -> None:
    files = {"opt/program/model/serving/b.py": "bb", "opt/program/serve": "new"}
    labels = {"slipway.python": "3.11", REVISION: "other", "org.opencontainers.image.source": "here"}
    assert _told(_other(packages={"numpy": "2.5.0"}, files=files, labels=labels)) == [
        "package: msgspec 0.22.0 -> (none)",
        "package: numpy 2.4.6 -> 2.5.0",
        "code: opt/program/model/serving/a.py removed",
        "code: opt/program/model/serving/b.py added",
        "code: opt/program/serve changed",
        "label: org.opencontainers.image.source (none) -> here",
    ]


def test_base_python_and_settings() -> None:
    labels = {
        "slipway.python": "3.12",
        "org.opencontainers.image.base.name": "base",
        "org.opencontainers.image.base.digest": "sha256:b",
    }
    after = _other(labels=labels, base_packages={"libc6": "2.36"}, settings={"User": "0"})
    assert _told(after) == [
        "python: Python 3.11 -> 3.12",
        "base: base (none) -> base@sha256:b",
        "base package: libc6 (none) -> 2.36",
        "setting: User 10001:10001 -> 0",
    ]


def test_a_layer_that_nothing_explains_was_built_in_another_way() -> None:
    assert _told(_other()) == [
        "build: layer of the requirements sha256:r1 -> sha256:r10",
        "build: layer of the code sha256:c1 -> sha256:c10",
    ]
    # new code is no reason for other requirements
    found = _told(_other(files={"opt/program/serve": "new"}))
    assert "build: layer of the requirements sha256:r1 -> sha256:r10" in found
    assert not any(change.startswith("build: layer of the code") for change in found)
    assert _told(replace(ONE, digest="sha256:2")) == ["build: manifest sha256:1 -> sha256:2"]


@pytest.mark.sandbox
def test_what_a_built_image_holds(built: BuiltImage, cache: Path, source: Path, tmp_path: Path) -> None:
    found = record(built)
    assert found == read_record(built.path)
    assert [layer.holds for layer in found.layers] == ["requirements", "code"]
    assert found.size == built.size
    assert found.unpacked > 2 * found.size
    assert found.summary()["size_without_base"] < 150_000_000
    assert found.summary()["unpacked_without_base"] < 150_000_000
    assert found.packages["numpy"]
    copy = images.checkout(tmp_path, source)
    with (copy / "server.py").open("a") as module:
        module.write("# changed\n")
    changed = record(build_image(images.options(cache, copy, python=RUNNING)))
    assert [str(change) for change in changes(found, changed)] == [
        "code: opt/program/model/serving/server.py changed"
    ]
