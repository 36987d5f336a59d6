"""A sandbox whose S3 takes what is kept."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.testing import SandboxHandle, start
from tests.model.serving.capture import keeping_examples as kept


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxHandle]:
    with start(tmp_path_factory.mktemp("sandbox") / "home") as handle:
        yield handle


@pytest.fixture
def s3(sandbox: SandboxHandle) -> Iterator[Any]:
    client = sandbox.client("s3")
    client.create_bucket(Bucket=kept.BUCKET)
    yield client
    for item in client.list_objects_v2(Bucket=kept.BUCKET).get("Contents", []):
        client.delete_object(Bucket=kept.BUCKET, Key=item["Key"])
    client.delete_bucket(Bucket=kept.BUCKET)
