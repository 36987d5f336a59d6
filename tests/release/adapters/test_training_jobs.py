"""What a training job left in S3 is unpacked here, or refused with words."""

import io
import random
import tarfile
from types import SimpleNamespace
from typing import IO, Any, cast

import pytest

from release.adapters.training_jobs import TrainingJobs
from release.domain.errors import ServiceError


def archive(content: bytes) -> bytes:
    """An output.tar.gz with one file."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo("model.json")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


CONTENT = random.Random(1).randbytes(200_000)  # noqa: S311 - no secret, but bytes that take their room packed
GOOD = archive(CONTENT)


def training_jobs(left: bytes) -> TrainingJobs:
    """Those of a stage whose bucket has what one left."""

    def download_fileobj(bucket: str, key: str, file: IO[bytes]) -> None:
        assert (bucket, key) == ("bucket", "jobs/one/output.tar.gz")
        file.write(left)

    client = SimpleNamespace(download_fileobj=download_fileobj)
    return TrainingJobs(cast("Any", SimpleNamespace(client=lambda _: client)))


JOB: Any = SimpleNamespace(output="s3://bucket/jobs/one")


def test_what_a_job_left_is_unpacked(tmp_path):
    assert training_jobs(GOOD).fetch(JOB, tmp_path / "left")
    assert (tmp_path / "left" / "model.json").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "left",
    [
        pytest.param(b"no archive", id="no archive"),
        pytest.param(GOOD[:100_000], id="cut short"),
        pytest.param(GOOD[:100_000].ljust(len(GOOD), b"\xff"), id="damaged in the middle"),
    ],
)
def test_what_cannot_be_unpacked_is_refused_with_a_next_step(tmp_path, left):
    with pytest.raises(ServiceError) as refused:
        training_jobs(left).fetch(JOB, tmp_path / "left")
    assert refused.value.cause.startswith("s3://bucket/jobs/one/output.tar.gz cannot be unpacked: ")
    assert "--again" in refused.value.next_step
