"""Jobs in containers: the same contract as in processes, and no container is left."""

import pytest

from sandbox.serving.engines import arguments
from sandbox.serving.engines.engine import Engine
from tests.container.base import Base
from tests.sandbox.job_images import PROCESSING, Jobs
from tests.sandbox.world import BUCKET, World, wait_for

pytestmark = [pytest.mark.sandbox, pytest.mark.container]


@pytest.fixture(scope="module")
def jobs(world: World, base: Base) -> Jobs:
    """The world with an image for jobs on the base, and data."""
    from tests.container.image import push_programs_on  # loads what builds an image

    return Jobs(world, push=push_programs_on(base.layout))


def test_a_training_job_finds_its_data_and_leaves_its_model(jobs: Jobs, engine: Engine) -> None:
    name = jobs.start({"data": "kept"}, InputDataConfig=[jobs.channel()], Environment={"MINE": "1"})
    job = jobs.over(name)
    assert job["TrainingJobStatus"] == "Completed", (job.get("FailureReason"), jobs.lines(name))
    seen = jobs.seen(job)
    assert seen["argv"] == ["train"]
    assert seen["data"] == {"train/a.csv": "rows of a.csv", "train/deep/b.csv": "rows of deep/b.csv"}
    assert seen["env"]["MINE"] == "1"
    assert "SAGEMAKER_BASE_DIR" not in seen["env"]
    assert jobs.artifact(f"s3://{BUCKET}/out/{name}/output/output.tar.gz") == {"more.txt": "kept"}
    assert jobs.lines(name)[-1] == "the last words"
    home = str(jobs.world.sandbox.home)
    wait_for(lambda: engine.run(arguments.list_of(home)) == "", "the container to go")


def test_a_failure_and_a_stop_reach_the_program(jobs: Jobs) -> None:
    failed = jobs.over(jobs.start({"failure": "it broke", "exit": "3"}))
    assert failed["FailureReason"] == "AlgorithmError: it broke, exit code: 3"
    name = jobs.start({"wait": "9"})
    jobs.said(name, "waiting")
    jobs.sagemaker.stop_training_job(TrainingJobName=name)
    job = jobs.over(name)
    assert job["SecondaryStatus"] == "Stopped"
    assert jobs.model(job)["told.txt"] == "SIGTERM"


def test_an_interrupted_job_resumes_in_a_new_container(jobs: Jobs) -> None:
    name = jobs.start(
        {"wait": "2"},
        EnableManagedSpotTraining=True,
        CheckpointConfig={"S3Uri": f"s3://{BUCKET}/checkpoints/contained"},
        StoppingCondition={"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60},
    )
    jobs.said(name, "waiting")
    jobs.world.sandbox.faults("interrupt_training", job=name)
    job = jobs.over(name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    seen = jobs.seen(job)
    assert seen["checkpoints"] == {"epoch": "1"}


def test_a_processing_job_of_its_own_entrypoint(jobs: Jobs) -> None:
    there = {"S3Uri": f"s3://{BUCKET}/contained", "LocalPath": "/opt/ml/processing/output"}
    outputs = [{"OutputName": "seen", "S3Output": {**there, "S3UploadMode": "EndOfJob"}}]
    name = jobs.start_processing("message=done", ProcessingOutputConfig={"Outputs": outputs})
    job = jobs.processed(name)
    assert job["ProcessingJobStatus"] == "Completed", jobs.lines(name, PROCESSING)
    assert job["ExitMessage"] == "done"
    assert jobs.keys("contained/") == ["contained/deep/seen.json"]
