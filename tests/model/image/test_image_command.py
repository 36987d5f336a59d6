"""`./slipway image` as people and CI run it."""

import json
import os
from pathlib import Path

import pytest

from release.adapters.images import LocalImages
from release.domain.stage import ImageSettings
from scripts import image
from scripts.shared.cli import execute
from tests.model.image import images

ROOT = Path(__file__).resolve().parents[3]
BASE = f"localhost/slipway-base@sha256:{'a' * 64}"


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PATH", f"{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ['PATH']}")


def test_the_command_of_an_engine(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(image.COMMAND, ["dockerfile", "--base", BASE, "--python", "3.11", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["arguments"]
    assert (told["BASE_NAME"], told["BASE_DIGEST"]) == tuple(BASE.split("@"))
    assert len(told["REVISION"]) == 40
    assert execute(image.COMMAND, ["dockerfile"]) == 2
    assert "./slipway image base" in capsys.readouterr().err


def test_what_cannot_be_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(image, "CACHE", tmp_path)
    assert execute(image.COMMAND, ["--against", f"sha256:{'0' * 64}"]) == 2
    assert "holds no image" in capsys.readouterr().err


@pytest.mark.sandbox
def test_twice_is_once(
    source: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(image, "CACHE", cache)
    monkeypatch.setattr(image, "SERVING", source)
    (cache / "last.json").unlink(missing_ok=True)
    assert execute(image.COMMAND, ["--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["compared_with"] is None
    assert [layer["holds"] for layer in first["layers"]] == ["requirements", "code"]
    assert execute(image.COMMAND, []) == 0
    assert "Nothing changed" in capsys.readouterr().out
    copy = images.checkout(cache / "another", source)
    (copy / "new.py").write_text("")
    monkeypatch.setattr(image, "SERVING", copy)
    assert execute(image.COMMAND, ["--json"]) == 0
    second = json.loads(capsys.readouterr().out)
    assert second["compared_with"] == first["digest"]
    assert [change["what"] for change in second["changes"]] == ["opt/program/model/serving/new.py"]


@pytest.mark.sandbox
def test_what_a_release_built_is_the_last_one(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(image, "CACHE", cache)
    (cache / "last.json").unlink(missing_ok=True)
    made = LocalImages(cache).build(ImageSettings(), lambda _event: None)
    assert execute(image.COMMAND, ["--json"]) == 0
    assert json.loads(capsys.readouterr().out)["compared_with"] == made.record.digest
