"""SageMaker's training jobs, their log, and what they leave in S3."""

import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import ClientError

from release.adapters.aws import MISSING, StageAws, error_code
from release.adapters.sdk_jobs import SdkJobs
from release.domain import names
from release.domain.errors import ServiceError
from release.domain.training import Job, Request, Status, log_streams

_LEFT = "output.tar.gz"
"""What SageMaker makes of /opt/ml/output/data."""


class TrainingJobs:
    """The training jobs of one stage. Methods may raise boto3's errors."""

    def __init__(self, aws: StageAws) -> None:
        self._aws = aws
        self._jobs = SdkJobs(aws, "TrainingJob")

    def describe(self, name: str) -> Job | None:
        """A job, None when there is none of that name."""
        said = self._jobs.describe(name)
        if said is None:
            return None
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
        self._jobs.create(name, request)

    def stop(self, name: str) -> None:
        """Have a job stop; one that has ended is no error."""
        self._jobs.stop(name)

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


def _plain_files(tar: tarfile.TarFile, folder: Path) -> None:
    """Write the files at the top of an archive; a training leaves nothing else."""
    for entry in tar:
        name = entry.name.removeprefix("./")
        content = tar.extractfile(entry) if entry.isreg() and "/" not in name else None
        if content is not None:
            with content, (folder / name).open("wb") as file:
                shutil.copyfileobj(content, file)


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
