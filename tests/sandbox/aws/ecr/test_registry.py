"""The registry behind ECR: one set of images, by digest, whoever pushed them."""

import base64
import hashlib
import http.client
import json
import os
import subprocess
from email.message import Message
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.ecr.registry_process import find_crane
from tests.sandbox.images import crane, push_image
from tests.sandbox.world import World

pytestmark = pytest.mark.sandbox


@pytest.fixture
def repository(world: World) -> str:
    """A fresh repository with mutable tags; returns its URI."""
    created = world.ecr.create_repository(repositoryName=world.name("repository"))
    return created["repository"]["repositoryUri"]


def name_of(uri: str) -> str:
    return uri.partition("/")[2]


def test_ecr_and_the_registry_agree_on_a_pushed_image(world: World, repository: str, tmp_path: Path) -> None:
    digest = push_image(repository, tmp_path)
    assert crane(["digest", f"{repository}:v1"]) == digest
    name = name_of(repository)
    details = world.ecr.describe_images(repositoryName=name, imageIds=[{"imageDigest": digest}])
    [detail] = details["imageDetails"]
    assert detail["imageTags"] == ["v1"]
    [image] = world.ecr.batch_get_image(repositoryName=name, imageIds=[{"imageTag": "v1"}])["images"]
    manifest = image["imageManifest"].encode()
    assert "sha256:" + hashlib.sha256(manifest).hexdigest() == digest == image["imageId"]["imageDigest"]
    assert detail["imageSizeInBytes"] == sum(layer["size"] for layer in json.loads(manifest)["layers"])
    crane(["validate", "--remote", f"{repository}@{digest}"])


def test_an_image_is_copied_by_digest_with_and_without_a_tag(
    world: World, repository: str, tmp_path: Path
) -> None:
    digest = push_image(repository, tmp_path)
    other = world.ecr.create_repository(repositoryName=world.name("copy"), imageTagMutability="IMMUTABLE")
    target = other["repository"]["repositoryUri"]
    crane(["copy", f"{repository}@{digest}", f"{target}@{digest}"])
    [detail] = world.ecr.describe_images(repositoryName=name_of(target))["imageDetails"]
    assert detail["imageDigest"] == digest
    assert "imageTags" not in detail
    for _ in range(2):  # the same digest under the same tag changes nothing
        crane(["copy", f"{repository}@{digest}", f"{target}:release-1"])
    [detail] = world.ecr.describe_images(repositoryName=name_of(target))["imageDetails"]
    assert detail["imageTags"] == ["release-1"]


def test_an_immutable_tag_stays(world: World, tmp_path: Path) -> None:
    before = crane(["digest", f"{world.uri}:v1"])
    other = world.ecr.create_repository(repositoryName=world.name("other"))["repository"]["repositoryUri"]
    digest = push_image(other, tmp_path, marker="other bytes")
    refusal = "TAG_INVALID: The image tag 'v1' already exists in the 'tiny' repository"
    with pytest.raises(AssertionError, match=refusal):
        crane(["copy", f"{other}@{digest}", f"{world.uri}:v1"])
    assert crane(["digest", f"{world.uri}:v1"]) == before
    assert not any(
        "v1" in detail.get("imageTags", []) and detail["imageDigest"] != before
        for detail in world.ecr.describe_images(repositoryName="tiny")["imageDetails"]
    )


def test_a_mutable_tag_moves(world: World, repository: str, tmp_path: Path) -> None:
    first = push_image(repository, tmp_path)
    second = push_image(repository, tmp_path, marker="other bytes")
    name = name_of(repository)
    tags = {d["imageDigest"]: d.get("imageTags") for d in details(world, name)}
    assert tags[second] == ["v1"]
    assert tags[first] is None


def test_a_repository_that_ecr_does_not_have_takes_nothing(world: World, tmp_path: Path) -> None:
    host = world.uri.partition("/")[0]
    with pytest.raises(AssertionError, match="NAME_UNKNOWN"):
        push_image(f"{host}/nobody-made-this", tmp_path)


def test_put_image_gives_an_image_another_tag(world: World, repository: str, tmp_path: Path) -> None:
    digest = push_image(repository, tmp_path)
    name = name_of(repository)
    [image] = world.ecr.batch_get_image(repositoryName=name, imageIds=[{"imageDigest": digest}])["images"]
    put = {"repositoryName": name, "imageManifest": image["imageManifest"]}
    assert world.ecr.put_image(**put, imageTag="again")["image"]["imageId"]["imageDigest"] == digest
    assert crane(["digest", f"{repository}:again"]) == digest
    with pytest.raises(ClientError) as error:
        world.ecr.put_image(**put, imageTag="again")
    assert error.value.response["Error"]["Code"] == "ImageAlreadyExistsException"
    with pytest.raises(ClientError) as error:
        world.ecr.put_image(**put, imageTag="third", imageDigest="sha256:" + "0" * 64)
    assert error.value.response["Error"]["Code"] == "ImageDigestDoesNotMatchException"


def test_put_image_refuses_a_manifest_without_its_layers(world: World, repository: str) -> None:
    blob = {"mediaType": "application/x", "size": 3, "digest": "sha256:" + "1" * 64}
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": blob, "layers": [blob]})
    with pytest.raises(ClientError) as error:
        world.ecr.put_image(repositoryName=name_of(repository), imageManifest=manifest, imageTag="x")
    assert error.value.response["Error"]["Code"] == "LayersNotFoundException"


def test_an_image_deleted_in_ecr_is_gone_from_the_registry(
    world: World, repository: str, tmp_path: Path
) -> None:
    digest = push_image(repository, tmp_path)
    name = name_of(repository)
    world.ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageDigest": digest}])
    with pytest.raises(AssertionError, match=r"MANIFEST_UNKNOWN|NOT_FOUND|404"):
        crane(["digest", f"{repository}@{digest}"])
    assert digest not in [detail["imageDigest"] for detail in details(world, name)]


def test_the_authorization_token_names_the_sandbox(world: World) -> None:
    [data] = world.ecr.get_authorization_token()["authorizationData"]
    assert data["proxyEndpoint"] == world.sandbox.endpoint_url
    connection = http.client.HTTPConnection(data["proxyEndpoint"].removeprefix("http://"))
    connection.request("GET", "/v2/", headers={"Authorization": f"Basic {data['authorizationToken']}"})
    assert connection.getresponse().status == 200


@pytest.mark.parametrize("path", ["/v2/", "/v2/tiny/manifests/v1", "/v2/tiny/tags/list"])
def test_a_request_without_a_token_is_challenged(world: World, path: str) -> None:
    status, headers = ask(world, path)
    assert status == 401
    assert (
        headers["WWW-Authenticate"]
        == f'Basic realm="{world.sandbox.endpoint_url}/",service="ecr.amazonaws.com"'
    )
    assert headers["Docker-Distribution-Api-Version"] == "registry/2.0"


@pytest.mark.parametrize(
    "secret", ["AWS:wrong", "me:123456789012-auth-token", "AWS:123456789012-auth-token\n", ""]
)
@pytest.mark.parametrize("kind", ["Basic", "Bearer"])
def test_another_secret_than_a_token_is_denied(world: World, kind: str, secret: str) -> None:
    encoded = base64.b64encode(secret.encode()).decode()
    assert ask(world, "/v2/", f"{kind} {encoded}")[0] == 403
    assert ask(world, "/v2/", "Basic \xff%%")[0] == 403


def test_without_a_login_crane_gets_nothing(world: World, repository: str, tmp_path: Path) -> None:
    env = os.environ | {"DOCKER_CONFIG": str(tmp_path)}
    for words in (["digest", f"{world.uri}:v1"], ["copy", f"{world.uri}:v1", f"{repository}:stolen"]):
        done = subprocess.run(
            [str(find_crane()), "--insecure", *words], env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode != 0
        assert "401 Unauthorized" in done.stderr
    assert details(world, name_of(repository)) == []


def test_the_address_of_a_layer_is_for_that_layer_alone(world: World) -> None:
    manifest = json.loads(crane(["manifest", f"{world.uri}:v1"]))
    one, other = manifest["layers"][0]["digest"], manifest["config"]["digest"]
    url = world.ecr.get_download_url_for_layer(repositoryName="tiny", layerDigest=one)["downloadUrl"]
    path = url.removeprefix(world.sandbox.endpoint_url)
    assert ask(world, path)[0] == 200
    assert ask(world, path.replace(one, other))[0] == 401
    assert ask(world, path, method="DELETE")[0] == 401


def ask(world: World, path: str, authorization: str = "", method: str = "GET") -> tuple[int, Message]:
    """Status and headers of an answer of `/v2/`."""
    connection = http.client.HTTPConnection(world.sandbox.endpoint_url.removeprefix("http://"), timeout=30)
    try:
        headers = {"Authorization": authorization} if authorization else {}
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers
    finally:
        connection.close()


def details(world: World, name: str) -> list[dict]:
    return world.ecr.describe_images(repositoryName=name)["imageDetails"]
