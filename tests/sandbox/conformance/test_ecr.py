"""ECR: repositories, images by digest, tags, layers and policies, on one set of images with `/v2/`."""

import hashlib
import json
from typing import Any

import pytest

from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused, unchecked
from tests.sandbox.images import crane, push_image
from tests.sandbox.world import World


@pytest.fixture
def repository(world: World) -> str:
    """The name of a new repository whose tags move."""
    name = world.name("images")
    world.ecr.create_repository(repositoryName=name)
    return name


def _copy(world: World, repository: str, tag: str) -> str:
    """The tiny image under a tag of the repository; returns its digest."""
    host = world.uri.partition("/")[0]
    crane(["copy", f"{world.uri}@{world.digest}", f"{host}/{repository}:{tag}"])
    return world.digest


@behaviour("ECR", "CreateRepository")
def test_a_repository_is_created_once(world: World, repository: str) -> None:
    """A name that is taken is refused with RepositoryAlreadyExistsException."""
    with refused("RepositoryAlreadyExistsException", repository):
        world.ecr.create_repository(repositoryName=repository)


@behaviour("ECR", "CreateRepository")
def test_a_name_breaks_the_pattern(world: World) -> None:
    """A name in capitals is refused with InvalidParameterException that names the constraint."""
    with refused("InvalidParameterException", "at 'repositoryName' failed to satisfy constraint"):
        unchecked(world.sandbox, "ecr").create_repository(repositoryName="Capitals")


@behaviour("ECR", "DescribeRepositories")
def test_a_repository_that_is_not_there(world: World) -> None:
    """A repository that does not exist is refused with RepositoryNotFoundException."""
    with refused("RepositoryNotFoundException", "absent"):
        world.ecr.describe_repositories(repositoryNames=["absent"])


@behaviour("ECR", "DeleteRepository")
def test_a_repository_with_images_stays(world: World, repository: str) -> None:
    """A repository that holds images is deleted by force only."""
    _copy(world, repository, "v1")
    with refused("RepositoryNotEmptyException", repository):
        world.ecr.delete_repository(repositoryName=repository)
    world.ecr.delete_repository(repositoryName=repository, force=True)
    with refused("RepositoryNotFoundException"):
        world.ecr.list_images(repositoryName=repository)


@behaviour("ECR", "PutImage")
def test_an_image_is_named_by_its_manifest(world: World, repository: str) -> None:
    """An image's digest is the SHA-256 of its manifest, as pushed by any client."""
    _copy(world, repository, "v1")
    [image] = world.ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": "v1"}])["images"]
    digest = "sha256:" + hashlib.sha256(image["imageManifest"].encode()).hexdigest()
    assert image["imageId"]["imageDigest"] == digest == world.digest


@behaviour("ECR", "PutImage")
def test_the_same_image_and_tag_twice(world: World, repository: str) -> None:
    """The same manifest under the same tag is refused with ImageAlreadyExistsException."""
    _copy(world, repository, "v1")
    [image] = world.ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": "v1"}])["images"]
    with refused("ImageAlreadyExistsException", "v1"):
        world.ecr.put_image(repositoryName=repository, imageManifest=image["imageManifest"], imageTag="v1")


@behaviour("ECR", "PutImage")
def test_a_tag_moves(world: World, repository: str) -> None:
    """In a mutable repository a tag moves to the newer image, and the older one stays untagged."""
    old = _copy(world, repository, "v1")
    host = world.uri.partition("/")[0]
    new = push_image(f"{host}/{repository}", world.folder, tag="v2", marker="newer")
    [image] = world.ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageDigest": new}])["images"]
    world.ecr.put_image(repositoryName=repository, imageManifest=image["imageManifest"], imageTag="v1")
    found = {i["imageDigest"]: i.get("imageTags", []) for i in _details(world, repository)}
    assert "v1" in found[new]
    assert found[old] == []


def _details(world: World, repository: str) -> list[dict[str, Any]]:
    return world.ecr.describe_images(repositoryName=repository)["imageDetails"]


@behaviour("ECR", "PutImageTagMutability")
def test_a_tag_stays(world: World, repository: str) -> None:
    """In an immutable repository another image under a tag that is taken is refused."""
    _copy(world, repository, "v1")
    world.ecr.put_image_tag_mutability(repositoryName=repository, imageTagMutability="IMMUTABLE")
    host = world.uri.partition("/")[0]
    other = push_image(f"{host}/{repository}", world.folder, tag="v3", marker="other")
    [image] = world.ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageDigest": other}])[
        "images"
    ]
    with refused("ImageTagAlreadyExistsException", "immutable"):
        world.ecr.put_image(repositoryName=repository, imageManifest=image["imageManifest"], imageTag="v1")


@behaviour("ECR", "PutImage")
def test_a_manifest_before_its_layers(world: World, repository: str) -> None:
    """A manifest whose layers were not uploaded is refused with LayersNotFoundException."""
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": "sha256:" + "0" * 64, "size": 1}
    manifest = json.dumps({"schemaVersion": 2, "config": layer, "layers": [layer]})
    with refused("LayersNotFoundException"):
        world.ecr.put_image(repositoryName=repository, imageManifest=manifest, imageTag="v1")


@behaviour("ECR", "BatchGetImage")
def test_an_image_that_is_not_there(world: World, repository: str) -> None:
    """An image that does not exist is a failure with ImageNotFound, not an error."""
    answer = world.ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": "absent"}])
    assert (answer["images"], answer["failures"][0]["failureCode"]) == ([], "ImageNotFound")


@behaviour("ECR", "DescribeImages")
def test_describe_an_image_that_is_not_there(world: World, repository: str) -> None:
    """Describing an image that does not exist is refused with ImageNotFoundException."""
    with refused("ImageNotFoundException", "absent"):
        world.ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": "absent"}])


@behaviour("ECR", "BatchDeleteImage")
def test_a_deleted_image_cannot_be_pulled(world: World, repository: str) -> None:
    """An image that was deleted by its digest is gone for every client of the registry."""
    _copy(world, repository, "v1")
    world.ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageDigest": world.digest}])
    with pytest.raises(AssertionError, match="MANIFEST_UNKNOWN"):
        crane(["manifest", f"{world.uri.partition('/')[0]}/{repository}:v1"])


@behaviour("ECR", "GetLifecyclePolicy")
def test_a_repository_without_a_lifecycle_policy(world: World, repository: str) -> None:
    """A lifecycle policy that was not put is refused with LifecyclePolicyNotFoundException."""
    with refused("LifecyclePolicyNotFoundException", repository):
        world.ecr.get_lifecycle_policy(repositoryName=repository)


@behaviour("ECR", "GetRepositoryPolicy")
def test_a_repository_without_a_policy(world: World, repository: str) -> None:
    """A repository policy that was not set is refused with RepositoryPolicyNotFoundException."""
    with refused("RepositoryPolicyNotFoundException", repository):
        world.ecr.get_repository_policy(repositoryName=repository)


@behaviour("ECR", "DescribePullThroughCacheRules", covered=False)
def test_pull_through_caches(world: World) -> None:
    """Pull-through cache rules answer NotImplemented."""
    with refused("NotImplemented", "DescribePullThroughCacheRules", 501):
        unchecked(world.sandbox, "ecr").describe_pull_through_cache_rules()
