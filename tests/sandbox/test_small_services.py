"""What the services around SageMaker lack in moto: layers, notifications, policies, groups, messages."""

import base64
import hashlib
import json
import urllib.request

import pytest
from botocore.exceptions import ClientError

from sandbox.testing import SandboxHandle
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


def test_notifications_to_eventbridge_are_described(world: World) -> None:
    """With nothing else set, and beside a queue."""
    bucket = world.name("notifies")
    world.s3.create_bucket(Bucket=bucket)
    world.s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    answer = world.s3.get_bucket_notification_configuration(Bucket=bucket)
    assert answer["EventBridgeConfiguration"] == {}
    assert "QueueConfigurations" not in answer


def test_a_plus_in_a_copy_source_is_a_space(sandbox: SandboxHandle, world: World) -> None:
    """Some clients encode spaces so; a plus of the name itself comes as %2B."""
    bucket = world.name("copies")
    world.s3.create_bucket(Bucket=bucket)
    world.s3.put_object(Bucket=bucket, Key="a b+c", Body=b"copied")
    signed = (
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=x, Signature=x"
    )
    headers = {"Authorization": signed, "x-amz-copy-source": f"{bucket}/a+b%2Bc"}
    url = f"{sandbox.endpoint_url}/{bucket}/copy"
    copy = urllib.request.Request(url, headers=headers, method="PUT")  # noqa: S310  # the sandbox's own
    urllib.request.urlopen(copy, timeout=10).close()  # noqa: S310
    assert world.s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"copied"


def test_policies_that_aws_manages_can_be_attached(sandbox: SandboxHandle, world: World) -> None:
    """The one that most roles of SageMaker have."""
    iam = sandbox.client("iam")
    arn = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
    iam.attach_role_policy(RoleName="runs", PolicyArn=arn)
    attached = iam.list_attached_role_policies(RoleName="runs")["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == ["AmazonSageMakerFullAccess"]


def test_a_model_package_group_is_deleted_once_it_is_empty(world: World) -> None:
    """Packages first, then the group, then it is not there."""
    sagemaker, name = world.sagemaker, world.name("packages")
    sagemaker.create_model_package_group(ModelPackageGroupName=name)
    package = sagemaker.create_model_package(ModelPackageGroupName=name)["ModelPackageArn"]
    with pytest.raises(ClientError, match="still contains"):
        sagemaker.delete_model_package_group(ModelPackageGroupName=name)
    sagemaker.delete_model_package(ModelPackageName=package)
    sagemaker.delete_model_package_group(ModelPackageGroupName=name)
    with pytest.raises(ClientError, match="does not exist"):
        sagemaker.delete_model_package_group(ModelPackageGroupName=name)


def test_a_message_to_nobody_is_refused(sandbox: SandboxHandle) -> None:
    """With neither topic, target nor number."""
    with pytest.raises(ClientError) as refused:
        sandbox.client("sns").publish(Message="hello")
    assert refused.value.response["Error"]["Code"] == "InvalidParameter"


def test_no_scaling_activity_is_said_to_be_none(sandbox: SandboxHandle) -> None:
    """Clients that look for activities after a change find an empty list."""
    autoscaling = sandbox.client("application-autoscaling")
    assert autoscaling.describe_scaling_activities(ServiceNamespace="sagemaker")["ScalingActivities"] == []


def test_an_authorization_token_holds_a_password(world: World) -> None:
    """For the user AWS, as `docker login` wants it."""
    token = world.ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    user, _, password = base64.b64decode(token).decode().partition(":")
    assert user == "AWS"
    assert password
