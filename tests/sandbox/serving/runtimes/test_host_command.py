"""From an image's config to the command that runs it on the host."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.serving.images.store import Image
from sandbox.serving.runtimes import private_folder_program
from sandbox.serving.runtimes.host_command import Launch, Machine, Place, job, launch
from sandbox.serving.runtimes.program import Program


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("opt/program/serve", "opt/lib/x.py", "usr/local/bin/tool"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("#!/usr/bin/env python3\n")
    return tmp_path


def command(root: Path, environment: dict[str, str] | None = None, **config: Any) -> Launch:
    machine = Machine(Path("/home/python"), "/usr/bin", "eu-west-1", Path("/scratch"))
    place = Place(8123, Path("/models/m"))
    return launch({"Entrypoint": ["/opt/program/serve"], **config}, root, environment or {}, machine, place)


def test_the_images_own_entrypoint_is_run_with_serve(root: Path) -> None:
    assert command(root).argv == [f"{root}/opt/program/serve", "serve"]


def test_paths_of_the_image_point_into_it_and_others_stay(root: Path) -> None:
    entrypoint = ["python", "/opt/lib/x.py", "/etc/not/in/image", "--port=8080", "/"]
    assert command(root, Entrypoint=entrypoint).argv == [
        *("python", f"{root}/opt/lib/x.py", "/etc/not/in/image", "--port=8080", "/", "serve")
    ]


def test_a_script_for_a_python_elsewhere_runs_by_the_hosts(root: Path) -> None:
    (root / "opt/program/serve").write_text("#!/usr/local/bin/python3.9 -E\n")
    assert command(root).argv == ["/home/python/python3", f"{root}/opt/program/serve", "serve"]


def test_what_sagemaker_sets_wins_over_the_model_and_the_model_over_the_image(root: Path) -> None:
    env = command(
        root,
        {"B": "model", "SAGEMAKER_BIND_TO_PORT": "1", "SM_MODEL_DIR": "x"},
        Env=["A=image", "B=image", "EMPTY="],
    ).env
    assert (env["A"], env["B"], env["EMPTY"]) == ("image", "model", "")
    assert env["SAGEMAKER_BIND_TO_PORT"] == "8123"
    assert env["SM_MODEL_DIR"] == "/models/m"
    assert env["HOME"] == env["TMPDIR"] == "/scratch"
    assert env["SLIPWAY_BIND_HOST"] == "127.0.0.1"
    assert env["AWS_REGION"] == "eu-west-1"


def test_path_begins_with_the_sandboxs_python(root: Path) -> None:
    env = command(root, Env=["PATH=/usr/local/bin:/not/there", "PYTHONPATH=/opt/lib:/not/there", "T=a:b"]).env
    assert env["PATH"] == f"/home/python:{root}/usr/local/bin:/usr/bin"
    assert env["PYTHONPATH"] == f"{root}/opt/lib:/not/there"
    assert env["T"] == "a:b"


def test_nothing_of_the_hosts_environment_leaks(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the user")
    assert "of the user" not in command(root).env.values()


def test_the_working_folder_is_the_images(root: Path) -> None:
    assert command(root, WorkingDir="/opt/program").cwd == root / "opt/program"
    assert command(root, WorkingDir="/not/there").cwd == root
    assert command(root).cwd == root


def job_command(root: Path, folder: Path, program: dict[str, Any], **config: Any) -> Launch:
    image = Image("sha256:1", {"Entrypoint": ["/opt/program/serve"], **config}, root)
    machine = Machine(Path("/home/python"), "/usr/bin", "eu-west-1", Path("/scratch"))
    return job(Program(image, "eu-west-1", folder, **program), machine)


def test_a_job_runs_its_command_with_its_own_ml(root: Path, tmp_path: Path) -> None:
    found = job_command(root, tmp_path, {"arguments": ("train",), "environment": {"A": "1"}})
    before = ["/home/python/python3", "-I", "-S", private_folder_program.__file__]
    assert found.argv == [*before, "/opt/ml", f"{tmp_path}/ml", f"{root}/opt/program/serve", "train"]
    assert (found.env["A"], found.env["SAGEMAKER_BASE_DIR"]) == ("1", f"{tmp_path}/ml")
    assert found.env["TMPDIR"] == str(tmp_path / "tmp")


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ({}, ["{root}/opt/program/serve", "as the image says"]),
        ({"arguments": ("train",)}, ["{root}/opt/program/serve", "train"]),
        ({"entrypoint": ("/opt/lib/x.py",)}, ["{root}/opt/lib/x.py"]),
        (
            {"entrypoint": ("/usr/local/bin/tool", "-c"), "arguments": ("a",)},
            ["{root}/usr/local/bin/tool", "-c", "a"],
        ),
    ],
)
def test_a_jobs_own_entrypoint_and_arguments_take_the_place_of_the_images(
    root: Path, tmp_path: Path, program: dict[str, Any], words: list[str]
) -> None:
    found = job_command(root, tmp_path, program, Cmd=["as the image says"])
    assert found.argv[6:] == [word.format(root=root) for word in words]


def test_what_a_job_has_in_its_ml_is_not_the_images(root: Path, tmp_path: Path) -> None:
    (root / "opt/ml/model").mkdir(parents=True)
    (root / "opt/ml/code").mkdir()
    (tmp_path / "ml/model").mkdir(parents=True)
    found = job_command(root, tmp_path, {}, Env=["SM_MODEL_DIR=/opt/ml/model", "CODE=/opt/ml/code"])
    assert (found.env["SM_MODEL_DIR"], found.env["CODE"]) == ("/opt/ml/model", f"{root}/opt/ml/code")
