"""What an engine is told, and how it is found: decisions, without any engine."""

import json
import os
import shutil
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.core.settings import SandboxError
from sandbox.serving.engines import arguments, configuration
from sandbox.serving.engines.arguments import MODEL_DIR, Kind, Network, Task
from sandbox.serving.engines.configuration import Machine
from sandbox.serving.engines.engine import Engine, EngineError, find_engine, network_of, storage_folder
from sandbox.serving.engines.images import check, write_archive, write_layout
from sandbox.serving.engines.namespaces import Namespaces
from sandbox.serving.images.blobs import ImageError

TASK = Task(
    image="slipway.local/image:1",
    name="slipway-i-1-0",
    owner="/home/of/it",
    port=8123,
    memory="2g",
    network=Network.NONE,
    model_dir=Path("/models/m"),
    environment={"VERSION": "a b=c"},
    pid_file=Path("/scratch/i-1.pid"),
)
HARD = [
    "--read-only",
    "--cap-drop ALL",
    "--security-opt no-new-privileges",
    "--memory 2g --memory-swap 2g",
    "--pids-limit 512",
    "--pull never",
    "--rm",
    f"--mount type=bind,source=/models/m,target={MODEL_DIR},readonly",
    "--label slipway.sandbox=/home/of/it",
    "--env VERSION=a b=c",
]


@pytest.mark.parametrize("kind", ["podman", "docker"])
def test_every_container_is_hardened(kind: Kind) -> None:
    words = arguments.run(kind, TASK)
    line = " ".join(words)
    assert [part for part in HARD if part not in line] == []
    assert words[-2:] == ["slipway.local/image:1", "serve"]
    assert "--privileged" not in line
    assert "--tmpfs /tmp:rw,noexec,nosuid,nodev,size=64m" in line


@pytest.mark.parametrize("kind", ["podman", "docker"])
def test_a_job_may_write_to_its_folders_and_listens_nowhere(kind: Kind) -> None:
    folders = {"/opt/ml/model": Path("/runs/1/ml/model")}
    task = replace(TASK, port=0, mounts=folders, entrypoint="/train.py", network=Network.PUBLISHED)
    words = arguments.run(kind, task, ("a",))
    line = " ".join(words)
    assert "--mount type=bind,source=/runs/1/ml/model,target=/opt/ml/model " in line
    assert "--entrypoint /train.py" in line
    assert words[-2:] == ["slipway.local/image:1", "a"]
    assert "--cap-drop ALL --security-opt no-new-privileges" in line
    assert not {"--read-only", "--publish", "--tmpfs"} & set(words)


def test_only_podman_gets_what_only_podman_knows() -> None:
    podman, docker = arguments.run("podman", TASK), arguments.run("docker", TASK)
    ours = {"--read-only-tmpfs=false", "--pidfile"}
    assert ours <= set(podman)
    assert not ours & set(docker)
    assert (
        arguments.remove("podman", "a", "b")[-2:] == arguments.remove("docker", "a", "b")[-2:] == ["a", "b"]
    )


REFUSING = """#!/bin/sh
echo "$*" >> "$0.asked"
[ $(wc -l < "$0.asked") -gt {times} ] || {{ echo "Error: cannot remove: {why}" >&2; exit 125; }}
"""


@pytest.mark.parametrize(
    ("times", "why", "asked"), [(2, "container state improper: stopped", 3), (1, "no such storage", 1)]
)
def test_a_container_that_ends_while_it_is_removed_is_removed_again(
    tmp_path: Path, times: int, why: str, asked: int
) -> None:
    program = tmp_path / "podman"
    program.write_text(REFUSING.format(times=times, why=why))
    program.chmod(0o755)
    engine = Engine("podman", program, dict(os.environ), Network.NONE, tmp_path)
    with nullcontext() if asked > times else pytest.raises(EngineError, match=why):
        engine.remove("a")
    assert (tmp_path / "podman.asked").read_text().splitlines() == ["rm --force --ignore --time 0 a"] * asked


@pytest.mark.parametrize(
    ("network", "words", "host"),
    [
        (Network.NONE, "--network none", "127.0.0.1"),
        (Network.HOST, "--network host", "127.0.0.1"),
        (Network.PUBLISHED, "--publish 127.0.0.1:8123:8123", "0.0.0.0"),  # noqa: S104
    ],
)
def test_nothing_listens_beyond_the_loopback(network: Network, words: str, host: str) -> None:
    task = Task("image", "name", "owner", 8123, "2g", network)
    line = " ".join(arguments.run("podman", task))
    assert words in line
    assert line.count("--network") + line.count("--publish") == 1
    assert "--mount" not in line
    assert arguments.contract(8123, network) == {
        "SAGEMAKER_BIND_TO_PORT": "8123",
        "SM_MODEL_DIR": MODEL_DIR,
        "SLIPWAY_BIND_HOST": host,
    }


def test_who_can_enter_a_container_gives_it_no_network() -> None:
    assert network_of("podman", 0, "linux") is Network.NONE
    assert network_of("podman", 1000, "linux") is Network.HOST
    assert network_of("docker", 0, "linux") is Network.PUBLISHED


def test_podmans_files_are_toml_and_apart_from_the_users() -> None:
    machine = Machine(Path('/a "b"/storage'), Path("/run/x"), "runc", open_files=20000, processes=1 << 62)
    files = configuration.files(machine)
    engine = tomllib.loads(files["containers.conf"])
    assert engine["containers"]["default_ulimits"] == ["nofile=20000:20000", "nproc=30000:30000"]
    assert engine["engine"]["runtime"] == "runc"
    storage = tomllib.loads(files["storage.conf"])["storage"]
    assert storage["graphroot"] == '/a "b"/storage/graph'
    assert (engine["engine"]["tmp_dir"], storage["runroot"]) == ("/run/x/tmp", "/run/x")
    assert json.loads(files["policy.json"])["default"]
    plain = configuration.files(Machine(Path("/s"), Path("/r"), "", 1, 1))
    assert "runtime" not in tomllib.loads(plain["containers.conf"])["engine"]


@pytest.mark.parametrize(
    ("user", "runtime_dir", "parent"), [(0, "", "/run"), (7, "/run/user/7", "/run/user/7"), (7, "", "/t")]
)
def test_what_runs_is_described_in_a_short_folder_of_each_storage(
    user: int, runtime_dir: str, parent: str
) -> None:
    storage = Path("/long" * 40)
    folder = configuration.run_folder(storage, user, runtime_dir, "/t")
    assert folder.parent == Path(parent)
    assert len(str(folder)) < 40
    assert folder != configuration.run_folder(Path("/other"), user, runtime_dir, "/t")


def test_the_storage_is_in_the_checkout_or_where_it_was_told() -> None:
    assert storage_folder({"SLIPWAY_CONTAINER_STORAGE": "/else/where"}) == Path("/else/where")
    assert storage_folder({}).parts[-2:] == (".build", "containers")


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Path]:
    """The place of a storage; what describes its running containers lies elsewhere, and goes with it."""
    yield tmp_path / "storage"
    runtime_dir = os.environ.get("XDG_RUNTIME_DIR", "")
    run = configuration.run_folder(tmp_path / "storage", os.geteuid(), runtime_dir, tempfile.gettempdir())
    shutil.rmtree(run, ignore_errors=True)


def test_without_an_engine_each_cause_is_said(tmp_path: Path, storage: Path) -> None:
    broken = tmp_path / "podman"
    broken.write_text("#!/bin/sh\necho 'no kernel for this' >&2\nexit 125\n")
    broken.chmod(0o755)
    environ = {"PATH": str(tmp_path), "SLIPWAY_CONTAINER_STORAGE": str(storage)}
    with pytest.raises(SandboxError) as error:
        find_engine(environ)
    cause, consequence, next_step = str(error.value).splitlines()
    assert "podman info: no kernel for this" in cause
    assert "docker is not on PATH" in cause
    assert "Nothing was started" in consequence
    assert "apt-get install podman runc" in next_step
    with pytest.raises(SandboxError, match="lxc"):
        find_engine(environ | {"SLIPWAY_CONTAINER_ENGINE": "lxc"})


def test_an_image_for_the_hosts_python_is_refused() -> None:
    check({"Labels": {"slipway.runtime": "container"}})
    check({})
    check({"Labels": None})
    with pytest.raises(ImageError, match=r"slipway\.runtime=process"):
        check({"Labels": {"slipway.runtime": "process"}})


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    """A config and a layer that is there twice, as two equal layers are."""
    for name in ("c0", "a1"):
        (tmp_path / name).write_text(name)
    return [tmp_path / "c0", tmp_path / "a1", tmp_path / "a1"]


def test_a_layout_links_the_blobs_and_keeps_the_digest(tmp_path: Path, parts: list[Path]) -> None:
    folder = tmp_path / "layout"
    write_layout(folder, "sha256:ff", b"{}", "application/x", parts)
    [entry] = json.loads((folder / "index.json").read_text())["manifests"]
    assert entry == {"mediaType": "application/x", "digest": "sha256:ff", "size": 2}
    assert (folder / "blobs/sha256/a1").readlink() == parts[1]
    assert (folder / "blobs/sha256/ff").read_bytes() == b"{}"


def test_an_archive_is_what_docker_save_writes(tmp_path: Path, parts: list[Path]) -> None:
    write_archive(tmp_path / "image.tar", "slipway.local/image:ff", parts)
    with tarfile.open(tmp_path / "image.tar") as tar:
        file = tar.extractfile("manifest.json")
        assert file is not None
        [described] = json.loads(file.read())
        assert described["RepoTags"] == ["slipway.local/image:ff"]
        assert described["Layers"] == ["blobs/sha256/a1", "blobs/sha256/a1"]
        assert sorted(tar.getnames()) == ["blobs/sha256/a1", "blobs/sha256/c0", "manifest.json"]


def test_a_port_whose_container_is_not_there_is_refused(tmp_path: Path) -> None:
    address = (2, 1, 6, "", ("127.0.0.1", 8123))
    namespaces = Namespaces()
    with namespaces.make_socket(address) as plain:
        assert plain.family == 2
    namespaces.put(8123, tmp_path / "missing.pid")
    with pytest.raises(ConnectionRefusedError):
        namespaces.make_socket(address)
    (tmp_path / "gone.pid").write_text(str(2**22 + os.getpid()))
    namespaces.put(8123, tmp_path / "gone.pid")
    with pytest.raises(ConnectionRefusedError):
        namespaces.make_socket(address)
    namespaces.drop(8123)
    namespaces.make_socket(address).close()
