"""One training job through boto3: what its program sees, what becomes of its output, what is said of it."""

import json

import pytest

from tests.sandbox.job_images import Jobs
from tests.sandbox.world import BUCKET

pytestmark = pytest.mark.sandbox


def test_a_training_job_really_runs(jobs: Jobs) -> None:
    name = jobs.start(
        {"epochs": "3", "data": "kept"}, InputDataConfig=[jobs.channel()], Environment={"MINE": "1"}
    )
    job = jobs.over(name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert [one["Status"] for one in job["SecondaryStatusTransitions"]] == [
        *("Starting", "Downloading", "Training", "Uploading", "Completed")
    ]
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == f"s3://{BUCKET}/out/{name}/output/model.tar.gz"
    seen = json.loads(jobs.artifact(job["ModelArtifacts"]["S3ModelArtifacts"])["seen.json"])
    assert seen["argv"] == ["train"]
    assert seen["data"] == {"train/a.csv": "rows of a.csv", "train/deep/b.csv": "rows of deep/b.csv"}
    assert seen["config"]["hyperparameters"] == {"epochs": "3", "data": "kept"}
    assert seen["config"]["inputdataconfig"]["train"]["TrainingInputMode"] == "File"
    assert seen["config"]["resourceconfig"]["hosts"] == ["algo-1"]
    assert seen["env"]["TRAINING_JOB_NAME"] == name
    assert seen["env"]["TRAINING_JOB_ARN"] == job["TrainingJobArn"]
    assert (seen["env"]["MINE"], seen["env"]["FROM_IMAGE"]) == ("1", "yes")
    assert jobs.artifact(f"s3://{BUCKET}/out/{name}/output/output.tar.gz") == {"more.txt": "kept"}
    assert jobs.lines(name)[-1] == "the last words"
    assert {one["MetricName"]: one["Value"] for one in job["FinalMetricDataList"]} == {
        "loss": 0.125,
        "accuracy": 0.25,
    }
