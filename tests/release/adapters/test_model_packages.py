"""What a version in SageMaker's Model Registry says of the content types of a release."""

from typing import Any, cast

import pytest

from release.adapters.aws import StageAws
from release.adapters.model_packages import SageMakerRegistry
from release.domain.manifest import Foreign
from tests.release.examples import manifest, pin


class Aws:
    """A stage's access to AWS that keeps what a version was made with."""

    stage = "dev"

    def __init__(self) -> None:
        self.made: dict[str, Any] = {}

    def client(self, service: str) -> "Aws":
        return self

    def create_model_package_group(self, **group: Any) -> None:
        """There was none."""

    def create_model_package(self, **version: Any) -> dict[str, Any]:
        """Keep it."""
        self.made = version["InferenceSpecification"]
        return {"ModelPackageArn": "arn:version/1"}

    def describe_model_package(self, ModelPackageName: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """The one that was made."""
        return {"ModelPackageArn": ModelPackageName, "ModelPackageVersion": 1}


@pytest.mark.parametrize(
    ("changes", "requests", "answers"),
    [
        ({}, ["application/json", "text/csv"], ["application/json", "text/csv"]),
        (
            {"foreign": Foreign(kind="binary"), "input_schema": {"content_types": ["text/plain"]}},
            ["text/plain"],
            None,
        ),
    ],
)
def test_it_says_those_of_ours_and_of_others_what_their_evidence_says(changes, requests, answers):
    aws = Aws()
    SageMakerRegistry(cast(StageAws, aws)).register("delays", manifest(**changes), pin())
    assert aws.made["SupportedContentTypes"] == requests
    assert aws.made.get("SupportedResponseMIMETypes") == answers
