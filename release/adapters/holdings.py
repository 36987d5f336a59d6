"""What a stage holds in SageMaker, its registry and its bucket; and deleting one thing of it.

What may go is decided in `release/domain/cleanup.py`. The bucket keeps every version, so a deleted artifact
or release can still be brought back from its versions; a config, a model and an image cannot.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from release.adapters import objects
from release.adapters.artifacts import ArtifactStore
from release.adapters.aws import StageAws, error_code
from release.domain import names
from release.domain.cleanup import Kind, Thing
from release.domain.errors import ServiceError, UsageError

Key = tuple[Kind, str]
_ARTIFACT = re.compile(r"models/(?P<sha256>[0-9a-f]{64})/model\.tar\.gz")
_RELEASE = re.compile(r"releases/(?P<release>[0-9a-f]{12})/")
_DIGEST = re.compile(r"@(?P<digest>sha256:[0-9a-f]{64})$")
_GONE = {"ValidationException", "ResourceNotFound"}
"""SageMaker's answers for what is not there (any more)."""


class Holdings:
    """What one stage holds. Methods may raise boto3's errors."""

    def __init__(self, aws: StageAws, artifacts: ArtifactStore) -> None:
        self._sagemaker, self._s3, self._ecr = (aws.client(name) for name in ("sagemaker", "s3", "ecr"))
        self._stage = aws.stage
        self._artifacts = artifacts
        self._repository = names.repository(aws.stage)

    def held(self) -> list[Thing]:
        """All models and configs with the stage in their name, and its images, artifacts and releases."""
        return [*self._configs(), *self._models(), *self._bucket(), *self._images()]

    def serving(self) -> Mapping[str, frozenset[Key]]:
        """What every endpoint of the account and region uses, or is on its way to use."""
        pages = self._sagemaker.get_paginator("list_endpoints").paginate()
        listed = [found["EndpointName"] for page in pages for found in page["Endpoints"]]
        return {name: frozenset(self._used_by(name)) for name in listed}

    def delete(self, thing: Thing) -> None:
        """Delete one thing; one that is gone already is no error."""
        match thing.kind:
            case Kind.CONFIG:
                self._gone(self._sagemaker.delete_endpoint_config, EndpointConfigName=thing.name)
            case Kind.MODEL:
                self._gone(self._sagemaker.delete_model, ModelName=thing.name)
            case Kind.RELEASE:
                for found in self._objects(f"releases/{thing.name}/"):
                    self._s3.delete_object(Bucket=self._artifacts.bucket, Key=found["Key"])
            case Kind.ARTIFACT:
                self._s3.delete_object(Bucket=self._artifacts.bucket, Key=names.model_key(thing.name))
            case Kind.IMAGE:
                self._delete_image(thing.name)

    def _configs(self) -> Iterator[Thing]:
        pages = self._sagemaker.get_paginator("list_endpoint_configs").paginate(
            NameContains=f"-{self._stage}-"
        )
        for found in (found for page in pages for found in page["EndpointConfigs"]):
            name = found["EndpointConfigName"]
            uses = frozenset((Kind.MODEL, model) for model in self._models_of(name))
            yield Thing(Kind.CONFIG, name, found["CreationTime"], uses)

    def _models(self) -> Iterator[Thing]:
        pages = self._sagemaker.get_paginator("list_models").paginate(NameContains=f"-{self._stage}-")
        for found in (found for page in pages for found in page["Models"]):
            name = found["ModelName"]
            yield Thing(Kind.MODEL, name, found["CreationTime"], frozenset(self._content_of(name)))

    def _bucket(self) -> Iterator[Thing]:
        releases: dict[str, Any] = {}
        for found in self._objects("models/"):
            if match := _ARTIFACT.fullmatch(found["Key"]):
                yield Thing(Kind.ARTIFACT, match["sha256"], found["LastModified"])
        for found in self._objects("releases/"):
            if match := _RELEASE.match(found["Key"]):
                known = releases.get(match["release"], found["LastModified"])
                releases[match["release"]] = max(known, found["LastModified"])
        for release, made in releases.items():
            yield Thing(Kind.RELEASE, release, made, self._proven(release))

    def _proven(self, release: str) -> frozenset[Key]:
        """The image and the artifact that a release's manifest names."""
        try:
            manifest = self._artifacts.manifest(release)
        except (UsageError, ValueError):  # changed, or of a later version: it names nothing for us
            return frozenset()
        return frozenset({(Kind.IMAGE, manifest.image.digest), (Kind.ARTIFACT, manifest.model.sha256)})

    def _images(self) -> Iterator[Thing]:
        pages = self._ecr.get_paginator("describe_images").paginate(repositoryName=self._repository)
        try:
            for found in (found for page in pages for found in page["imageDetails"]):
                tags = tuple(sorted(found.get("imageTags") or ()))
                yield Thing(Kind.IMAGE, found["imageDigest"], found["imagePushedAt"], tags=tags)
        except ClientError as error:
            if error_code(error) != "RepositoryNotFoundException":
                raise

    def _objects(self, prefix: str) -> Iterator[dict[str, Any]]:
        return objects.listed(self._s3, self._artifacts.bucket, prefix)

    def _used_by(self, endpoint: str) -> Iterator[Key]:
        described = self._gone(self._sagemaker.describe_endpoint, EndpointName=endpoint) or {}
        pending = described.get("PendingDeploymentSummary") or {}
        variants = [
            variant
            for summary in (described, pending)
            for kind in ("ProductionVariants", "ShadowProductionVariants")
            for variant in summary.get(kind) or ()
        ]
        for image in (image for variant in variants for image in variant.get("DeployedImages") or ()):
            yield from self._image(image.get("ResolvedImage") or "")
        configs = [summary.get("EndpointConfigName") for summary in (described, pending)]
        for config in filter(None, configs):
            yield Kind.CONFIG, config
            for model in self._models_of(config):
                yield Kind.MODEL, model
                yield from self._content_of(model)

    def _models_of(self, config: str) -> set[str]:
        found = self._gone(self._sagemaker.describe_endpoint_config, EndpointConfigName=config) or {}
        kinds = ("ProductionVariants", "ShadowProductionVariants")
        return {
            variant["ModelName"]
            for kind in kinds
            for variant in found.get(kind) or ()
            if "ModelName" in variant
        }

    def _content_of(self, model: str) -> Iterator[Key]:
        """The image and the artifact of a model, where they are this stage's."""
        found = self._gone(self._sagemaker.describe_model, ModelName=model) or {}
        for container in [found.get("PrimaryContainer") or {}, *(found.get("Containers") or ())]:
            yield from self._image(container.get("Image") or "")
            source = (container.get("ModelDataSource") or {}).get("S3DataSource") or {}
            uri = container.get("ModelDataUrl") or source.get("S3Uri") or ""
            if match := _ARTIFACT.search(uri):
                yield Kind.ARTIFACT, match["sha256"]

    def _image(self, reference: str) -> Iterator[Key]:
        """The digest of an image by its reference; a tag is asked for."""
        if match := _DIGEST.search(reference):
            yield Kind.IMAGE, match["digest"]
        elif f"/{self._repository}:" in reference:
            tag = reference.rpartition(":")[2]
            answer = self._ecr.batch_get_image(repositoryName=self._repository, imageIds=[{"imageTag": tag}])
            for image in answer["images"]:
                yield Kind.IMAGE, image["imageId"]["imageDigest"]

    def _delete_image(self, digest: str) -> None:
        answer = self._ecr.batch_delete_image(
            repositoryName=self._repository, imageIds=[{"imageDigest": digest}]
        )
        wrong = [f for f in answer.get("failures") or () if f.get("failureCode") != "ImageNotFound"]
        if wrong:
            raise ServiceError(
                f"ECR did not delete {digest}: {wrong[0].get('failureReason')}",
                "What was deleted before is gone; the image is still there.",
                "Correct the cause, then run the same command again.",
            )

    @staticmethod
    def _gone(call: Any, **arguments: str) -> Any:
        """The answer of a call about one thing, None where there is no such thing."""
        try:
            return call(**arguments)
        except ClientError as error:
            message = error.response.get("Error", {}).get("Message", "")
            if error_code(error) in _GONE and "ould not find" in message:
                return None
            raise
