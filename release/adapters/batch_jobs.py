"""SageMaker's transform jobs of one stage, and the files in S3 that they read and write."""

from collections.abc import Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError

from release.adapters import objects
from release.adapters.aws import MISSING, StageAws, error_code
from release.domain import s3_uri
from release.domain.batch import DATA_LOG, LOG_GROUP, Changed, File, Job, Run
from release.domain.errors import UsageError

CHUNK = 1 << 20
LONGEST_ROW = 1 << 16
"""Bytes of a file in which its first line is looked for."""
LINES = 50
"""Last lines that are read of the log of a job's files."""
_NO_INPUT = "No S3 objects found under S3 URL"
_SETTINGS = "MaxConcurrentTransforms="
"""What the first line of such a log holds, which says nothing of a file."""


class TransformJobs:
    """The transform jobs of one stage. Methods may raise boto3's errors."""

    def __init__(self, aws: StageAws) -> None:
        self._aws = aws
        self._s3 = aws.client("s3")
        self._sagemaker = aws.client("sagemaker")

    def files(self, uri: str) -> Sequence[File]:
        """The objects whose keys begin with that of an `s3://` URI, without what only stands for a folder."""
        bucket, prefix = s3_uri.parts(uri)
        try:
            there = list(objects.listed(self._s3, bucket, prefix))
        except ClientError as error:
            if error_code(error) in MISSING:
                return []
            raise
        return [
            File(f"s3://{bucket}/{found['Key']}", found["ETag"], found["Size"])
            for found in there
            if not found["Key"].endswith("/")
        ]

    def first_line(self, file: File) -> bytes:
        """The first line of a file, or its beginning where that is longer than any row. Raises Changed."""
        if not file.size:
            return b""
        return self._get(file, Range=f"bytes=0-{LONGEST_ROW - 1}").read().partition(b"\n")[0]

    def rows(self, file: File) -> int:
        """How many lines a file has; the last one needs no end. Raises Changed."""
        ends, last = 0, b"\n"
        for chunk in _chunks(self._get(file)):
            ends, last = ends + chunk.count(b"\n"), chunk[-1:]
        return ends + (last != b"\n")

    def find(self, name: str) -> Run | None:
        """A job, None where there is none of that name."""
        try:
            found = self._sagemaker.describe_transform_job(TransformJobName=name)
        except ClientError as error:
            told = error.response.get("Error", {}).get("Message", "")
            if error_code(error) == "ResourceNotFound" or "not found" in told or "ould not find" in told:
                return None
            raise
        return Run(name, found["TransformJobStatus"], found["ModelName"], found.get("FailureReason", ""))

    def start(self, job: Job) -> None:
        """Start a job; one that somebody else has just started is as good.

        Raises UsageError where SageMaker finds no input that the stage's role may list.
        """
        output = {"S3OutputPath": job.output, "Accept": job.content_type, "AssembleWith": "Line"}
        try:
            self._sagemaker.create_transform_job(
                TransformJobName=job.name,
                ModelName=job.model,
                BatchStrategy="MultiRecord",
                TransformInput={
                    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": job.input}},
                    "ContentType": job.content_type,
                    "SplitType": "Line",
                },
                TransformOutput={**output, **({"KmsKeyId": job.key} if job.key else {})},
                TransformResources={"InstanceType": job.instance_type, "InstanceCount": job.instances},
                DataProcessing={"JoinSource": "Input"},
            )
        except ClientError as error:
            if error_code(error) == "ResourceInUse":
                return
            if _NO_INPUT not in str(error):
                raise
            stage = self._aws.stage
            raise UsageError(
                f"SageMaker finds no input that the execution role of {stage} may list: {error}",
                "Nothing was scored.",
                "The role gets its rights for batch scoring by `pulumi up`, which the stage may not have had "
                f"since: pulumi up --stack {stage}; then run the same command again.",
            ) from None

    def log(self, job: str) -> Sequence[str]:
        """What SageMaker said of the job's files, the newest lines, with their times."""
        client = self._aws.client("logs")
        try:
            found = client.describe_log_streams(logGroupName=LOG_GROUP, logStreamNamePrefix=f"{job}/")
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return []
            raise
        streams = [each["logStreamName"] for each in found["logStreams"]]
        return [
            event["message"].rstrip()
            for stream in streams
            if stream.endswith(DATA_LOG)
            for event in client.get_log_events(
                logGroupName=LOG_GROUP, logStreamName=stream, limit=LINES, startFromHead=False
            )["events"]
            if _SETTINGS not in event["message"]
        ]

    def _get(self, file: File, **part: str) -> Any:
        bucket, key = s3_uri.parts(file.uri)
        try:
            return self._s3.get_object(Bucket=bucket, Key=key, IfMatch=file.etag, **part)["Body"]
        except ClientError as error:
            if error_code(error) in {*MISSING, "PreconditionFailed", "412"}:
                raise Changed(file.uri) from None
            raise


def _chunks(body: Any) -> Iterator[bytes]:
    return iter(lambda: body.read(CHUNK), b"")
