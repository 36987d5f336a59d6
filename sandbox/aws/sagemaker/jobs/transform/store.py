"""Transform jobs as they are kept, in moto's backend, and what they read and write in S3."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from moto.kms.exceptions import NotFoundException
from moto.kms.models import kms_backends
from moto.s3.exceptions import S3ClientError

from sandbox.aws.s3 import objects
from sandbox.aws.sagemaker.execution_roles import ExecutionRoles
from sandbox.core.clock import now
from sandbox.serving.transforms.places import manifest, names_below, stored
from sandbox.serving.transforms.runner import Denied


class Status(StrEnum):
    """SageMaker's TransformJobStatus."""

    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"


@dataclass
class TransformJob:
    """One job. Owned by the sandbox's event loop; moto's tagging reads `arn` and `tags`."""

    arn: str
    request: Mapping[str, Any]
    tags: list[dict[str, str]]
    status: Status = Status.IN_PROGRESS
    failure_reason: str | None = None
    started: datetime | None = None
    ended: datetime | None = None
    creation_time: datetime = field(default_factory=now)
    changed: datetime = field(default_factory=now)

    @property
    def name(self) -> str:
        """Its name."""
        return self.request["TransformJobName"]

    def move(self, status: Status) -> None:
        """Enter a status; at the last one it has ended."""
        self.status, self.changed = status, now()
        if status not in (Status.IN_PROGRESS, Status.STOPPING):
            self.ended = self.changed

    def begin(self) -> None:
        """Its instances are ready."""
        self.started = self.changed = now()

    @property
    def description(self) -> dict[str, Any]:
        """DescribeTransformJob's answer."""
        times = {"TransformStartTime": self.started, "TransformEndTime": self.ended}
        return {
            **self.request,
            "TransformJobArn": self.arn,
            "TransformJobStatus": self.status.value,
            "CreationTime": self.creation_time,
            **{name: value for name, value in times.items() if value},
            **({"FailureReason": self.failure_reason} if self.failure_reason else {}),
        }

    @property
    def summary(self) -> dict[str, Any]:
        """One entry of ListTransformJobs."""
        taken = ("TransformJobName", "TransformJobArn", "CreationTime", "TransformEndTime", "FailureReason")
        found = self.description
        return {
            **{name: found[name] for name in taken if name in found},
            "TransformJobStatus": self.status.value,
            "LastModifiedTime": self.changed,
        }


@dataclass(frozen=True)
class JobStore:
    """S3 as a job's role sees it: what it may not read or write is Denied."""

    roles: ExecutionRoles
    account: str
    region: str
    role: str
    request: Mapping[str, Any]

    def files(self) -> dict[str, str]:
        """The URI of each result by that of its file; none where the role may not list them.

        Raises Denied or BadManifest.
        """
        source = self.request["TransformInput"]["DataSource"]["S3DataSource"]
        uri, output = source["S3Uri"], self.request["TransformOutput"]["S3OutputPath"]
        if source["S3DataType"] == "ManifestFile":
            prefix, names = manifest(self.read(uri))
            return {f"{prefix}{name}": stored(output, name) for name in names}
        listed = objects.below(self.account, uri) if self.roles.may_list(self.account, self.role, uri) else []
        return {found: stored(output, name) for found, name in names_below(uri, listed).items()}

    def read(self, uri: str) -> bytes:
        """The object at an `s3://` URI."""
        if denied := self.roles.cannot_open(self.account, self.role, uri):
            raise Denied(denied)
        content = objects.read(self.account, uri)
        if content is None:
            raise Denied(f"There is no object at {uri}")
        return content

    def write(self, uri: str, content: bytes) -> None:
        """Put an object, encrypted with the job's key where it names one."""
        named = self.request["TransformOutput"].get("KmsKeyId", "")
        try:
            key = key_arn(self.account, self.region, named) if named else ""
            self.roles.write(self.account, self.role, uri, content, key)
        except PermissionError as error:
            raise Denied(str(error)) from error
        except (S3ClientError, NotFoundException) as error:
            raise Denied(f"{uri} cannot be written: {error}") from error


def key_arn(account: str, region: str, named: str) -> str:
    """The ARN of a KMS key that is named by its id, its ARN or an alias. Raises moto's NotFoundException."""
    backend = kms_backends[account][region]
    return backend.describe_key(backend.any_id_to_key_id(named)).arn
