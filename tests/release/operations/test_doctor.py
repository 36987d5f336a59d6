"""What the doctor asks, over fakes: the last rollout, or what serves now; and that asking fails nothing."""

from datetime import timedelta

import pytest

from release.domain.diagnosis.symptoms import Alarm, LogStream
from release.domain.errors import Held, ReleaseFailed, ServiceError
from release.domain.ledger import Entered, Phase
from release.operations.doctor import RECENT, SLACK, doctor, explaining
from release.operations.land import Grounds, land
from tests.fakes.world import EPOCH, FakeWorld, Told
from tests.release.diagnosis.examples import ERROR
from tests.release.scenes import ENDPOINT, begin, config_of, serving

MISSING = LogStream("live/i-1", ("ModuleNotFoundError: No module named 'onnxruntime'",))


@pytest.fixture
def stage():
    return serving()


def examined(stage):
    return doctor(FakeWorld(stage), stage.name, None)


def fail(stage):
    """Roll a release out that does not come up; returns the error."""
    pin = stage.pin(2)
    stage.sagemaker.never.add(config_of(pin).name)
    with pytest.raises((ReleaseFailed, Held)) as caught:
        land(stage.ports(), "promote", ENDPOINT, pin, Grounds(), Told())
    return caught.value


def test_what_was_taken_back_carries_the_paragraph(stage):
    stage.signs.streams = [MISSING]
    assert "Diagnosis (module-missing): The server ended at its start" in str(fail(stage))


def test_what_is_held_carries_it_too(stage):
    pin, before = stage.pin(2), config_of(stage.file.endpoints[ENDPOINT].live)
    stage.sagemaker.wrong.add(config_of(pin).production[0].model_name)
    stage.sagemaker.never.add(before.name)
    with pytest.raises(Held, match=r"Diagnosis \(silent-container\)"):
        land(stage.ports(), "promote", ENDPOINT, pin, Grounds(), Told())


def test_the_command_says_it_again_later(stage):
    stage.signs.streams = [MISSING]
    fail(stage)
    found = examined(stage)
    assert found.diagnosis is not None
    assert found.diagnosis.rule == "module-missing"
    assert "was taken back" in found.about


def test_the_log_is_read_from_the_beginning_of_the_rollout(stage):
    stage.clock.sleep(3600)
    fail(stage)
    assert stage.signs.since == EPOCH + timedelta(seconds=3600) - SLACK


def test_of_what_serves_nothing_before_its_own_rollout_counts(stage):
    stage.clock.sleep(3600)
    land(stage.ports(), "promote", ENDPOINT, stage.pin(2), Grounds(), Told())
    stage.clock.sleep(60)
    examined(stage)
    assert stage.signs.since == EPOCH + timedelta(seconds=3600) - SLACK
    stage.clock.sleep(3600)
    examined(stage)
    assert stage.signs.since == stage.clock.now() - RECENT


def test_a_healthy_stage_says_what_was_checked(stage):
    stage.signs.found = [Alarm("delays-prod-errors", False)]
    found = examined(stage)
    assert found.diagnosis is None
    assert "1 alarms are quiet" in found.checked
    assert "SageMaker serves what the pin says" in found.checked


def test_after_a_rollout_that_landed_the_present_counts(stage):
    land(stage.ports(), "promote", ENDPOINT, stage.pin(2), Grounds(), Told())
    assert examined(stage).diagnosis is None


@pytest.mark.parametrize("rule", ["artifact-changed", "image-missing", "role-not-assumed", "alarm-now"])
def test_what_is_wrong_without_a_rollout(stage, rule):
    live = stage.file.endpoints[ENDPOINT].live
    match rule:
        case "artifact-changed":
            stage.artifacts.models[live.model] = b"other"
        case "image-missing":
            stage.registry.images.remove(live.digest)
        case "role-not-assumed":
            stage.roles = False
        case _:
            stage.signs.found = [Alarm("delays-prod-errors", True, "Threshold Crossed")]
    found = examined(stage).diagnosis
    assert found is not None
    assert found.rule == rule


def test_questions_without_an_answer_are_named_and_fail_nothing(stage):
    stage.signs.failure = RuntimeError("denied: 4711")
    said = str(fail(stage))
    assert "Could not be asked: the container's log (RuntimeError); the alarms (RuntimeError)" in said
    assert "4711" not in said
    assert "(no-ping)" in said


def test_an_open_rollout_that_is_on_its_way_back_is_explained(stage):
    begin(stage, stage.pin(2))
    rollout = stage.ledger.current
    assert rollout is not None
    stage.ledger.append(rollout.subject, Entered(event=Phase.REVERTING, reason="InsufficientCapacity"))
    found = examined(stage)
    assert found.diagnosis is not None
    assert found.diagnosis.rule == "no-capacity"
    assert "is being taken back" in found.about


def test_an_error_of_aws_takes_a_note_along_where_it_is_known(stage):
    ports = stage.ports()
    with pytest.raises(ServiceError) as known, explaining(ports, ENDPOINT):
        raise ServiceError("ThrottlingException: Rate exceeded")
    with pytest.raises(ServiceError) as strange, explaining(ports, ENDPOINT):
        raise ServiceError(ERROR)
    assert "Diagnosis (throttled)" in known.value.__notes__[0]
    assert not hasattr(strange.value, "__notes__")


def test_a_rollout_whose_process_died_is_half_way_and_one_at_work_is_well(stage):
    begin(stage, stage.pin(2))
    stage.ledger.living = {stage.ledger.owner.pid}
    found = examined(stage)
    assert (found.diagnosis, found.checked) == (None, ("its process is at work",))
    stage.new_process()
    found = examined(stage)
    assert found.diagnosis is not None
    assert found.diagnosis.rule == "half-way"
    assert "while it was opened" in found.diagnosis.cause
