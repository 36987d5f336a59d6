"""The steps of a pipeline around a training: right data, a whole model, what its gates came to."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from model.errors import ModelError
from model.skeletons.regression.service import SERVICE
from model.training.errors import JobInputError, JobOutputError
from model.training.job import hyperparameters, steps
from model.training.job.hyperparameters import ASKED, SHA256, Asked

MODEL = b"the model"


def quiet(_text: str) -> None:
    """Nobody listens."""


def left(*passed: bool, model: bytes = MODEL) -> dict[str, bytes]:
    """What a training left whose gates came to that."""
    evidence = {
        "model": {"sha256": hashlib.sha256(MODEL).hexdigest()},
        "golden_sha256": hashlib.sha256(b"{}").hexdigest(),
        "gates": [{"name": f"gate-{number}", "passed": one} for number, one in enumerate(passed)],
    }
    return {"model.tar.gz": model, "golden.json": b"{}", "evidence.json": json.dumps(evidence).encode()}


def packed(folder: Path, files: dict[str, bytes]) -> Path:
    """A container's folder of processing with SageMaker's archive of these files in it."""
    (folder / "trained").mkdir(parents=True)
    with tarfile.open(folder / "trained" / "output.tar.gz", "w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return folder


def test_a_model_that_its_gates_refuse_is_told_and_one_that_passes_too(tmp_path):
    for name, gates, refused in (("good", (True, True), []), ("bad", (True, False), ["gate-1"])):
        steps.run(SERVICE, packed(tmp_path / name, left(*gates)), ["prove"], quiet)
        found = json.loads((tmp_path / name / "proven" / "gates.json").read_text())
        sha256 = hashlib.sha256(MODEL).hexdigest()
        assert found == {"failed": len(refused), "gates": 2, "refused_by": refused, "sha256": sha256}
        assert (tmp_path / name / "proven" / "model.tar.gz").read_bytes() == MODEL


@pytest.mark.parametrize(
    "files",
    [left(), left(True, model=b"other"), {"model.tar.gz": MODEL}, left(True) | {"golden.json": b"[]"}],
    ids=["no gate", "another model", "no evidence", "other golden requests"],
)
def test_what_is_not_whole_is_never_proven(tmp_path, files):
    with pytest.raises(JobOutputError, match="no whole model"):
        steps.run(SERVICE, packed(tmp_path, files), ["prove"], quiet)
    assert not (tmp_path / "proven").exists()


def test_all_that_is_asked_goes_as_one_text_and_comes_back():
    asked = Asked("linear", {}, "somewhere-1", "a" * 64, {"numpy": "2"})
    texts = {ASKED: asked.packed(), SHA256: "a" * 64}
    assert hyperparameters.asked(SERVICE, texts) == asked
    assert hyperparameters.asked(SERVICE, texts) != hyperparameters.asked(SERVICE, {SHA256: "a" * 64})


def test_what_is_no_text_of_it_or_too_long_is_refused():
    with pytest.raises(JobInputError, match="is no JSON object"):
        hyperparameters.asked(SERVICE, {ASKED: "[1]"})
    with pytest.raises(JobInputError, match="has up to 256 characters"):
        Asked("linear", {}, "x" * 250).packed()


def test_other_rows_than_those_asked_for_are_refused(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "data.parquet").write_bytes(b"x")
    with pytest.raises(JobInputError, match="the job was started for aaaa"):
        steps.run(SERVICE, tmp_path, ["check-data", Asked("linear", {}).packed(), "a" * 64], quiet)
    with pytest.raises(ModelError, match="no step 'serve'"):
        steps.run(SERVICE, tmp_path, ["serve"], quiet)
