"""A real server keeps what it answers in S3, without what is sensitive, and loses nothing when killed."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from infra import policies
from infra.arns import Place
from model.serving.capture.redaction import hashed
from release.domain.capture import Capture
from sandbox.testing import SandboxHandle
from tests.model.serving.capture import keeping_examples as kept
from tests.model.serving.examples import OTHER, ROW, instances, write_artifact
from tests.model.serving.running import IN_CONTAINERS, SECONDS, Server, serving, until

pytestmark = pytest.mark.sandbox


def variables(sandbox: SandboxHandle, folder: Path, **more: str) -> dict[str, Any]:
    names = ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    aws = {name: sandbox.env[name] for name in names}
    return {**aws, "TMPDIR": str(folder), "SLIPWAY_CAPTURE": kept.VARIABLE, **more}


def ask(server: Server, count: int) -> None:
    for number in range(count):
        headers = {"content_type": "application/json", "X_Amzn_SageMaker_Inference_Id": f"id-{number}"}
        status, _, answer = server.ask("POST", "/invocations", instances(ROW, OTHER), **headers)
        assert status == 200, answer


def test_what_was_answered_is_in_s3_when_the_server_has_ended(s3, sandbox, tmp_path):
    model = write_artifact(tmp_path / "model", schema=kept.sensitive(colour="drop", shape="hash"))
    with serving(model, tmp_path, **variables(sandbox, tmp_path)) as server:
        ask(server.wait_ready(), 3)
        assert server.ask("POST", "/invocations", b"{", content_type="application/json")[0] == 400
        text = server.ask("GET", "/metrics")[2].decode()
        assert "slipway_captured_total 3\n" in text, text
        assert server.stop() == 0, server.log
    found = kept.records(s3)
    assert sorted(one["eventMetadata"]["inferenceId"] for one in found) == ["id-0", "id-1", "id-2"]
    first, second = kept.rows_of(found[0])
    assert {**first, "shape": None} == {"size": 3.0, "weight": 1.5, "shape": None}
    assert first["shape"].startswith("hash:")
    assert second == {"size": -2.25, "weight": None, "shape": None}
    answer = found[0]["captureData"]["endpointOutput"]
    assert len(json.loads(answer["data"])["predictions"]) == 2
    assert found[0]["key"].startswith("capture/toys-dev/0123456789ab/20")
    whole = json.dumps(found, ensure_ascii=False)
    assert not [value for value in ("red", "größer", "round") if f'"{value}' in whole.replace("\\", "")]
    assert len(s3.get_object(Bucket=kept.BUCKET, Key=kept.SECRET_KEY)["Body"].read()) == 32


def test_the_first_container_makes_the_key_of_hashes_as_its_role_may(s3, sandbox, tmp_path):
    """The role may not list the bucket, so S3 denies it a key that is not there."""
    place = Place("123456789012", "us-east-1")
    capture = Capture(percent=100, to=kept.CAPTURES, by="container")
    any_key = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    fleet = json.loads(policies.fleet(place, place.arn("kms", "key/k"), [capture], False, kept.BUCKET))
    sandbox.enforce("container", [fleet, {"Statement": any_key}])
    model = write_artifact(tmp_path / "model", schema=kept.sensitive(colour="hash"))
    with serving(model, tmp_path, **variables(sandbox, tmp_path, AWS_ACCESS_KEY_ID="container")) as server:
        ask(server.wait_ready(), 2)
        assert server.stop() == 0, server.log
    key = s3.get_object(Bucket=kept.BUCKET, Key=kept.SECRET_KEY)["Body"].read()
    assert [kept.rows_of(one)[0]["colour"] for one in kept.records(s3)] == [hashed(key, "colour", "red")] * 2


@pytest.mark.kill
def test_a_worker_that_is_killed_loses_nothing_that_it_answered(s3, sandbox, tmp_path):
    model = write_artifact(tmp_path / "model", schema=kept.sensitive(colour="hash"))
    two = variables(sandbox, tmp_path, SAGEMAKER_MODEL_SERVER_WORKERS="2")
    with serving(model, tmp_path, **two) as server:
        ask(server.wait_ready(), 5)
        os.kill(server.children()[-1], signal.SIGKILL)
        assert server.process.wait(SECONDS) == 1, "it ends with its worker"
        until(lambda: len(kept.records(s3)) == 5, "what both kept is brought before the last process ends")


@pytest.mark.kill
@pytest.mark.skipif(IN_CONTAINERS, reason="a container ends with its first process, and its disk with it")
def test_a_server_that_is_killed_loses_nothing_that_it_answered(s3, sandbox, tmp_path):
    model = write_artifact(tmp_path / "model", schema=kept.sensitive(colour="hash"))
    with serving(model, tmp_path, **variables(sandbox, tmp_path)) as server:
        ask(server.wait_ready(), 5)
        server.stop(signal.SIGKILL)
        until(lambda: len(kept.records(s3)) == 5, "the process that is left brings what was kept")
    with serving(model, tmp_path, **variables(sandbox, tmp_path)) as server:
        ask(server.wait_ready(), 2)
        server.stop()
    found = kept.records(s3)
    assert len(found) == len({one["eventMetadata"]["eventId"] for one in found}) == 7
    hashes = {kept.rows_of(one)[0]["colour"] for one in found}
    assert len(hashes) == 1, "both hashed with the same key"


def test_what_cannot_be_brought_to_s3_waits_and_holds_nobody_up(s3, sandbox, tmp_path):
    model = write_artifact(tmp_path / "model")
    sandbox.faults("fail_aws", service="s3", action="PutObject", code="InternalError", status=500, count=2)
    with serving(model, tmp_path, **variables(sandbox, tmp_path)) as server:
        ask(server.wait_ready(), 2)
        assert server.stop() == 0
    assert len(kept.records(s3)) == 2


def test_a_batch_keeps_nothing(s3, sandbox, tmp_path):
    model = write_artifact(tmp_path / "model")
    with serving(model, tmp_path, **variables(sandbox, tmp_path, SAGEMAKER_BATCH="true")) as server:
        ask(server.wait_ready(), 1)
        assert server.stop() == 0
    assert kept.records(s3) == []


def test_a_variable_that_says_nothing_ends_the_server_with_a_word(tmp_path):
    from tests.model.serving.running import ended

    done = ended(write_artifact(tmp_path / "model"), "serve", SLIPWAY_CAPTURE='{"folder": 1}')
    assert done.returncode == 2
    assert "SLIPWAY_CAPTURE" in done.stderr
