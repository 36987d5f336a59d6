"""Weights & Biases offline, for real: what it wrote is read back from its own file."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from model.training.tracking.run import Sent
from model.training.tracking.to_wandb import Wandb

pytestmark = [pytest.mark.sandbox, pytest.mark.xdist_group("training")]

_HEADER, _BLOCK, _RECORD = 7, 32 * 1024, struct.Struct("<IHB")
_WHOLE, _LAST = 1, 4
"""Types of a piece in LevelDB's log format: the whole of a record, and its last piece."""


def records(path: Path) -> Iterator[Any]:
    """The protobuf records of a `.wandb` file, which is a log in LevelDB's format."""
    from wandb.proto.wandb_internal_pb2 import Record  # ty: ignore[missing-module-member]

    content, at, pieces = path.read_bytes(), _HEADER, b""
    while at + _RECORD.size <= len(content):
        if _BLOCK - at % _BLOCK < _RECORD.size:
            at += _BLOCK - at % _BLOCK
            continue
        _, length, kind = _RECORD.unpack_from(content, at)
        pieces += content[at + _RECORD.size : at + _RECORD.size + length]
        at += _RECORD.size + length
        if kind in (_WHOLE, _LAST):
            record = Record()
            record.ParseFromString(pieces)
            yield record
            pieces = b""


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_the_run_lies_in_the_build_folder_with_its_measures_configuration_and_model(run, tmp_path):
    tracker = Wandb(tmp_path)
    assert tracker.where == f"{tmp_path}/wandb"
    assert tracker.send(run) == Sent(run.id)

    [path] = tmp_path.glob("wandb/offline-run-*/*.wandb")
    read = list(records(path))
    [begun] = [record.run for record in read if record.WhichOneof("record_type") == "run"]
    assert (begun.run_id, begun.project, list(begun.tags)) == (run.id, run.service, ["passed"])
    configured = {item.key: item.value_json for item in begun.config.update}
    assert configured["months"] == '"1-6"'
    assert configured["sha256"] == f'"{run.sha256}"'
    logged = {
        item.key or ".".join(item.nested_key): item.value_json
        for record in read
        if record.WhichOneof("record_type") == "history"
        for item in record.history.item
    }
    assert float(logged["test_auc"]) == 0.7
    assert "image-file" in str(logged)
    requests = [record.request for record in read if record.request.HasField("log_artifact")]
    models = [request.log_artifact.artifact for request in requests]
    models += [record.artifact for record in read if record.WhichOneof("record_type") == "artifact"]
    [model] = models
    assert (model.name, model.type) == (run.service, "model")
    assert {entry.path for entry in model.manifest.contents} == {"model.tar.gz", "golden.json"}


def test_what_is_sent_twice_is_one_run_of_one_id(run, tmp_path):
    assert Wandb(tmp_path).send(run) == Wandb(tmp_path).send(run)
    found = {path.name for path in tmp_path.glob("wandb/offline-run-*/*.wandb")}
    assert found == {f"run-{run.id}.wandb"}
