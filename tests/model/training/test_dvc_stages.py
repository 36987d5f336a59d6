"""The stages of `dvc.yaml`, each with nothing but what the earlier ones wrote."""

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from ruamel.yaml import YAML

from model import finding
from model.errors import ModelError
from model.training.dvc import files
from model.training.dvc.__main__ import main
from model.training.dvc.parameters import parameters
from model.training.dvc.stages import STAGES, run
from model.training.options import TrainOptions
from model.training.train import train
from tests.conftest import ROOT

DECLARED = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())["stages"]


def said(folder: Path, kind: str, model: str, **more: object) -> Path:
    """A folder whose parameters ask for a skeleton's model."""
    asked = {"service": f"model/skeletons/{kind}", "model": model, "trackers": "none", **more}
    with (folder / files.PARAMETERS).open("w") as out:
        YAML().dump(asked, out)
    return folder


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("kind", "model"), [("binary", "logistic"), ("regression", "forest"), ("multiclass", "forest")]
)
def test_they_make_the_very_bytes_that_a_training_in_one_process_makes(tmp_path, kind, model):
    folder, lines = said(tmp_path, kind, model), []
    for name in STAGES:
        run(name, folder, parameters(folder), lines.append)
    service = finding.load(ROOT / "model" / "skeletons" / kind)
    alone = train(service, TrainOptions(model, out=tmp_path / "alone", build=tmp_path, trackers=()))
    for name in ("model.tar.gz", "golden.json", "data.parquet"):
        assert (folder / files.OUT / name).read_bytes() == (tmp_path / "alone" / name).read_bytes(), name
    evidence = json.loads((folder / files.OUT / "evidence.json").read_text())
    told = {gate["name"]: gate["passed"] for gate in evidence["gates"]}
    assert told == {gate.name: gate.passed for gate in alone.gates}
    assert evidence["source"] == alone.evidence["source"]
    assert evidence["card"] == alone.evidence["card"]
    assert evidence["evaluation"].keys() == alone.evidence["evaluation"].keys()
    found = json.loads((folder / files.VALIDATION).read_text())
    assert (found["data_version"], found["rows"]) == (
        evidence["source"]["data_version"],
        {"binary": 569, "regression": 442, "multiclass": 178}[kind],
    )
    shares = found["train"].get("shares", {})
    assert sum(shares.values()) == pytest.approx(1.0 if kind == "multiclass" else 0.0, abs=1e-5)
    assert any(line.startswith("passed calibration") for line in lines)


def test_dvc_declares_them_in_order_and_all_that_they_write():
    assert tuple(DECLARED) == tuple(STAGES)
    for name, stage in DECLARED.items():
        assert shlex.split(stage["cmd"]) == [".venv/bin/python", "-m", "model.training.dvc", name]
    made = [
        path for stage in DECLARED.values() for path in (*stage.get("outs", ()), *stage.get("metrics", ()))
    ]
    named = {value for name, value in vars(files).items() if isinstance(value, Path)}
    work = {str(path) for path in named if path.parent == files.WORK}
    assert set(made) == work | {
        f"{files.OUT}/{name}" for name in ("model.tar.gz", "golden.json", "data.parquet", "evidence.json")
    }


def test_what_a_stage_depends_on_is_in_the_checkout_or_made_by_an_earlier_one():
    made: set[str] = set()
    for stage in DECLARED.values():
        for path in stage["deps"]:
            assert path in made or path == "${service}" or (ROOT / path).exists(), path
        made |= {*stage.get("outs", ()), *stage.get("metrics", ())}


@pytest.mark.parametrize(
    ("stage", "path", "content", "named"),
    [
        ("validate", files.DATA, None, "cannot be read: FileNotFoundError"),
        ("validate", files.DATA, b"version https://git-lfs.github.com/spec/v1\n", "is a pointer of Git LFS"),
        ("validate", files.VERSION, b"{}", "cannot be read: KeyError"),
        ("train", files.FEATURES, b"no parquet", "cannot be read: ArrowInvalid"),
        ("evaluate", files.PIPELINE, b"no zip", "cannot be read: BadZipFile"),
        ("package", files.EVALUATION, b"[]", "cannot be read: TypeError"),
    ],
)
def test_a_stage_without_what_it_reads_says_which_file_it_is(
    tmp_path, monkeypatch, capsys, stage, path, content, named
):
    folder = said(tmp_path, "binary", "logistic")
    (folder / files.WORK).mkdir(parents=True)
    for each in (files.DATA, files.FEATURES, files.PIPELINE):
        (folder / each).write_bytes(b"?")
    if content is None:
        (folder / path).unlink()
    else:
        (folder / path).write_bytes(content)
    monkeypatch.chdir(folder)
    assert main([stage]) == 2
    said_ = capsys.readouterr().err
    assert re.search(rf"error: .*{path.name} {re.escape(named)}", said_), said_


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (None, "params.yaml cannot be read"),
        ("{", "params.yaml cannot be read"),
        ("", "is not complete"),
        ("model: logistic", "is not complete: it needs service and model"),
        ("{service: model/skeletons/binary, model: boosting}", "asks for the model 'boosting'"),
        ("{service: model/nowhere, model: boosting}", "There is no service 'model/nowhere'"),
        (
            "{service: model/skeletons/binary, model: logistic, options: {months: 1-6}}",
            "does not know: months",
        ),
        ("{service: model/skeletons/binary, model: logistic, trackers: paper}", "'paper' names no tracker"),
    ],
)
def test_parameters_that_nothing_can_be_made_of_are_refused(tmp_path, text, named):
    if text is not None:
        (tmp_path / files.PARAMETERS).write_text(text)
    with pytest.raises(ModelError) as caught:
        parameters(tmp_path)
    assert named in caught.value.cause
    assert caught.value.next_step


def test_the_repositorys_own_parameters_ask_for_the_examples_default_model():
    asked = parameters(ROOT)
    assert (asked.service.name, asked.model) == ("delays", asked.service.models[0])
    assert asked.options == {name: option.default for name, option in asked.service.options.items()}


def test_a_column_that_is_there_twice_is_named_before_the_data_is_a_file(tmp_path, monkeypatch):
    folder = said(tmp_path, "regression", "forest")
    asked = parameters(folder)
    whole = asked.service.load(folder / files.BUILD)
    doubled = replace(whole, table=pd.concat([whole.table, whole.table[["bmi"]]], axis=1))
    monkeypatch.setattr(type(asked.service), "load", lambda self, cache: doubled)
    with pytest.raises(ModelError, match="has 'bmi' more than once"):
        run("ingest", folder, asked, print)
