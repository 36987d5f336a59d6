"""A sandbox for all tests of this folder, and stages whose captured records lie in it."""

from collections.abc import Iterator
from typing import Any

import pytest

from release.domain.capture import Capture
from sandbox.testing import SandboxHandle, start
from tests.fakes.world import FakeStage
from tests.model.serving.capture.keeping_examples import sensitive
from tests.monitoring.capture.forgetting import BUCKET, KEY, PLACE, put, versions
from tests.monitoring.captured import HOUR, ROW, Scene, line, rows, scores
from tests.release.scenes import ENDPOINT, serving


@pytest.fixture(scope="package")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxHandle]:
    with start(tmp_path_factory.mktemp("sandbox") / "home") as handle:
        yield handle


@pytest.fixture
def s3(sandbox: SandboxHandle) -> Iterator[Any]:
    client = sandbox.client("s3")
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    client.put_object(Bucket=BUCKET, Key="capture-secret/key", Body=KEY)
    yield client
    for key, version in versions(client, ""):
        client.delete_object(Bucket=BUCKET, Key=key, VersionId=version)
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def stage() -> FakeStage:
    return serving(
        schema=sensitive(shape="hash", weight="drop"),
        capture=Capture(percent=100, to=f"s3://{BUCKET}/capture"),
    )


@pytest.fixture
def scene(s3, stage) -> Scene:
    """A stage whose release reads what is captured in the bucket."""
    found = Scene(stage)
    capture = Capture(percent=100, to=f"s3://{BUCKET}/capture")
    found.pin = found.pin.model_copy(update={"capture": capture})
    endpoint = stage.file.endpoints[ENDPOINT]
    stage.file.endpoints[ENDPOINT] = endpoint.model_copy(update={"live": found.pin})
    found.s3 = s3
    captured = [line(rows(ROW), scores(0.5), name, HOUR, name).decode() + "\n" for name in ("gone", "stays")]
    put(s3, f"{PLACE}/live/{HOUR:%Y/%m/%d/%H}/a.jsonl", *captured)
    return found
