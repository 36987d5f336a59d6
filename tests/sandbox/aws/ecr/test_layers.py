"""ECR's layers by its own API, and its tokens."""

import base64
import hashlib
import json
import urllib.request

import pytest

from tests.sandbox.world import World

pytestmark = pytest.mark.sandbox


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _upload(world: World, repository: str, content: bytes, digest: str) -> str:
    ecr = world.ecr
    upload = ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]
    ecr.upload_layer_part(
        repositoryName=repository,
        uploadId=upload,
        partFirstByte=0,
        partLastByte=len(content) - 1,
        layerPartBlob=content,
    )
    return ecr.complete_layer_upload(repositoryName=repository, uploadId=upload, layerDigests=[digest])[
        "layerDigest"
    ]


def test_an_image_is_pushed_by_ecrs_api_alone(world: World) -> None:
    """Layers that were uploaded part by part are the registry's, and a manifest of them is an image."""
    name = world.name("by-api")
    world.ecr.create_repository(repositoryName=name)
    config, layer = b"{}", b"a layer"
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": _upload(world, name, config, _digest(config)),
                "size": len(config),
            },
            "layers": [
                {
                    "mediaType": "application/vnd.oci.image.layer.v1.tar",
                    "digest": _upload(world, name, layer, _digest(layer)),
                    "size": len(layer),
                }
            ],
        }
    )
    world.ecr.put_image(repositoryName=name, imageManifest=manifest, imageTag="v1")
    [image] = world.ecr.describe_images(repositoryName=name)["imageDetails"]
    assert image["imageDigest"] == _digest(manifest.encode())
    url = world.ecr.get_download_url_for_layer(repositoryName=name, layerDigest=_digest(layer))["downloadUrl"]
    assert urllib.request.urlopen(url, timeout=10).read() == layer  # noqa: S310  # the sandbox's own


def test_layers_that_are_not_what_they_are_called(world: World) -> None:
    """A wrong digest, a layer that is not there, and one that came by `docker push`."""
    with pytest.raises(world.ecr.exceptions.InvalidLayerException):
        _upload(world, "tiny", b"bytes", _digest(b"other bytes"))
    with pytest.raises(world.ecr.exceptions.LayersNotFoundException):
        world.ecr.get_download_url_for_layer(repositoryName="tiny", layerDigest=_digest(b"nowhere"))
    images = world.ecr.batch_get_image(repositoryName="tiny", imageIds=[{"imageDigest": world.digest}])
    pushed = json.loads(images["images"][0]["imageManifest"])["layers"][0]["digest"]
    answer = world.ecr.batch_check_layer_availability(
        repositoryName="tiny", layerDigests=[pushed, _digest(b"nowhere")]
    )
    assert [layer["layerDigest"] for layer in answer["layers"]] == [pushed]
    assert [failure["failureCode"] for failure in answer["failures"]] == ["MissingLayerDigest"]


def test_an_authorization_token_holds_a_password(world: World) -> None:
    """For the user AWS, as `docker login` wants it."""
    token = world.ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    user, _, password = base64.b64decode(token).decode().partition(":")
    assert user == "AWS"
    assert password
