"""How training jobs end that are stopped, interrupted or tried again, and what is kept of them."""

from typing import Any

import pytest

from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused
from tests.sandbox.job_images import Jobs, statuses
from tests.sandbox.world import BUCKET, wait_for

_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg"
CHECKPOINTS = f"{_GUIDE}/model-checkpoints.html"
SPOT = f"{_GUIDE}/model-managed-spot-training.html"


@behaviour("SageMaker", "OutputDataConfig")
def test_the_key_of_the_output(jobs: Jobs) -> None:
    """The output is encrypted with KmsKeyId, a key or its alias, for which the role has to be allowed."""
    kms = jobs.world.sandbox.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/of-jobs", TargetKeyId=key)
    output = {"S3OutputPath": f"s3://{BUCKET}/out", "KmsKeyId": "alias/of-jobs"}
    job = jobs.over(jobs.start({}, OutputDataConfig=output))
    place = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix(f"s3://{BUCKET}/")
    kept = jobs.world.s3.head_object(Bucket=BUCKET, Key=place)
    assert (kept["ServerSideEncryption"], kept["SSEKMSKeyId"]) == ("aws:kms", key)
    denied = jobs.world.new_role(without="kms:GenerateDataKey")
    job = jobs.over(jobs.start({}, RoleArn=denied, OutputDataConfig=output))
    assert job["FailureReason"].startswith("ClientError: Artifact upload failed:")
    assert "kms:GenerateDataKey" in job["FailureReason"]
    output["KmsKeyId"] = "alias/nobodys"
    job = jobs.over(jobs.start({}, OutputDataConfig=output))
    assert "KMS.NotFoundException" in job["FailureReason"]


@behaviour("SageMaker", "StopTrainingJob")
def test_stop(jobs: Jobs) -> None:
    """StopTrainingJob sends SIGTERM, and what the program saves then is uploaded; Stopping, then Stopped."""
    name = jobs.start({"wait": "9"})
    jobs.said(name, "waiting")
    jobs.sagemaker.stop_training_job(TrainingJobName=name)
    assert jobs.describe(name)["TrainingJobStatus"] in ("Stopping", "Stopped")
    job = jobs.over(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert statuses(job)[-2:] == ["Stopping", "Stopped"]
    assert jobs.model(job)["told.txt"] == "SIGTERM"
    with refused("ValidationException", "The request was rejected because the training job is in status"):
        jobs.sagemaker.stop_training_job(TrainingJobName=name)


@behaviour("SageMaker", "StoppingCondition")
def test_the_longest_runtime(jobs: Jobs) -> None:
    """A job that runs longer than MaxRuntimeInSeconds is stopped, MaxRuntimeExceeded, with its model."""
    job = jobs.over(jobs.start({"wait": "9"}, StoppingCondition={"MaxRuntimeInSeconds": 2}))
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert "told.txt" in jobs.model(job)


def spot(jobs: Jobs, name: str, wait: int = 60) -> dict[str, Any]:
    """The members of a spot job whose checkpoints are kept."""
    return {
        "EnableManagedSpotTraining": True,
        "CheckpointConfig": {"S3Uri": f"s3://{BUCKET}/checkpoints/{name}"},
        "StoppingCondition": {"MaxRuntimeInSeconds": min(wait, 60), "MaxWaitTimeInSeconds": wait},
    }


@behaviour("SageMaker", SPOT)
def test_an_interruption(jobs: Jobs) -> None:
    """A spot job that is interrupted starts anew, with its checkpoints, and pays for what it ran."""
    name = jobs.start({"wait": "2"}, **spot(jobs, "resumes"))
    jobs.said(name, "waiting")
    jobs.world.sandbox.faults("interrupt_training", job=name, seconds=1.5)
    job = jobs.over(name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert statuses(job) == [
        *("Starting", "Downloading", "Training", "Interrupted"),
        *("Starting", "Downloading", "Training", "Uploading", "Completed"),
    ]
    seen = jobs.seen(job)
    assert seen["checkpoints"] == {"epoch": "1"}
    assert job["BillableTimeInSeconds"] < job["TrainingTimeInSeconds"]


@behaviour("SageMaker", CHECKPOINTS)
def test_checkpoints(jobs: Jobs) -> None:
    """/opt/ml/checkpoints is kept in CheckpointConfig's place while a job runs, and a later job finds it."""
    kept = {"S3Uri": f"s3://{BUCKET}/checkpoints/kept", "LocalPath": "/opt/ml/mine"}
    name = jobs.start({"wait": "9", "checkpoints": "/opt/ml/mine"}, CheckpointConfig=kept)
    wait_for(lambda: jobs.keys("checkpoints/kept/") == ["checkpoints/kept/epoch"], "the checkpoint")
    jobs.sagemaker.stop_training_job(TrainingJobName=name)
    job = jobs.over(jobs.start({"checkpoints": "/opt/ml/mine"}, CheckpointConfig=kept))
    seen = jobs.seen(job)
    assert seen["checkpoints"] == {"epoch": "1"}


@pytest.mark.long
@behaviour("SageMaker", "StoppingCondition")
def test_the_longest_wait(jobs: Jobs) -> None:
    """A spot job that waits for an instance longer than MaxWaitTimeInSeconds is MaxWaitTimeExceeded."""
    name = jobs.start({"wait": "9"}, **spot(jobs, "waits", 6))
    jobs.said(name, "waiting")
    jobs.world.sandbox.faults("interrupt_training", job=name, seconds=600)
    job = jobs.over(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxWaitTimeExceeded")


@behaviour("SageMaker", "StoppingCondition")
def test_limits_that_contradict_each_other(jobs: Jobs) -> None:
    """MaxWaitTimeInSeconds is for spot jobs alone, which need it, at least as long as MaxRuntimeInSeconds."""
    for managed, limits in ((False, (5, 9)), (True, (5, None)), (True, (9, 5))):
        runtime, wait = limits
        stopping = {"MaxRuntimeInSeconds": runtime} | ({"MaxWaitTimeInSeconds": wait} if wait else {})
        with refused("ValidationException", "MaxWaitTimeInSeconds"):
            jobs.start({}, EnableManagedSpotTraining=managed, StoppingCondition=stopping)


@behaviour("SageMaker", "RetryStrategy")
def test_retries(jobs: Jobs) -> None:
    """A job that fails by an InternalServerError is tried again as often as its RetryStrategy says."""
    jobs.world.sandbox.faults("registry_outage", count=1)
    job = jobs.over(jobs.start({}, RetryStrategy={"MaximumRetryAttempts": 1}))
    assert job["TrainingJobStatus"] == "Completed"
    assert statuses(job).count("Starting") == 2
    jobs.world.sandbox.faults("registry_outage", count=1)
    job = jobs.over(jobs.start())
    assert job["FailureReason"].startswith("InternalServerError: ")
