"""What a caller needs for a call, by IAM's names."""

import json
from typing import Any

import pytest

from sandbox.aws.shared.permissions import needed, of_registry

PLACE = "us-east-1:123456789012"


def needs(service: str, action: str, body: Any = None, path: str = "/", query: bytes = b"") -> set[str]:
    """Actions and resources, as one text each."""
    scope = {"path": path, "query_string": query, "headers": []}
    found = needed(service, action, scope, json.dumps(body or {}).encode())
    return {f"{permission.action} {permission.resource}" for permission in found}


def test_a_model_hands_a_role_on() -> None:
    role = "arn:aws:iam::123456789012:role/execution"
    body = {"ModelName": "m", "ExecutionRoleArn": role, "Tags": [{"Key": "a", "Value": "b"}]}
    assert needs("sagemaker", "CreateModel", body) == {
        f"sagemaker:CreateModel arn:aws:sagemaker:{PLACE}:model/m",
        f"sagemaker:AddTags arn:aws:sagemaker:{PLACE}:model/m",
        f"iam:PassRole {role}",
    }


def test_an_update_is_on_the_endpoint_and_on_its_config() -> None:
    found = needs("sagemaker", "UpdateEndpoint", {"EndpointName": "e", "EndpointConfigName": "c"})
    assert found == {
        f"sagemaker:UpdateEndpoint arn:aws:sagemaker:{PLACE}:endpoint/e",
        f"sagemaker:UpdateEndpoint arn:aws:sagemaker:{PLACE}:endpoint-config/c",
    }


def test_an_event_is_on_the_bus_that_it_is_put_on() -> None:
    entries = [{}, {"EventBusName": "own"}, {"EventBusName": f"arn:aws:events:{PLACE}:event-bus/other"}]
    assert needs("events", "PutEvents", {"Entries": entries}) == {
        f"events:PutEvents arn:aws:events:{PLACE}:event-bus/{bus}" for bus in ("default", "own", "other")
    }


@pytest.mark.parametrize(
    ("action", "path", "query", "needed_most"),
    [
        ("HeadBucket", "/b", b"", "s3:ListBucket arn:aws:s3:::b"),
        ("ListObjectVersions", "/b", b"versions", "s3:ListBucketVersions arn:aws:s3:::b"),
        ("GetObject", "/b/k/l", b"versionId=1", "s3:GetObjectVersion arn:aws:s3:::b/k/l"),
        ("HeadObject", "/b/k%20l", b"", "s3:GetObject arn:aws:s3:::b/k l"),
        ("UploadPart", "/b/k", b"partNumber=1", "s3:PutObject arn:aws:s3:::b/k"),
        ("DeleteObjects", "/b", b"delete", "s3:DeleteObjectVersion arn:aws:s3:::b/*"),
        ("PutBucketEncryption", "/b", b"encryption", "s3:PutEncryptionConfiguration arn:aws:s3:::b"),
    ],
)
def test_s3s_permissions_have_names_of_their_own(
    action: str, path: str, query: bytes, needed_most: str
) -> None:
    assert needed_most in needs("s3", action, path=path, query=query)


def test_an_encrypted_registry_needs_grants_on_the_key() -> None:
    plain = {"repositoryName": "r"}
    kms = {**plain, "encryptionConfiguration": {"encryptionType": "KMS"}}
    found = needs("ecr", "CreateRepository", kms) - needs("ecr", "CreateRepository", plain)
    assert f"kms:CreateGrant arn:aws:kms:{PLACE}:key/*" in found


def test_who_one_is_needs_no_permission() -> None:
    assert needs("sts", "GetCallerIdentity") == set()


@pytest.mark.parametrize(
    ("method", "kind", "upload", "action"),
    [
        ("PUT", "manifests", False, "PutImage"),
        ("GET", "manifests", False, "BatchGetImage"),
        ("HEAD", "blobs", False, "BatchCheckLayerAvailability"),
        ("GET", "blobs", False, "GetDownloadUrlForLayer"),
        ("POST", "blobs", True, "InitiateLayerUpload"),
        ("PATCH", "blobs", True, "UploadLayerPart"),
        ("PUT", "blobs", True, "CompleteLayerUpload"),
    ],
)
def test_the_registrys_own_protocol_needs_ecrs_actions(
    method: str, kind: str, upload: bool, action: str
) -> None:
    permission = of_registry(method, "slipway-dev", kind, upload)
    assert permission == (f"ecr:{action}", f"arn:aws:ecr:{PLACE}:repository/slipway-dev")
