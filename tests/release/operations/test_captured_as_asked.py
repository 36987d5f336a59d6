"""No operation brings a release to where SageMaker would keep what is sensitive as callers send it."""

import pytest

from release.domain.capture import Capture
from release.domain.errors import ReleaseFailed, UsageError
from release.operations.apply import apply
from release.operations.promote import Order, promote
from tests.release.scenes import ENDPOINT, serves, serving

TO = "s3://kept/delays"
AS_IT_CAME = Capture(percent=5, to=TO)
CONTAINER = Capture(percent=5, to=TO, by="container")
SENSITIVE = {"features": [{"name": "tailnum", "sensitive": "hash"}, {"name": "carrier"}]}


def test_apply_refuses_a_capture_of_what_is_sensitive_before_anything_moves(project, told):
    prod = serving(schema=SENSITIVE)
    before = serves(prod)
    asked = prod.file.endpoints[ENDPOINT].model_copy(update={"capture": AS_IT_CAME})
    prod.file.endpoints[ENDPOINT] = asked
    with pytest.raises(UsageError, match="tailnum") as refused:
        apply(project(prod), "prod", None, told)
    assert "by: container" in str(refused.value.next_step)
    assert (serves(prod), prod.sagemaker.updates) == (before, [])
    prod.file.endpoints[ENDPOINT] = asked.model_copy(update={"capture": CONTAINER})
    assert apply(project(prod), "prod", None, told).changed


def test_a_promotion_is_refused_by_its_gate_and_passes_when_the_container_keeps_it(project, told):
    dev, prod = serving(stage="dev", schema=SENSITIVE), serving(stage="prod", live=None)
    for asked, refused in ((AS_IT_CAME, True), (CONTAINER, False)):
        settings = prod.file.endpoints[ENDPOINT].model_copy(update={"capture": asked})
        prod.file.endpoints[ENDPOINT] = settings
        if refused:
            with pytest.raises(ReleaseFailed, match="tailnum") as said:
                promote(project(dev, prod), Order("prod", "dev"), told)
            assert "by: container" in str(said.value.next_step)
            assert prod.sagemaker.updates == []
        else:
            assert promote(project(dev, prod), Order("prod", "dev"), told).changed
