"""ECR: the image repository and its lifecycle policy."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.pulumi.provider.aws import Aws, attempt, find, tag_list, tag_map
from sandbox.pulumi.provider.properties import Property, json_document
from sandbox.pulumi.provider.resource import NAME, TAGS, Described, Resource, Update, retag
from sandbox.pulumi.provider.values import Properties

_NO_REPOSITORY = ("RepositoryNotFoundException",)


class Repository(Resource):
    """A repository of images."""

    token = "aws:ecr/repository:Repository"  # noqa: S105
    label = "ECR Repository"
    computed = ("arn", "registryId", "repositoryUrl")
    properties: ClassVar[Mapping[str, Property]] = {
        "name": NAME,
        "imageTagMutability": Property(default="MUTABLE"),
        "imageScanningConfiguration": Property(default={"scanOnPush": False}),
        "encryptionConfigurations": Property(replaces=True, default=[{"encryptionType": "AES256"}]),
        "forceDelete": Property(local=True),
        "tags": TAGS,
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        name = str(inputs["name"])
        parameters: dict[str, Any] = {
            "repositoryName": name,
            "imageTagMutability": inputs.get("imageTagMutability") or "MUTABLE",
            "tags": tag_list(aws.all_tags(inputs.get("tags"))),
        }
        if inputs.get("imageScanningConfiguration"):
            parameters["imageScanningConfiguration"] = inputs["imageScanningConfiguration"]
        encryption = inputs.get("encryptionConfigurations")
        if isinstance(encryption, list) and encryption:
            parameters["encryptionConfiguration"] = encryption[0]
        attempt(f"creating ECR Repository ({name})", aws.client("ecr").create_repository, **parameters)
        return name

    def read(self, aws: Aws, identifier: str, known: Properties) -> Properties | None:
        ecr = aws.client("ecr")
        doing = f"reading ECR Repository ({identifier})"
        found = find(doing, _NO_REPOSITORY, ecr.describe_repositories, repositoryNames=[identifier])
        if found is None:
            return None
        repository = found["repositories"][0]
        arn = repository["repositoryArn"]
        tags = attempt(doing, ecr.list_tags_for_resource, resourceArn=arn).get("tags", [])
        encryption = repository.get("encryptionConfiguration")
        return {
            "name": repository["repositoryName"],
            "arn": arn,
            "registryId": repository["registryId"],
            "repositoryUrl": repository["repositoryUri"],
            "imageTagMutability": repository["imageTagMutability"],
            "imageScanningConfiguration": repository.get("imageScanningConfiguration"),
            "encryptionConfigurations": [encryption] if encryption else None,
            "tagsAll": tag_map(tags),
        }

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        ecr = aws.client("ecr")
        doing = f"updating ECR Repository ({identifier})"
        inputs = update.inputs
        if "imageTagMutability" in update.changed:
            mutability = inputs.get("imageTagMutability") or "MUTABLE"
            attempt(
                doing, ecr.put_image_tag_mutability, repositoryName=identifier, imageTagMutability=mutability
            )
        if "imageScanningConfiguration" in update.changed:
            scanning = inputs.get("imageScanningConfiguration") or {"scanOnPush": False}
            attempt(
                doing,
                ecr.put_image_scanning_configuration,
                repositoryName=identifier,
                imageScanningConfiguration=scanning,
            )
        arn = update.state["arn"]
        retag(
            doing, update, ecr.tag_resource, ecr.untag_resource, keys="tagKeys", tags="tags", resourceArn=arn
        )

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        find(
            f"deleting ECR Repository ({identifier})",
            _NO_REPOSITORY,
            aws.client("ecr").delete_repository,
            repositoryName=identifier,
            force=bool(state.get("forceDelete")),
        )


class LifecyclePolicy(Described):
    """Which images a repository lets go of by itself."""

    token = "aws:ecr/lifecyclePolicy:LifecyclePolicy"  # noqa: S105
    label = "ECR Lifecycle Policy"
    service, member = "ecr", "repositoryName"
    describe_call, delete_call = "get_lifecycle_policy", "delete_lifecycle_policy"
    gone = (*_NO_REPOSITORY, "LifecyclePolicyNotFoundException")
    identity = ("repository",)
    computed = ("registryId",)
    properties: ClassVar[Mapping[str, Property]] = {
        "repository": Property(required=True, replaces=True),
        "policy": Property(required=True, normal=json_document),
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        repository = str(inputs["repository"])
        self._put(aws, f"creating ECR Lifecycle Policy ({repository})", repository, inputs)
        return repository

    def state(self, aws: Aws, doing: str, identifier: str, found: Any) -> Properties:
        return {
            "repository": found["repositoryName"],
            "policy": found["lifecyclePolicyText"],
            "registryId": found["registryId"],
        }

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        self._put(aws, f"updating ECR Lifecycle Policy ({identifier})", identifier, update.inputs)

    def _put(self, aws: Aws, doing: str, repository: str, inputs: Properties) -> None:
        put = aws.client("ecr").put_lifecycle_policy
        attempt(doing, put, repositoryName=repository, lifecyclePolicyText=inputs["policy"])


RESOURCES: tuple[Resource, ...] = (Repository(), LifecyclePolicy())
