"""model/Dockerfile builds what crane builds: the same files, and an image that says the same of itself."""

import os
import re
import shutil
from pathlib import Path, PurePosixPath

import pytest

from model.image.base import make_base
from model.image.build import SERVING, build_image
from model.image.description import ENVIRONMENT, SOURCE, Origin, dockerfile_arguments, labels
from model.image.errors import ImageError
from model.image.layers import Entry
from model.image.program import source_files
from model.image.revision import tree_id
from model.image.stage import stage, write_folder
from tests.model.image import images
from tests.model.image.engines import Engine, files

ROOT = SERVING.parent.parent
DOCKERFILE = (ROOT / "model" / "Dockerfile").read_text()


def test_any_builder_can_build_it() -> None:
    """What only BuildKit understands is not in it, and neither is a shell."""
    code = re.sub(r"(?m)^#(?! syntax).*$", "", DOCKERFILE)
    assert "--mount" not in code
    assert "<<" not in code
    assert "# syntax" not in code
    assert all(line.startswith("RUN [") for line in code.splitlines() if line.startswith("RUN"))


def test_every_base_is_named_by_digest_or_given() -> None:
    bases = re.findall(r"(?m)^FROM (\S+)", DOCKERFILE)
    assert bases == ["${BASE_NAME}@${BASE_DIGEST}", "${BUILDER}", "${BASE_NAME}@${BASE_DIGEST}"]


def test_it_says_of_itself_what_crane_says() -> None:
    """Read as text, so that a difference shows where nothing can be built."""
    base = f"name@sha256:{'a' * 64}"
    told = dict(re.findall(r"(?m)^(?:LABEL|      )\s*([a-z.-]+)=(\S+)", DOCKERFILE))
    given = dockerfile_arguments(Origin("REV", "3.11", base))
    wanted = labels(Origin("REV", "3.11", base))
    assert {
        name: re.sub(r"\$\{(\w+)\}", lambda found: given[found[1]], told[name]) for name in told
    } == wanted
    assert f"ARG SOURCE={SOURCE}\n" in DOCKERFILE
    assert "ENV " + " ".join(f"{name}={value}" for name, value in sorted(ENVIRONMENT.items())) in DOCKERFILE


def test_what_builds_is_what_the_commands_run_with() -> None:
    pins = dict(re.findall(r"(?m)^([a-z-]+)==(\S+)", (SERVING.parent / "image/requirements.in").read_text()))
    assert f"cyclonedx-python-lib=={pins['cyclonedx-python-lib']}" in (ROOT / "requirements.txt").read_text()
    assert f'UV_VERSION = "{pins["uv"]}"' in (ROOT / "scripts/setup/bootstrap.py").read_text()


def test_the_stage_refuses_another_revision(tmp_path: Path) -> None:
    arguments = {"BASE_NAME": "b", "BASE_DIGEST": "d", "PYTHON": "3.11", "REVISION": "not this one"}
    with pytest.raises(ImageError) as error:
        stage(arguments, SERVING, tmp_path, tmp_path / "out")
    assert "not this one" in error.value.cause
    with pytest.raises(ImageError) as error:
        stage({}, SERVING, tmp_path, tmp_path / "out")
    assert "REVISION is missing" in error.value.cause
    assert not (tmp_path / "out").exists()


def test_a_folder_has_the_modes_of_a_layer(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        program = Entry(b"#!", PurePosixPath("a/b/serve"), program=True)
        write_folder([program, Entry(b"x", PurePosixPath("a/data"))], tmp_path / "out")
    finally:
        os.umask(before)
    found = {path.name: path.stat() for path in (tmp_path / "out").rglob("*")}
    assert {name: oct(stat.st_mode & 0o777) for name, stat in found.items()} == {
        "a": "0o755",
        "b": "0o755",
        "serve": "0o755",
        "data": "0o644",
    }
    assert {stat.st_mtime for stat in found.values()} == {0}


@pytest.mark.sandbox
@pytest.mark.container
@pytest.mark.usefixtures("buildah", "packages")
def test_buildah_builds_the_same_files(source: Path, tmp_path: Path) -> None:
    cache, program = tmp_path / "cache", images.tool("crane")
    base, builder = (make_base(cache, lambda _: None, program, builder=which) for which in (False, True))
    options = images.options(cache, source, python=base.python, base=base.reference)
    built = build_image(options)
    origin = Origin(tree_id(source_files(source)), base.python, base.reference)
    engine = Engine(tmp_path / "engine")
    try:
        engine.load(base.layout.path, "localhost/slipway-base:latest")
        engine.load(builder.layout.path, "localhost/slipway-builder:latest")
        arguments = dockerfile_arguments(origin) | {"BUILDER": "localhost/slipway-builder:latest"}
        engine.build(_context(tmp_path / "context", source), arguments, "localhost/slipway:test")
        config, layers = engine.content("localhost/slipway:test", tmp_path / "pushed")
    finally:
        engine.close()
    ours = [images.blob(built, layer.digest) for layer in built.layers]
    assert files(layers) == files(ours)
    assert any(name.endswith("dependencies/onnxruntime/__init__.py") for name in files(ours))
    assert _told(config) == _told(images.config(built))


def _context(folder: Path, source: Path) -> Path:
    """What the Dockerfile is given, with the serving package as `source` has it."""
    folder.mkdir()
    (folder / "model").mkdir()
    for name in ("__init__.py", "errors.py", "Dockerfile"):
        (folder / "model" / name).write_bytes((SERVING.parent / name).read_bytes())
    shutil.copytree(source, folder / "model" / "serving")
    shutil.copytree(SERVING.parent / "image", folder / "model" / "image")
    return folder


def _told(config: dict) -> dict:
    """What counts of a configuration: how it starts, as whom, and its labels without the builder's own."""
    found = config["config"]
    told = {key: found.get(key) for key in ("Entrypoint", "Cmd", "User", "WorkingDir", "ExposedPorts")}
    own = {name: value for name, value in found["Labels"].items() if not name.startswith("io.buildah.")}
    return told | {"Env": sorted(found["Env"]), "Labels": own}
