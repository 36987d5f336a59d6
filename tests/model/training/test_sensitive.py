"""What is sensitive is in nothing that training writes but the data; monitoring says what it cannot watch."""

import io
import struct
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from model import artifact
from model.contract import Data, Feature, Slice
from model.errors import DataError, ServiceError
from model.skeletons.binary.service import Skeleton
from model.training.data_check import refuse_wrong
from model.training.options import TrainOptions
from model.training.reference.profile import profile
from model.training.train import train
from monitoring.drift import reference, sample
from monitoring.drift.decide import decide, new
from tests.model.training.served import differences

NUMBERS = 7_654_000.5 + np.arange(569)
NAMES = [f"zz-secret-{row % 7}" for row in range(569)]


class Patients(Skeleton):
    """Tumours of people with a number and a name."""

    features: ClassVar[tuple[Feature, ...]] = (
        *Skeleton.features[:3],
        Feature("record", "number", False, "of whom", 7_653_900.0, sensitive="drop"),
        *Skeleton.features[3:],
        Feature("person", "category", False, "who", "somebody", sensitive="hash"),
    )

    def load(self, cache: Path) -> Data:
        frame = Skeleton().load(cache).table
        return Data(frame.assign(record=NUMBERS, person=NAMES), "patients-1")

    def build(self, model: str) -> Any:
        """Reads the number, of which it keeps mean and spread alone, and not the name."""
        from sklearn.compose import ColumnTransformer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import StandardScaler

        scaled = ColumnTransformer([("numbers", StandardScaler(), list(self.numbers))])
        return Pipeline([("scale", scaled), ("model", LogisticRegression())])


def holding(folder: Path, secrets: list[bytes]) -> list[str]:
    """The files below a folder, and in archives there, in which one of these lies."""
    return [name for name, content in _files(folder) if any(secret in content for secret in secrets)]


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield from _within(str(path.relative_to(folder)), path.read_bytes())


def _within(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, content
    if name.endswith(".tar.gz"):
        with tarfile.open(fileobj=io.BytesIO(content)) as packed:
            for member in packed.getmembers():
                found = packed.extractfile(member)
                yield from _within(f"{name}/{member.name}", found.read() if found else b"")


@pytest.mark.sandbox
@pytest.mark.xdist_group("training")
@pytest.mark.parametrize("trackers", [(), pytest.param(("mlflow",), marks=pytest.mark.long)])
def test_no_value_of_it_is_in_any_file_but_the_data_and_the_server_answers_as_trained(tmp_path, trackers):
    options = TrainOptions("logistic", out=tmp_path / "out", build=tmp_path / "build", trackers=trackers)
    result = train(Patients(), options)
    assert result.passed, result.failed
    written = {f"{number:.0f}"[:5].encode() for number in NUMBERS}
    packed = [struct.pack(form, number) for number in NUMBERS[::40] for form in ("<f", "<d", ">d")]
    secrets = [b"zz-secret", *written, *packed]
    assert {Path(name).name for name in holding(tmp_path, secrets)} == {"data.parquet"}
    assert differences(tmp_path / "out", tmp_path) == []

    files = artifact.read((tmp_path / "out" / "model.tar.gz").read_bytes())
    assert not {"record", "person"} & set(pd.read_csv(io.BytesIO(files[artifact.REFERENCE])))
    columns = {each["name"]: each for each in result.evidence["card"]["data"]["columns"]}
    assert columns["record"]["sensitive"]
    assert "low" in columns["radius"]
    for found in (
        reference.read(files[artifact.PROFILE]),
        sample.of_sample(files[artifact.REFERENCE], files[artifact.SCHEMA]),
    ):
        assert not {"record", "person"} & set(found.names)
        until = datetime(2026, 11, 1, tzinfo=UTC)
        (said,) = [
            each
            for each in decide(found, new("delays", "r" * 12, found), [], until).unknown
            if "Not watched" in each
        ]
        assert "person (hashed), record (dropped)" in said
        assert "sensitive" in said


def test_drift_is_decided_without_it_and_other_services_references_are_as_they_were():
    service, rows = Patients(), Patients().load(Path()).table
    held = profile(service, rows, lambda asked: np.full(len(asked), 0.5))
    assert b"zz-secret" not in held
    assert b"7654" not in held
    assert b"unwatched" not in profile(Skeleton(), rows, lambda asked: np.full(len(asked), 0.5))


def test_an_error_about_the_data_quotes_none_of_it():
    rows = Patients().load(Path()).table
    rows = rows.assign(record=rows["record"].astype(str))
    with pytest.raises(DataError) as refused:
        refuse_wrong(Patients(), rows, Patients().split({}, None), datetime.now(UTC))
    assert "'record' is a number" in str(refused.value)
    assert "7654" not in str(refused.value)


def test_a_sensitive_feature_is_no_slice_whose_values_the_evidence_would_name():
    with pytest.raises(ServiceError, match="'person' is sensitive, and as a slice"):

        class Sliced(Patients):
            slices: ClassVar[tuple[Slice, ...]] = (Slice("person", "person", 0.5),)
