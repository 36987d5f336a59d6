"""What SageMaker counted beside what it captured: a record that it drops in silence is named."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from monitoring.capture.accounting import HOUR, compare
from monitoring.storage.capture_counts import CaptureCounts
from release.domain.capture import Capture
from sandbox.testing import start
from tests.sandbox.world import BUCKET, World, wait_for

pytestmark = pytest.mark.sandbox
TO = f"s3://{BUCKET}/kept"
DROPPED, ASKED, REFUSED = 7, 40, 3


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    with start(folder / "home", time_scale=240) as sandbox:
        yield World(sandbox, folder)


def test_records_that_sagemaker_drops_are_counted_by_variant_and_hour(world):
    capture = {
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": TO,
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    }
    endpoint = world.endpoint(world.config(world.variant(world.model()), DataCaptureConfig=capture))
    counts = CaptureCounts(world.s3, world.sandbox.client("cloudwatch"))
    world.sandbox.faults("capture_lost", endpoint=endpoint, count=DROPPED)
    begun = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for number in range(ASKED):
        world.runtime.invoke_endpoint(EndpointName=endpoint, Body=f"ask {number}", ContentType="text/plain")
    for _ in range(REFUSED):
        with pytest.raises(world.runtime.exceptions.ModelError):
            world.runtime.invoke_endpoint(EndpointName=endpoint, Body="status 500", ContentType="text/plain")
    span = begun, begun + 2 * HOUR

    def both() -> Any:
        answered, kept = counts.answered(endpoint, *span), counts.kept([TO], endpoint, *span)
        whole = sum(answered.values()) == ASKED and sum(kept.values()) == ASKED - DROPPED
        return (answered, kept) if whole else None

    answered, kept = wait_for(both, "both sides of the account")
    asked = dict.fromkeys((begun, begun + HOUR), Capture(percent=100, to=TO))
    found = compare(answered, kept, asked)
    assert {one.variant for one in found} == {"live"}
    assert sum(one.missing for one in found) == DROPPED
