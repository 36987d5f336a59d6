"""What a stage captures, and of which release it may not be captured so."""

import json

import pytest

from model.serving import keeping
from release.domain import capture, moves, names, plan, stage
from release.domain.capture import Capture
from release.domain.capture_gate import GATE, next_step, results
from release.domain.manifest import Foreign
from tests.release.examples import NEW, manifest, pin, settings

TO = "s3://kept/delays"
AS_IT_CAME = Capture(percent=5, to=TO)
ANSWERS = Capture(percent=5, to=TO, inputs=False)
CONTAINER = Capture(percent=5, to=TO, by="container")
SENSITIVE = {"features": [{"name": "tailnum", "sensitive": "hash"}, {"name": "carrier"}]}
STAGE = {"slipway:account": "123456789012", "aws:region": "us-east-1"}


def rolled_out(asked):
    after = moves.after_rollout(settings(capture=asked), pin(NEW, type="ml.m7i.large"), 1, "delays-prod")
    assert after.live is not None
    return after.live


def test_a_capture_without_a_place_is_in_the_stages_own_bucket():
    found = stage.parse("prod", STAGE | {"slipway:endpoints": {"delays": {"capture": {"percent": 5}}}})
    asked = found.endpoints["delays"].capture
    assert asked == Capture(percent=5, to="s3://slipway-prod-123456789012-us-east-1/capture")


def test_a_config_that_an_earlier_version_made_keeps_its_name():
    assert AS_IT_CAME.content == {"percent": 5, "to": TO}
    found = {plan.config_plan("prod", "delays", rolled_out(one)).name for one in (AS_IT_CAME, ANSWERS)}
    assert len(found) == 2


def test_what_the_container_keeps_is_told_to_its_model_and_to_no_config():
    live = rolled_out(CONTAINER)
    model, config = plan.model_plan("prod", "delays", live), plan.config_plan("prod", "delays", live)
    assert (model.isolated, config.capture) == (False, None)
    assert plan.model_plan("prod", "delays", rolled_out(AS_IT_CAME)).isolated
    told = keeping.parse(dict(model.environment))
    assert told is not None
    assert (told.folder, told.percent, told.inputs) == (f"{TO}/delays-prod/{NEW}", 5, True)
    assert told.secret.endswith(f"-us-east-1/{names.CAPTURE_SECRET}")
    assert not moves.shape_differs(settings(capture=CONTAINER, live=live))
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    with_key = capture.told(CONTAINER.model_copy(update={"key": key}), "e", NEW, live.model)
    assert json.loads(with_key)["key"] == key


@pytest.mark.parametrize(
    ("asked", "live", "passed"),
    [
        (None, None, None),
        (ANSWERS, None, True),
        (CONTAINER, CONTAINER, True),
        (AS_IT_CAME, None, False),
        (CONTAINER, AS_IT_CAME, False),
        (None, AS_IT_CAME, False),
    ],
)
def test_what_is_sensitive_is_never_captured_as_it_came(asked, live, passed):
    found = list(results(manifest(input_schema=SENSITIVE), asked, live))
    assert [gate.passed for gate in found] == ([] if passed is None else [passed])
    assert all("tailnum" in gate.reason and gate.name == GATE for gate in found)
    assert list(results(manifest(), AS_IT_CAME, AS_IT_CAME)) == [], "nothing of it is sensitive"


def test_a_container_of_others_keeps_nothing():
    foreign = manifest(foreign=Foreign(kind="number"))
    [found] = results(foreign, CONTAINER, None)
    assert not found.passed
    assert "by: sagemaker" in next_step("prod", found.reason)


@pytest.mark.parametrize("live", [None, AS_IT_CAME])
def test_the_next_step_is_a_setting_that_is_accepted(live):
    content = manifest(input_schema=SENSITIVE)
    [found] = results(content, CONTAINER if live else AS_IT_CAME, live)
    said = next_step("prod", found.reason)
    assert "by: container" in said
    assert ("./slipway apply prod" in said) == (live is not None), "live's capture goes first"
    assert all(gate.passed for gate in results(content, CONTAINER, CONTAINER if live else None))
