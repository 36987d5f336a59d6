"""`./slipway update` on a copy of the repository with an older lock: real index, images and servers."""

import json
import os
import shutil
from pathlib import Path

import pytest

from model.artifact import pack
from model.image.errors import UpdateError
from model.image.update import lock
from scripts import update
from scripts.shared.cli import execute
from tests.model.serving.examples import OTHER, ROW, SCHEMA, expected, graph

ROOT = Path(__file__).resolve().parents[2]
OLDER = "0.20.0"
"""A version of msgspec that the server can run on, too."""
pytestmark = [pytest.mark.sandbox, pytest.mark.long]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that an update reads and writes, with an older msgspec in all of them."""
    copy, uv = tmp_path / "repository", lock.find_uv(ROOT)
    shutil.copytree(ROOT / lock.SERVING, copy / lock.SERVING)
    for path in (*lock.SHARED, lock.ALL, lock.TRAINING):
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, copy / path)
    for path in (lock.INPUT, *lock.SHARED):
        text = (copy / path).read_text()
        (copy / path).write_text(lock.repinned(text, {"msgspec": OLDER}))
    lock.compile_lock(uv, copy, "--generate-hashes", str(lock.INPUT), "-o", str(lock.LOCK))
    lock.compile_lock(uv, copy, "requirements-dev.txt", "-o", str(lock.ALL))
    monkeypatch.setattr(update, "ROOT", copy)
    monkeypatch.setattr(update, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(update, "find_uv", lambda _root: uv)
    monkeypatch.setenv("PATH", f"{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(ROOT)
    return copy


def _trained(folder: Path, shift: float = 0.0) -> Path:
    """What training leaves, of the small model; `shift` makes its golden scores wrong."""
    folder.mkdir()
    (folder / "model.tar.gz").write_bytes(
        pack({"model.onnx": graph(), "schema.json": json.dumps(SCHEMA).encode()})
    )
    requests = [
        {
            "content_type": "application/json",
            "body": json.dumps({"instances": [ROW, OTHER]}),
            "scores": [expected(ROW) + shift, expected(OTHER)],
        }
    ]
    (folder / "golden.json").write_text(json.dumps({"tolerance": 1e-5, "requests": requests}))
    return folder


def _contents(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(root.rglob("*.txt")) + sorted(root.rglob("*.in"))}


def test_it_tells_first_and_keeps_when_asked(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # how quiet the machine is, is not what is tested
    monkeypatch.setattr("model.image.update.findings._spread", lambda _rates: 0.0)
    monkeypatch.setattr("model.image.update.findings.SLOWER_REFUSED", 0.99)
    before = _contents(root)
    common = ["--package", "msgspec", "--model", str(_trained(tmp_path / "model")), "--rounds", "1"]
    common += ["--seconds", "1", "--json"]
    assert execute(update.COMMAND, common) == 0
    told = json.loads(capsys.readouterr().out)
    [change] = told["changes"]
    assert (change["name"], change["before"], told["applied"]) == ("msgspec", OLDER, False)
    assert _contents(root) == before
    predictions = {finding["what"]: finding for finding in told["findings"]}["predictions"]
    assert predictions["state"] == "same"
    assert told["after"]["loads"]["1 row"]["rate"] > 0
    assert execute(update.COMMAND, [*common, "--apply"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["applied"]
    assert str(lock.LOCK) in told["files"]
    for path in (lock.INPUT, lock.LOCK, lock.ALL):
        assert lock.pins((root / path).read_text())["msgspec"] == change["after"], path
    assert execute(update.COMMAND, common) == 0
    assert json.loads(capsys.readouterr().out)["changes"] == []


def test_it_changes_nothing_where_predictions_are_wrong(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _contents(root)
    arguments = ["--package", "msgspec", "--model", str(_trained(tmp_path / "model", shift=0.01))]
    arguments += ["--rounds", "1", "--seconds", "1", "--apply"]
    assert execute(update.COMMAND, arguments) == 1
    assert "refused because of predictions" in capsys.readouterr().out
    assert _contents(root) == before


def test_an_update_that_the_rest_of_the_project_does_not_fit_is_taken_back(root: Path) -> None:
    before = _contents(root)
    # what the commands need contradicts what the image would get
    (root / "requirements-dev.txt").write_text("msgspec<0.21\n-r model/serving/requirements.in\n")
    before[root / "requirements-dev.txt"] = (root / "requirements-dev.txt").read_bytes()
    requirements = lock.repinned((root / lock.INPUT).read_text(), {"msgspec": "0.22.0"})
    with pytest.raises(UpdateError):
        lock.apply(root, lock.find_uv(ROOT), lock.Proposal(requirements, "", ()))
    assert _contents(root) == before
