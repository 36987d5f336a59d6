"""Releases that must not stay: the stage comes back by itself, and says why.

Promise 2's part that needs no judge: a release whose landing cannot be proven does not stay.
"""

import pytest

from demo import bad_models

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def damaged(trained, tmp_path_factory):
    """A trained model that no container can load."""
    return bad_models.damaged(trained["boosting"], tmp_path_factory.mktemp("damaged"))


def last_reason(world, stage):
    what = world.entries(stage)[-1].what
    assert what.event == "reverted"
    return what.reason


def test_a_first_release_that_cannot_start_leaves_no_endpoint(world, damaged):
    done = world.slipway("release", "--model", str(damaged), expected=1)
    assert "did not pass the ping health check" in done.result["error"]
    assert "ping health check" in last_reason(world, "dev")
    world.assert_clean("dev", serves=None)
    assert world.client("sagemaker").list_endpoints()["Endpoints"] == []


def test_a_later_release_that_cannot_start_leaves_the_old_one_serving(world, releases, damaged):
    [fenced] = world.slipway("fence").result["fences"]
    assert "ping health check" in fenced["reason"]
    world.clear(fenced["release"])
    done = world.slipway("release", "--model", str(damaged), expected=1)
    assert "the endpoint config is" in done.result["error"]
    world.assert_clean("dev", serves=releases.second)
    assert "the endpoint config is" in last_reason(world, "dev")


@pytest.mark.long
def test_a_silent_rollback_of_the_service_is_a_failed_release(world, releases, trained):
    world.sandbox.faults("silent_rollback", endpoint="delays-dev", reason="")
    done = world.slipway("release", "--model", str(trained["logistic"]), expected=1)
    assert releases.first in done.result["error"]
    world.assert_clean("dev", serves=releases.second)
    world.clear(releases.first)
    world.slipway("release", "--model", str(trained["logistic"]))
    world.assert_clean("dev", serves=releases.first)


def test_wrong_answers_take_a_release_back(world, releases, trained, tmp_path):
    def expect_another_score(golden):
        golden["requests"][0]["scores"][0] += 0.01

    serves = world.endpoint("dev").live.release
    wrong = bad_models.with_golden(trained["boosting"], tmp_path, expect_another_score)
    done = world.slipway("release", "--model", str(wrong), expected=1)
    assert "golden request 1" in done.result["error"]
    world.assert_clean("dev", serves=serves)


def test_a_gate_refuses_before_anything_changes(world, releases, trained, tmp_path):
    def without_calibration(evidence):
        evidence["gates"] = [gate for gate in evidence["gates"] if gate["name"] != "calibration"]

    ungated = bad_models.with_evidence(trained["boosting"], tmp_path, without_calibration)
    before = world.file("dev").read_bytes()
    done = world.slipway("release", "--model", str(ungated), expected=1)
    assert "calibration: required by the stage" in done.result["error"]
    assert world.file("dev").read_bytes() == before
    assert world.events("dev")[-1] == "refused"


@pytest.mark.long
def test_aws_failing_on_the_way_is_not_a_failed_release(world, releases, trained, tmp_path):
    never_seen = bad_models.with_evidence(
        trained["boosting"], tmp_path, lambda evidence: evidence["source"].update(variant="never seen")
    )
    world.sandbox.faults(
        "fail_aws",
        service="sagemaker",
        action="CreateModel",
        code="AccessDeniedException",
        status=400,
        count=20,
    )
    done = world.slipway("release", "--model", str(never_seen), expected=4)
    assert "AccessDenied" in done.result["error"]
    world.sandbox.clear_faults()
    released = world.slipway("release", "--model", str(never_seen)).result["release"]
    world.assert_clean("dev", serves=released)
