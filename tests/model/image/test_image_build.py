"""Real builds with the real crane and uv: the same inputs give the same digest, and the image runs."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from model.image.build import BuiltImage, build_image
from model.image.errors import DependencyError, ImageError, RegistryError, ToolError
from model.image.program import source_files
from model.image.registry import push
from model.image.revision import tree_id
from tests.model.image import images
from tests.model.image.conftest import RUNNING
from tests.model.serving.examples import OTHER, ROW, expected, instances, write_artifact
from tests.model.serving.running import ended, serving, until

pytestmark = pytest.mark.sandbox
DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def test_another_checkout_another_cache_another_umask(
    built: BuiltImage, source: Path, tmp_path: Path
) -> None:
    before = os.umask(0o077)
    try:
        copy = images.checkout(tmp_path / "elsewhere", source)
        again = build_image(images.options(tmp_path / "cache", copy, python=RUNNING))
    finally:
        os.umask(before)
    assert again.digest == built.digest
    assert again.layers == built.layers


def test_a_change_of_the_code_builds_its_layer_only(
    built: BuiltImage, cache: Path, source: Path, tmp_path: Path
) -> None:
    copy = images.checkout(tmp_path, source)
    with (copy / "values.py").open("a") as module:
        module.write("CHANGED = True\n")
    steps: list[str] = []
    changed = build_image(images.options(cache, copy, python=RUNNING), steps.append)
    assert changed.digest != built.digest
    assert changed.layers[0] == built.layers[0]
    assert changed.layers[1] != built.layers[1]
    assert any("kept" in step for step in steps)
    assert changed.digest in steps[-1]


def test_a_change_of_the_lock_changes_the_dependencies(
    built: BuiltImage, cache: Path, source: Path, tmp_path: Path
) -> None:
    copy = images.checkout(tmp_path, source)
    lock = copy / "requirements.txt"
    text = lock.read_text()
    lock.write_text(text[: text.index("flatbuffers")] + text[text.index("httptools") :])
    changed = build_image(images.options(cache, copy, python=RUNNING))
    assert changed.layers[0] != built.layers[0]


@pytest.mark.long
def test_another_python_has_other_dependencies(built: BuiltImage, cache: Path, source: Path) -> None:
    other = "3.12" if RUNNING != "3.12" else "3.13"
    image = build_image(images.options(cache, source, python=other))
    assert images.config(image)["config"]["Labels"]["slipway.python"] == other
    names = [entry.name for entry in images.members(image, 0)]
    assert any(f"cpython-{other.replace('.', '')}-x86_64-linux-gnu.so" in name for name in names)
    assert image.layers[0] != built.layers[0]


def test_what_the_image_says_of_itself(built: BuiltImage, source: Path) -> None:
    manifest, config = images.manifest(built), images.config(built)
    assert (manifest["mediaType"], {layer["mediaType"] for layer in manifest["layers"]}) == (
        DOCKER_IMAGE,
        {DOCKER_LAYER},
    )
    assert (config["os"], config["architecture"]) == ("linux", "amd64")
    assert config["config"]["Entrypoint"] == ["python3", "/opt/program/serve"]
    assert config["config"]["Cmd"] == ["serve"]
    assert config["config"]["User"] == "10001:10001"
    assert config["config"]["Labels"] == {
        "slipway.runtime": "process",
        "slipway.python": RUNNING,
        "com.amazonaws.sagemaker.capabilities.accept-bind-to-port": "true",
        "org.opencontainers.image.title": "slipway-inference",
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.source": "urn:slipway:model/serving",
        "org.opencontainers.image.revision": tree_id(source_files(source)),
    }
    assert config["config"]["WorkingDir"] == "/opt/program"
    assert config["config"]["ExposedPorts"] == {"8080/tcp": {}}
    assert (built.runtime, built.python) == ("process", RUNNING)
    assert built.size == sum(layer.size for layer in built.layers) + len(
        images.blob(built, built.digest).read_bytes()
    ) + len(images.blob(built, manifest["config"]["digest"]).read_bytes())


def test_no_secret_and_no_date_in_the_configuration(
    built: BuiltImage, cache: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the environment of the build holds, the image holds none of it."""
    monkeypatch.setenv("UV_INDEX_SECRET_PASSWORD", "hunter2hunter2")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2hunter2")
    again = build_image(images.options(cache, source, python=RUNNING))
    assert again.digest == built.digest
    config = images.config(again)
    assert config["config"]["Env"] == ["ORT_DISABLE_TELEMETRY=1", "PYTHONDONTWRITEBYTECODE=1"]
    never = "0001-01-01T00:00:00Z"
    assert config["created"] == never
    assert config["history"] == [{"created": never}] * len(again.layers)
    with tarfile.open(images.blob(again, again.layers[1].digest)) as tar:
        texts = [content.read() for entry in tar if (content := tar.extractfile(entry))]
    assert not any(b"hunter2" in text for text in texts)


def test_the_sbom_names_every_installed_package(built: BuiltImage, source: Path) -> None:
    with tarfile.open(images.blob(built, built.layers[1].digest)) as tar:
        content = tar.extractfile("opt/program/sbom.cdx.json")
        assert content is not None
        document = json.loads(content.read())
    told = {f"{part['name']}-{part['version']}": part for part in document["components"]}
    folders = {
        part.removesuffix(".dist-info").replace("_", "-").lower()
        for entry in images.members(built, 0)
        for part in entry.name.split("/")
        if part.endswith(".dist-info")
    }
    assert set(told) == folders
    locked = (source / "requirements.txt").read_text()
    for part in told.values():
        [checksum] = part["hashes"]
        assert f"sha256:{checksum['content']}" in locked
        assert part["licenses"], part["name"]
        assert part["purl"].startswith(f"pkg:pypi/{part['name']}@{part['version']}")


def test_nothing_in_the_layers_differs_from_machine_to_machine(built: BuiltImage) -> None:
    for index in range(2):
        for entry in images.members(built, index):
            assert (entry.uid, entry.gid, entry.mtime, entry.uname) == (0, 0, 0, ""), entry.name
            assert entry.mode == (0o755 if entry.isdir() or entry.name == "opt/program/serve" else 0o644)
            assert not entry.name.endswith((".pyc", "/RECORD", "/INSTALLER", "/.lock")), entry.name


def test_the_unpacked_image_runs_on_a_plain_python(built: BuiltImage, tmp_path: Path) -> None:
    """Only what is in the image: the Python that runs it gets no other packages to see."""
    root = images.unpack(built, tmp_path / "root")
    model = write_artifact(tmp_path / "model")
    plain = str(Path(os.path.realpath(sys.executable)).parent)
    with serving(model, tmp_path, entry=root / "opt/program/serve", PATH=f"{plain}:/usr/bin:/bin") as server:
        server.wait_ready()
        wanted = pytest.approx([expected(ROW), expected(OTHER)], abs=1e-6)
        assert server.predict(instances(ROW, OTHER)) == wanted
        maps = Path(f"/proc/{server.process.pid}/maps").read_text()
        assert str(root / "opt/program/dependencies/onnxruntime") in maps
        assert ".venv" not in maps
        assert server.stop() == 0


def test_another_python_is_told(built: BuiltImage, tmp_path: Path) -> None:
    root = images.unpack(built, tmp_path / "root")
    (root / "opt/program/python-version").write_text("3.99\n")
    done = ended(write_artifact(tmp_path / "model"), "serve", entry=root / "opt/program/serve")
    assert done.returncode == 2
    assert "for Python 3.99" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_pushed_is_what_was_built(built: BuiltImage, tmp_path: Path) -> None:
    with images.registry(tmp_path) as host:
        tagged = f"{host}/slipway-dev:v1"
        pinned = push(built, tagged, crane=images.tool("crane"))
        assert pinned == f"{host}/slipway-dev@{built.digest}"
        assert push(built, tagged, crane=images.tool("crane")) == pinned
        assert push(built, f"{host}/another/repository", crane=images.tool("crane")).endswith(built.digest)
        for reference in (tagged, pinned):
            content = images.crane().run("manifest", reference)
            manifest = json.loads(content)
            config = json.loads(images.crane().run("config", reference))["config"]
            assert f"sha256:{hashlib.sha256(content).hexdigest()}" == built.digest
            assert manifest["mediaType"] == DOCKER_IMAGE
            parts = (manifest["config"], *manifest["layers"])
            assert len(content) + sum(part["size"] for part in parts) == built.size
            assert config["Labels"]["slipway.runtime"] == "process"
            assert config["Entrypoint"] == ["python3", "/opt/program/serve"]
        images.crane().run("validate", "--remote", pinned)
    with pytest.raises(RegistryError) as error:
        push(built, f"{host}/slipway-dev:v1", crane=images.tool("crane"))
    assert "crane push failed" in error.value.cause
    assert error.value.exit_code == 4


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A tar with one file, for a base image."""
    tar = tmp_path / "base.tar"
    (tmp_path / "usr").mkdir()
    (tmp_path / "usr" / "hello").write_text("base")
    subprocess.run(["tar", "--create", "--file", tar, "--directory", tmp_path, "usr"], check=True)
    return tar


def test_on_a_base(built: BuiltImage, base: Path, source: Path, tmp_path: Path) -> None:
    """The base is an OCI image behind an index, as public ones are; the result is one Docker image."""
    with images.registry(tmp_path) as host:
        crane, program = images.crane(), images.tool("crane")
        crane.run("append", "--oci-empty-base", "--new_layer", base, "--new_tag", f"{host}/base:part")
        crane.run("mutate", f"{host}/base:part", "--set-platform", "linux/amd64", "--tag", f"{host}/base:one")
        crane.run("index", "append", "--manifest", f"{host}/base:one", "--tag", f"{host}/base:latest")
        digest = crane.run("digest", f"{host}/base:latest").decode().strip()
        options = images.options(tmp_path / "cache", source, python=RUNNING, base=f"{host}/base@{digest}")
        image = build_image(options)
        assert image.runtime == "container"
        # above the base's layer, the same requirements as without a base; the SBOM names the base
        assert image.layers[1] == built.layers[0]
        assert image.layers[2] != built.layers[1]
        manifest, labels = images.manifest(image), images.config(image)["config"]["Labels"]
        assert manifest["mediaType"] == DOCKER_IMAGE
        assert {layer["mediaType"] for layer in manifest["layers"]} == {DOCKER_LAYER}
        assert labels["slipway.runtime"] == "container"
        assert labels["org.opencontainers.image.base.digest"] == digest
        assert labels["org.opencontainers.image.base.name"] == f"{host}/base"
        assert (images.unpack(image, tmp_path / "root") / "usr" / "hello").read_text() == "base"
        crane.run("validate", "--remote", push(image, f"{host}/out:v1", crane=program))
        with pytest.raises(RegistryError):
            build_image(replace(options, base=f"{host}/base@sha256:{'0' * 64}"))
    # the base's registry is gone, and was not needed again
    assert build_image(options).digest == image.digest


def test_a_wheel_with_another_hash_is_refused(cache: Path, source: Path, tmp_path: Path) -> None:
    copy = images.checkout(tmp_path, source)
    lock = copy / "requirements.txt"
    lock.write_text(re.sub("sha256:[0-9a-f]{64}", f"sha256:{'0' * 64}", lock.read_text()))
    with pytest.raises(DependencyError) as error:
        build_image(images.options(cache, copy, python=RUNNING))
    assert "requirements.txt" in error.value.cause
    assert "hash" in error.value.cause.lower()
    assert error.value.next_step


def test_a_requirement_that_nobody_locked(cache: Path, source: Path, tmp_path: Path) -> None:
    copy = images.checkout(tmp_path, source)
    with (copy / "requirements.in").open("a") as requirements:
        requirements.write("orjson==3.11.0\n")
    with pytest.raises(DependencyError, match=re.escape("orjson==3.11.0 is not in it")):
        build_image(images.options(cache, copy, python=RUNNING))


def test_no_uv(cache: Path, source: Path, tmp_path: Path) -> None:
    copy = images.checkout(tmp_path, source)
    with (copy / "requirements.txt").open("a") as lock:
        lock.write("# a change, so that nothing kept fits\n")
    with pytest.raises(ToolError) as error:
        build_image(replace(images.options(cache, copy, python=RUNNING), uv=tmp_path / "uv"))
    assert "uv" in error.value.cause


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(ImageError) as error:
        build_image(images.options(tmp_path / "cache"))
    assert "disk space" in error.value.next_step


_KILLED = """
import sys, time
from pathlib import Path
from tests.model.image.images import crane
with crane().registry(Path(sys.argv[1])) as host:
    print(host, flush=True)
    time.sleep(60)
"""


@pytest.mark.kill
def test_the_registry_does_not_outlive_a_killed_build(tmp_path: Path) -> None:
    build = subprocess.Popen(
        [sys.executable, "-c", _KILLED, tmp_path], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert build.stdout is not None
    host = build.stdout.readline().strip()
    [registry] = [
        int(child) for child in Path(f"/proc/{build.pid}/task/{build.pid}/children").read_text().split()
    ]
    assert host.startswith("127.0.0.1:")
    build.send_signal(signal.SIGKILL)
    build.wait()
    build.stdout.close()
    until(lambda: not Path(f"/proc/{registry}").exists(), "the registry is gone")
