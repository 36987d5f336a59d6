"""Objects by their URIs, on moto's S3."""

import pytest
from moto.s3.models import s3_backends

from sandbox.aws.s3 import objects
from sandbox.aws.sagemaker.execution_roles import ExecutionRoles
from sandbox.aws.shared.calls import Calls

ACCOUNT = "210987654321"
KEYS = ["ck/100%25.pt", "ck/epoch#1.pt", "ck/epoch#2.pt", "ck/loss?=1.pt", "ck/loss?=2.pt", "ck//a b\tc"]


@pytest.fixture
def bucket() -> str:
    s3_backends[ACCOUNT]["aws"].create_bucket("kept", "us-east-1")
    return "s3://kept"


def test_a_key_may_hold_what_ends_the_path_of_a_url(bucket: str) -> None:
    for key in KEYS:
        objects.write(ACCOUNT, f"{bucket}/{key}", key.encode(), "arn:of:a:key")
    uris = sorted(f"{bucket}/{key}" for key in KEYS)
    assert objects.below(ACCOUNT, f"{bucket}/ck/") == uris
    for key in KEYS:
        uri = f"{bucket}/{key}"
        assert objects.read(ACCOUNT, uri) == key.encode()
        assert objects.exists(ACCOUNT, uri)
        assert objects.key_of(ACCOUNT, uri) == "arn:of:a:key"
    assert objects.below(ACCOUNT, f"{bucket}/ck/epoch#") == [f"{bucket}/ck/epoch#{n}.pt" for n in (1, 2)]
    assert objects.below(ACCOUNT, f"{bucket}/ck/loss?=2") == [f"{bucket}/ck/loss?=2.pt"]
    assert not objects.exists(ACCOUNT, f"{bucket}/ck/epoch#3.pt")
    assert objects.read(ACCOUNT, f"{bucket}/ck/100%.pt") is None
    assert objects.below(ACCOUNT, "s3://none/ck#") == []


def test_a_bucket_alone_is_every_key_of_it() -> None:
    assert objects.place_of("s3://kept") == objects.place_of("s3://kept/") == ("kept", "")


def test_a_role_is_asked_for_the_whole_key() -> None:
    calls, role = Calls(), "arn:aws:iam::210987654321:role/none"
    for key in KEYS:
        assert not ExecutionRoles(calls).may_read(ACCOUNT, role, f"s3://kept/{key}")
    assert calls.needs(role) == {"s3:GetObject": sorted(f"arn:aws:s3:::kept/{key}" for key in KEYS)}
