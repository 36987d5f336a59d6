"""What containers printed, over fakes."""

import pytest

from release.domain.diagnosis.symptoms import LogStream
from release.domain.errors import UsageError
from release.operations.logs import logs
from tests.fakes.world import FakeWorld
from tests.release.scenes import ENDPOINT, serving

YOUNGEST = LogStream("candidate/i-2", ("no module named onnxruntime",))
EARLIER = LogStream("live/i-1", ("listening", "ready"))


@pytest.fixture
def stage():
    made = serving()
    made.signs.streams = [YOUNGEST, EARLIER]
    return made


def test_the_youngest_is_the_last_one_read(stage):
    found = logs(FakeWorld(stage), stage.name, None)
    assert (found.endpoint, found.streams) == (ENDPOINT, [EARLIER, YOUNGEST])
    assert found.group == f"/aws/sagemaker/Endpoints/{ENDPOINT}-{stage.name}"


def test_a_variants_own(stage):
    assert logs(FakeWorld(stage), stage.name, None, "live").streams == [EARLIER]
    assert logs(FakeWorld(stage), stage.name, None, "liv").streams == []


def test_an_endpoint_that_the_stage_has_not(stage):
    with pytest.raises(UsageError, match="none"):
        logs(FakeWorld(stage), stage.name, "none")
