"""What is taken of a processing job whose program has ended."""

from pathlib import Path

import pytest

from sandbox.jobs.processing.processor import MOST_MESSAGE, NO_TEXT, conclude
from sandbox.jobs.processing.state import ProcessingJob
from sandbox.jobs.running.execution import Ended
from sandbox.jobs.running.failures import JobFailed
from sandbox.jobs.running.folders import write_files
from sandbox.jobs.running.mirrored import Mirrored
from sandbox.jobs.running.objects import Owner
from tests.sandbox.jobs.running.test_folders import Bucket

OWNER = Owner("1", "r", "role")


def concluded(ml: Path, message: bytes) -> tuple[ProcessingJob, Bucket, str]:
    """A job that left one row and a message; what is in S3 then, and why it failed."""
    job, bucket = ProcessingJob(OWNER, "name", "arn", {}, []), Bucket()
    output = Mirrored(ml, ml / "processing/output", "s3://b/kept", bucket, OWNER)
    write_files(ml, [("processing/output/rows", b"1"), ("output/message", message)])
    try:
        conclude(job, ml, Ended(0), [output])
    except JobFailed as failure:
        return job, bucket, str(failure)
    return job, bucket, ""


@pytest.mark.parametrize("left", ["", "x"])
def test_a_message_is_cut_between_characters(tmp_path: Path, left: str) -> None:
    told = left + "\u00fc" * MOST_MESSAGE
    job, bucket, failure = concluded(tmp_path, told.encode())
    assert (failure, bucket.kept) == ("", {"s3://b/kept/rows": b"1"})
    assert told.startswith(job.exit_message)
    assert MOST_MESSAGE - 1 <= len(job.exit_message.encode()) <= MOST_MESSAGE


def test_the_outputs_of_a_job_whose_message_is_no_text_are_kept(tmp_path: Path) -> None:
    job, bucket, failure = concluded(tmp_path, "\u00fc".encode("latin-1"))
    assert (failure, job.exit_message) == (NO_TEXT, "")
    assert bucket.kept == {"s3://b/kept/rows": b"1"}
