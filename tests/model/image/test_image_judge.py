"""The image of the judge's service: what is in it, and that its layers serve by themselves."""

import os
import subprocess
import sys

import pytest

from integrations.judge_service.settings import PORT
from model.image.errors import ImageError
from model.image.judge import SERVICE, build_judge_image, judge_files
from model.image.locked import pins
from tests.conftest import ROOT
from tests.integrations.judge_service.service import Service, streamed
from tests.model.image import images
from tests.model.image.conftest import RUNNING


def quiet(_text: str) -> None:
    """Nobody listens."""


def test_it_holds_the_judge_and_nothing_that_moves_builds_or_asks_aws():
    held = {file.path for file in judge_files(ROOT)}
    assert {"judge", "release/judge/fold.py", "integrations/judge_service/server.py"} <= held
    rooms = {"/".join(path.split("/")[:2]) for path in held if "/" in path}
    inits = {"release/__init__.py", "integrations/__init__.py"}
    assert rooms - inits == {"release/domain", "release/judge", "integrations/judge_service"}


def test_what_it_needs_is_locked_as_everything_is():
    lock = (ROOT / SERVICE / "requirements.txt").read_text()
    everything = pins((ROOT / "requirements.lock").read_text())
    assert {name: everything.get(name) for name in pins(lock)} == pins(lock), "make lock"


def test_a_folder_that_is_no_checkout_is_refused(tmp_path):
    with pytest.raises(ImageError, match="is no checkout"):
        judge_files(tmp_path)


@pytest.mark.long
@pytest.mark.sandbox
def test_its_layers_serve_with_what_is_in_them_alone(tmp_path):
    image = build_judge_image(images.options(ROOT / ".build" / "image", python=RUNNING), quiet)
    root = images.unpack(image, tmp_path / "root") / "opt" / "program"
    config = images.config(image)["config"]
    assert config["Entrypoint"] == ["python3", "/opt/program/judge"]
    assert config["Cmd"] == ["--folder=/evidence", "--host=0.0.0.0"]
    assert config["ExposedPorts"] == {f"{PORT}/tcp": {}}
    variables = dict(pair.split("=", 1) for pair in config["Env"])
    process = subprocess.Popen(
        # Isolated: without this checkout, and without the packages of the Python that runs the tests.
        [sys.executable, "-I", "-S", str(root / "judge"), "--folder", str(tmp_path / "kept"), "--port", "0"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **variables},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        service = Service(int(process.stdout.readline().partition(",")[0].rpartition(":")[2]))
        service.post(streamed({"errors": 0.2}), "abc")
        assert service.argo("abc").told["decision"] == "FAIL"
    finally:
        process.kill()
        process.wait()
