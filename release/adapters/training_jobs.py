"""SageMaker's training jobs by its own SDK, their log, and what they leave in S3.

The SDK takes seconds to load, so it is loaded when a job is started or asked for.
"""

import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from release.adapters.aws import MISSING, StageAws, error_code
from release.domain import names
from release.domain.errors import ServiceError
from release.domain.training import Job, Request, Status, log_streams

_LEFT = "output.tar.gz"
"""What SageMaker makes of /opt/ml/output/data."""
ABSENT = frozenset({"ResourceNotFound", "ValidationException"})
"""SageMaker's answers for a job that is not there."""
ENDED = frozenset({"ValidationException"})
"""Its answer when a job that has ended is to be stopped."""


class TrainingJobs:
    """The training jobs of one stage. Methods may raise boto3's errors."""

    def __init__(self, aws: StageAws) -> None:
        self._aws = aws

    def describe(self, name: str) -> Job | None:
        """A job, None when there is none of that name."""
        try:
            found = self._sdk().get(name, session=self._aws.session, region=self._aws.region)
        except ClientError as error:
            if error_code(error) in ABSENT:
                return None
            raise
        said = said_by(found)
        place = said("output_data_config.s3_output_path", "").rstrip("/")
        return Job(
            name=name,
            arn=said("training_job_arn", ""),
            status=Status(said("training_job_status", Status.RUNNING)),
            secondary=said("secondary_status", ""),
            failure=said("failure_reason", ""),
            seconds=said("billable_time_in_seconds", None),
            output=f"{place}/{name}/output",
        )

    def create(self, name: str, request: Request) -> None:
        """Start a job."""
        self._sdk().create(
            training_job_name=name, session=self._aws.session, region=self._aws.region, **request
        )

    def stop(self, name: str) -> None:
        """Have a job stop; one that has ended is no error."""
        try:
            self._aws.client("sagemaker").stop_training_job(TrainingJobName=name)
        except ClientError as error:
            if error_code(error) not in ENDED:
                raise

    def follow(self, name: str) -> "Following":
        """Follow what a job prints."""
        return Following(self._aws, log_streams(name))

    def fetch(self, job: Job, folder: Path) -> bool:
        """Unpack what a job left beside its model into `folder`; whether it left anything.

        Raises ServiceError for what is no archive.
        """
        bucket, _, place = job.output.removeprefix("s3://").partition("/")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile() as file:
            try:
                self._aws.client("s3").download_fileobj(bucket, f"{place}/{_LEFT}", file)
            except ClientError as error:
                if error_code(error) in MISSING:
                    return False
                raise
            file.seek(0)
            try:
                with tarfile.open(fileobj=file, mode="r:gz") as tar:
                    _plain_files(tar, folder)
            except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
                raise ServiceError(
                    f"{job.output}/{_LEFT} cannot be unpacked: {error}",
                    "There is no model, and what an earlier training left stays.",
                    "Have it trained once more: the same command with --again",
                ) from error
        return True

    def _sdk(self) -> Any:
        """The SDK's class of training jobs. It asks for a region as it is loaded."""
        os.environ.setdefault("AWS_REGION", self._aws.region)
        from sagemaker.core.resources import TrainingJob

        return TrainingJob


def _plain_files(tar: tarfile.TarFile, folder: Path) -> None:
    """Write the files at the top of an archive; a training leaves nothing else."""
    for entry in tar:
        name = entry.name.removeprefix("./")
        content = tar.extractfile(entry) if entry.isreg() and "/" not in name else None
        if content is not None:
            with content, (folder / name).open("wb") as file:
                shutil.copyfileobj(content, file)


def said_by(found: Any) -> Any:
    """A getter of what the SDK's object holds at a path; its own mark for what is missing is the default."""
    from sagemaker.core.utils.utils import Unassigned

    def said(path: str, default: Any) -> Any:
        value = found
        for part in path.split("."):
            value = getattr(value, part, None)
        return default if value is None or isinstance(value, Unassigned) else value

    return said


class Following:
    """The lines of a job's log streams, each once."""

    def __init__(self, aws: StageAws, prefix: str) -> None:
        self._logs = aws.client("logs")
        self._prefix = prefix
        self._tokens: dict[str, str] = {}

    def more(self) -> Sequence[str]:
        """The lines that came since the last call; none before the job prints any."""
        try:
            found = self._logs.describe_log_streams(
                logGroupName=names.TRAINING_LOGS, logStreamNamePrefix=self._prefix
            )["logStreams"]
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return []
            raise
        return [line for stream in found for line in self._lines(stream["logStreamName"])]

    def _lines(self, stream: str) -> list[str]:
        lines: list[str] = []
        while True:
            token = self._tokens.get(stream)
            asked = {"nextToken": token} if token else {}
            answer = self._logs.get_log_events(
                logGroupName=names.TRAINING_LOGS, logStreamName=stream, startFromHead=True, **asked
            )
            lines += [event["message"].rstrip("\n") for event in answer["events"]]
            self._tokens[stream] = answer["nextForwardToken"]
            # CloudWatch gives the same token again where there is nothing more
            if answer["nextForwardToken"] == token or not answer["events"]:
                return lines
