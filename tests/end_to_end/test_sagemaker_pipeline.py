"""A retraining as SageMaker runs it: the exported definition, its steps as real jobs of the training image.

The sandbox starts no execution of a pipeline; what walks the definition is a test's (`executor.py`).
"""

import hashlib
import json
import os
import shlex
from typing import Any

import pytest

from tests.integrations.sagemaker_pipelines.executor import Executor

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

ALONE = ("--champion", "none", "--trackers", "none", "--on", "sagemaker", "--stage", "dev")
GROUP, PIPELINE = "delays-dev-retrained", "delays-dev-retrain"


@pytest.fixture(scope="module")
def pipeline(world, trained):
    """The pipeline of what is live in dev, made there as it was exported."""
    world.set("dev", training={})
    world.slipway("release", "--model", os.fspath(trained["logistic"]))
    world.slipway("export", "dev", "--format", "sagemaker-pipelines", "--output", "out")
    folder = world.project / "out/sagemaker_pipelines/stages/dev"
    client = world.client("sagemaker")
    client.create_model_package_group(ModelPackageGroupName=GROUP)
    client.create_pipeline(
        PipelineName=PIPELINE,
        PipelineDefinition=(folder / "delays.pipeline.json").read_text(),
        RoleArn=f"arn:aws:iam::{world.settings('dev').account}:role/slipway-dev-us-east-1-training",
        ClientRequestToken="1" * 32,
    )
    return Executor(client, world.client("s3"), PIPELINE)


def parameters(world, *options: str) -> list[dict[str, str]]:
    world.slipway("train", *options, *ALONE, "--execution", "parameters.json")
    return json.loads((world.project / "parameters.json").read_text())


def registered(world) -> list[dict[str, Any]]:
    client = world.client("sagemaker")
    found = client.list_model_packages(ModelPackageGroupName=GROUP)["ModelPackageSummaryList"]
    return [client.describe_model_package(ModelPackageName=one["ModelPackageArn"]) for one in found]


def test_a_stopped_run_is_gone_on_with_and_what_it_registers_is_what_is_released(world, pipeline):
    given = parameters(world, "--months", "3-6")
    client = world.client("sagemaker")
    pipeline.begun = lambda step, job: (
        client.stop_training_job(TrainingJobName=job) if step == "Train" else None
    )
    stopped = pipeline.run(given)
    assert (stopped.status, stopped.steps) == ("Failed", {"CheckData": "Succeeded", "Train": "Failed"})
    assert registered(world) == []

    pipeline.begun = lambda step, job: None
    ran = pipeline.run(given)
    assert ran.status == "Succeeded", ran.reason
    expected = dict.fromkeys(("Train", "Prove", "Gates", "Register"), "Succeeded")
    assert ran.steps == {"CheckData": "Cached", **expected}
    [package] = registered(world)
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    [container] = package["InferenceSpecification"]["Containers"]
    bucket, _, key = container["ModelDataUrl"].removeprefix("s3://").partition("/")
    content = world.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    sha256 = hashlib.sha256(content).hexdigest()
    said = package["CustomerMetadataProperties"]
    assert said["slipway.sha256"] == sha256
    assert container["Image"] == world.endpoint("dev").live.image

    job = ran.described["Train"]["TrainingJobName"]
    assert said["slipway.training_job"] == job
    taken = world.slipway("train", "--months", "3-6", *ALONE, "--take", job, "--out", "taken")
    assert taken.result["model"]["sha256"] == sha256
    released = world.slipway("release", "--model", "taken").result["release"]
    live = world.endpoint("dev").live
    assert (live.release, live.sha256) == (released, sha256)

    again = pipeline.run(given)
    assert again.steps["Train"] == again.steps["Prove"] == "Cached"


def test_a_model_that_its_gates_refuse_ends_in_a_failure_and_is_not_registered(world, pipeline):
    before = len(registered(world))
    ran = pipeline.run(parameters(world, "--months", "7-10"))
    assert ran.status == "Failed"
    assert ran.steps["Refused"] == "Failed"
    assert "Register" not in ran.steps
    assert (
        ran.reason
        == f"The gates refuse the model of the training job {ran.described['Train']['TrainingJobName']}"
    )
    assert len(registered(world)) == before


def test_the_sandbox_itself_starts_no_execution(world, pipeline):
    """It would say that something runs, and nothing does."""
    client = world.client("sagemaker")
    with pytest.raises(client.exceptions.ClientError, match="nothing runs it here"):
        client.start_pipeline_execution(PipelineName=PIPELINE, ClientRequestToken="2" * 32)


@pytest.mark.parametrize("job", ["nobody-started"])
def test_a_job_that_is_not_there_is_not_taken(world, pipeline, job):
    refused = world.slipway("train", "--months", "3-6", *ALONE, "--take", job, expected=2)
    assert job in refused.result["error"], shlex.join(ALONE)
