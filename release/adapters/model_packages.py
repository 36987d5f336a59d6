"""SageMaker's Model Registry: a stage's groups and their versions. It decides nothing.

The groups are not Pulumi's: AWS deletes none that holds a version, and who approved what outlives the stage.
A version is found by the release in its description, which nobody can change afterwards.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from release.adapters.aws import StageAws, error_code
from release.domain import names
from release.domain.manifest import Manifest
from release.domain.model_packages import Package, Status
from release.domain.pins import ReleasePin

_TYPES = {
    "SupportedContentTypes": ["application/json", "text/csv"],
    "SupportedResponseMIMETypes": ["application/json", "text/csv"],
}
_LONGEST_REASON = 1024
"""Characters of ApprovalDescription (UpdateModelPackage in the API reference)."""


def _types(content: Manifest) -> dict[str, Any]:
    """The content types of requests and answers; of a container of others, of requests alone."""
    if content.foreign is None:
        return _TYPES
    return {"SupportedContentTypes": content.input_schema["content_types"]}


class SageMakerRegistry:
    """The groups of one stage."""

    def __init__(self, aws: StageAws) -> None:
        self._aws = aws

    def versions(self, endpoint: str, release: str) -> Sequence[Package]:
        """The versions that were made of a release, the newest first."""
        pages = self._client.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=self._group(endpoint), SortBy="CreationTime", SortOrder="Descending"
        )
        try:
            listed = [one for page in pages for one in page["ModelPackageSummaryList"]]
        except ClientError as error:
            if error_code(error) in {"ValidationException", "ResourceNotFound"}:
                return ()  # there is no such group
            raise
        wanted = _description(release)
        arns = [one["ModelPackageArn"] for one in listed if one.get("ModelPackageDescription") == wanted]
        return tuple(map(self._described, arns))

    def register(self, endpoint: str, content: Manifest, pin: ReleasePin) -> Package:
        """The version that it makes, which waits for its approval; and the group where there is none."""
        group = self._group(endpoint)
        try:
            self._client.create_model_package_group(
                ModelPackageGroupName=group, ModelPackageGroupDescription=f"Releases of {endpoint}"
            )
        except ClientError as error:
            if "already exists" not in str(error):
                raise
        made = self._client.create_model_package(
            ModelPackageGroupName=group,
            ModelPackageDescription=_description(content.id),
            ModelApprovalStatus="PendingManualApproval",
            InferenceSpecification={
                "Containers": [{"Image": pin.image, "ModelDataUrl": pin.model}],
                **_types(content),
            },
            CustomerMetadataProperties={
                "slipway.release": content.id,
                "slipway.sha256": content.model.sha256,
                "slipway.image": content.image.digest,
            },
        )
        return self._described(made["ModelPackageArn"])

    def decide(self, package: Package, status: Status, reason: str) -> None:
        """Say in the caller's name what becomes of a version."""
        self._client.update_model_package(
            ModelPackageArn=package.arn,
            ModelApprovalStatus=status,
            ApprovalDescription=reason[:_LONGEST_REASON],
        )

    def mark(self, endpoint: str, tags: Mapping[str, str]) -> None:
        """Give the group these tags."""
        arn = self._client.describe_model_package_group(ModelPackageGroupName=self._group(endpoint))[
            "ModelPackageGroupArn"
        ]
        self._client.add_tags(
            ResourceArn=arn, Tags=[{"Key": key, "Value": value} for key, value in tags.items()]
        )

    def _described(self, arn: str) -> Package:
        return _package(self._client.describe_model_package(ModelPackageName=arn))

    @property
    def _client(self) -> Any:
        return self._aws.client("sagemaker")

    def _group(self, endpoint: str) -> str:
        return names.endpoint(endpoint, self._aws.stage)


def _description(release: str) -> str:
    return f"release {release}"


def _package(described: Mapping[str, Any]) -> Package:
    containers = described.get("InferenceSpecification", {}).get("Containers", [])
    container = containers[0] if len(containers) == 1 else {}
    by = described.get("LastModifiedBy", {})
    return Package(
        arn=described["ModelPackageArn"],
        number=described["ModelPackageVersion"],
        image=container.get("Image", ""),
        model=container.get("ModelDataUrl", ""),
        status=described.get("ModelApprovalStatus", "PendingManualApproval"),
        by=by.get("IamIdentity", {}).get("Arn") or by.get("UserProfileArn", ""),
        at=described.get("LastModifiedTime"),
        reason=described.get("ApprovalDescription", ""),
    )
