"""Training jobs: what their program finds, what becomes of what it leaves, how they end."""

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused
from tests.sandbox.job_images import METRICS, Jobs, statuses
from tests.sandbox.world import BUCKET

_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg"
PROVIDED = f"{_GUIDE}/your-algorithms-training-algo-running-container.html"
STARTED = f"{_GUIDE}/your-algorithms-training-algo-dockerfile.html"
OUTPUT = f"{_GUIDE}/your-algorithms-training-algo-output.html"
SIGNALS = f"{_GUIDE}/your-algorithms-training-signal-success-failure.html"
MONITORED = f"{_GUIDE}/define-train-metrics.html"


def algorithm(jobs: Jobs, **members: Any) -> dict[str, Any]:
    """An AlgorithmSpecification with other members."""
    return {"TrainingImage": jobs.image, "TrainingInputMode": "File", **members}


@pytest.fixture(scope="module")
def trained(jobs: Jobs) -> dict[str, Any]:
    """A job with data, output, metrics and tags that is over."""
    name = jobs.start(
        {"epochs": "3", "data": "kept"},
        InputDataConfig=[jobs.channel(), jobs.channel("one", "data/train/a.csv")],
        Environment={"MINE": "1"},
        Tags=[{"Key": "team", "Value": "delays"}],
    )
    return jobs.over(name)


@pytest.fixture(scope="module")
def seen(jobs: Jobs, trained: dict[str, Any]) -> dict[str, Any]:
    """What the program of that job saw."""
    return jobs.seen(trained)


@behaviour("SageMaker", "DescribeTrainingJob")
def test_the_statuses_of_a_job(jobs: Jobs, trained: dict[str, Any]) -> None:
    """A training job goes through Starting, Downloading, Training and Uploading to Completed."""
    jobs.sagemaker.get_waiter("training_job_completed_or_stopped").wait(
        TrainingJobName=trained["TrainingJobName"]
    )
    assert trained["TrainingJobStatus"] == trained["SecondaryStatus"] == "Completed"
    assert statuses(trained) == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    transitions = trained["SecondaryStatusTransitions"]
    assert all(one["EndTime"] >= one["StartTime"] and one["StatusMessage"] for one in transitions)
    assert trained["TrainingStartTime"] <= trained["TrainingEndTime"]
    assert trained["TrainingTimeInSeconds"] == trained["BillableTimeInSeconds"] >= 1


@behaviour("SageMaker", "DescribeTrainingJob")
def test_what_is_described(jobs: Jobs, trained: dict[str, Any]) -> None:
    """DescribeTrainingJob answers what CreateTrainingJob was given."""
    assert trained["HyperParameters"] == {"epochs": "3", "data": "kept"}
    assert trained["AlgorithmSpecification"]["TrainingImage"] == jobs.image
    assert trained["StoppingCondition"] == {"MaxRuntimeInSeconds": 60}
    assert trained["RoleArn"] == jobs.world.role
    assert trained["EnableManagedSpotTraining"] is False
    tags = jobs.sagemaker.list_tags(ResourceArn=trained["TrainingJobArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "delays"}]


@behaviour("SageMaker", STARTED)
def test_the_argument(seen: dict[str, Any]) -> None:
    """The image's entrypoint is started with the argument `train`."""
    assert seen["argv"] == ["train"]


@behaviour("SageMaker", PROVIDED)
def test_the_data_of_a_channel(seen: dict[str, Any]) -> None:
    """In File mode the objects below a channel's prefix are files of /opt/ml/input/data/<channel>."""
    assert seen["data"] == {
        "train/a.csv": "rows of a.csv",
        "train/deep/b.csv": "rows of deep/b.csv",
        "one/a.csv": "rows of a.csv",
    }


@behaviour("SageMaker", PROVIDED)
def test_the_configuration(seen: dict[str, Any]) -> None:
    """/opt/ml/input/config has hyperparameters.json, inputdataconfig.json and resourceconfig.json."""
    config = seen["config"]
    assert config["hyperparameters"] == {"epochs": "3", "data": "kept"}
    assert config["inputdataconfig"]["train"] == {
        "TrainingInputMode": "File",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
    }
    assert config["resourceconfig"]["current_host"] == "algo-1"
    assert config["resourceconfig"]["hosts"] == ["algo-1"]
    assert config["resourceconfig"]["current_instance_type"] == "ml.m5.large"


@behaviour("SageMaker", PROVIDED)
def test_the_environment(seen: dict[str, Any], trained: dict[str, Any]) -> None:
    """TRAINING_JOB_NAME, TRAINING_JOB_ARN and the request's Environment are variables of the program."""
    env = seen["env"]
    assert env["TRAINING_JOB_NAME"] == trained["TrainingJobName"]
    assert env["TRAINING_JOB_ARN"] == trained["TrainingJobArn"]
    assert (env["MINE"], env["FROM_IMAGE"], env["AWS_REGION"]) == ("1", "yes", "us-east-1")


@behaviour("SageMaker", OUTPUT)
def test_the_output(jobs: Jobs, trained: dict[str, Any]) -> None:
    """/opt/ml/model becomes model.tar.gz, /opt/ml/output/data output.tar.gz, below the job's name."""
    place = f"s3://{BUCKET}/out/{trained['TrainingJobName']}/output"
    assert trained["ModelArtifacts"]["S3ModelArtifacts"] == f"{place}/model.tar.gz"
    assert list(jobs.artifact(f"{place}/model.tar.gz")) == ["seen.json"]
    assert jobs.artifact(f"{place}/output.tar.gz") == {"more.txt": "kept"}


@behaviour("SageMaker", MONITORED)
def test_metrics(jobs: Jobs, trained: dict[str, Any]) -> None:
    """MetricDefinitions find the last value of each metric, and CloudWatch has them by the job's name."""
    found = {one["MetricName"]: one["Value"] for one in trained["FinalMetricDataList"]}
    assert found == {"loss": 0.125, "accuracy": 0.25}
    cloudwatch = jobs.world.sandbox.client("cloudwatch")
    name = {"Name": "TrainingJobName", "Value": trained["TrainingJobName"]}
    statistics = cloudwatch.get_metric_statistics(
        Namespace="/aws/sagemaker/TrainingJobs",
        MetricName="loss",
        Dimensions=[name],
        StartTime=trained["CreationTime"] - timedelta(minutes=1),
        EndTime=trained["CreationTime"] + timedelta(minutes=5),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    assert sum(one["Sum"] for one in statistics) == 0.625


@behaviour("SageMaker", f"{_GUIDE}/logging-cloudwatch.html")
def test_logs(jobs: Jobs, trained: dict[str, Any]) -> None:
    """What a program prints is in /aws/sagemaker/TrainingJobs, stream <job>/algo-1-<epoch>."""
    name = trained["TrainingJobName"]
    assert jobs.lines(name)[-1] == "the last words"
    logs = jobs.world.sandbox.client("logs")
    streams = logs.describe_log_streams(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=f"{name}/algo-1-"
    )["logStreams"]
    assert [stream["logStreamName"].rpartition("-")[2].isdigit() for stream in streams] == [True]


@behaviour("SageMaker", "AlgorithmSpecification")
def test_another_entrypoint(jobs: Jobs) -> None:
    """ContainerEntrypoint and ContainerArguments take the place of the image's entrypoint and of `train`."""
    members = {"ContainerEntrypoint": ["python3", "/opt/program/train"], "ContainerArguments": ["a", "b c"]}
    job = jobs.over(jobs.start({}, AlgorithmSpecification=algorithm(jobs, **members)))
    seen = jobs.seen(job)
    assert seen["argv"] == ["a", "b c"]


@behaviour("SageMaker", "S3DataSource")
def test_a_manifest(jobs: Jobs) -> None:
    """A ManifestFile names the objects of a channel, by a prefix and the names below it."""
    manifest = [{"prefix": f"s3://{BUCKET}/data/"}, "train/deep/b.csv"]
    jobs.world.s3.put_object(Bucket=BUCKET, Key="manifest.json", Body=json.dumps(manifest).encode())
    channel = jobs.channel(uri="manifest.json", S3DataType="ManifestFile")
    job = jobs.over(jobs.start({}, InputDataConfig=[channel]))
    seen = jobs.seen(job)
    assert seen["data"] == {"train/train/deep/b.csv": "rows of deep/b.csv"}


@behaviour("SageMaker", "OutputDataConfig")
def test_output_that_is_not_compressed(jobs: Jobs) -> None:
    """With the CompressionType NONE the model's files are objects below output/model."""
    name = jobs.start({}, OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/out/", "CompressionType": "NONE"})
    job = jobs.over(name)
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == f"s3://{BUCKET}/out/{name}/output/model"
    assert jobs.keys(f"out/{name}/") == [f"out/{name}/output/model/seen.json"]


@behaviour("SageMaker", OUTPUT)
def test_no_model(jobs: Jobs) -> None:
    """A job whose program leaves no model is Completed, and no model.tar.gz is made."""
    name = jobs.start({"nothing": "at all"})
    job = jobs.over(name)
    assert job["TrainingJobStatus"] == "Completed"
    assert job["ModelArtifacts"]["S3ModelArtifacts"].endswith(f"/{name}/output/model.tar.gz")
    assert jobs.keys(f"out/{name}/") == []


@behaviour("SageMaker", OUTPUT)
def test_a_failure_that_is_told(jobs: Jobs) -> None:
    """A program that fails is an AlgorithmError with the first 1024 characters of /opt/ml/output/failure."""
    job = jobs.over(jobs.start({"failure": "no rows at all; ", "times": "200", "exit": "3"}))
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Failed", "Failed")
    assert job["FailureReason"].startswith("AlgorithmError: no rows at all; no rows")
    assert job["FailureReason"].endswith(", exit code: 3")
    assert len(job["FailureReason"]) == 1024
    assert statuses(job)[-2:] == ["Uploading", "Failed"]


@behaviour("SageMaker", SIGNALS)
def test_an_exit_code(jobs: Jobs) -> None:
    """An exit code that is not 0 makes a job Failed; a program that is not there has 127."""
    job = jobs.over(jobs.start({"exit": "7"}))
    assert job["FailureReason"] == "AlgorithmError: , exit code: 7"
    missing = algorithm(jobs, ContainerEntrypoint=["/not/there"])
    job = jobs.over(jobs.start({}, AlgorithmSpecification=missing))
    assert job["FailureReason"] == "AlgorithmError: , exit code: 127"


@behaviour("SageMaker", "CreateTrainingJob")
def test_a_missing_image(jobs: Jobs) -> None:
    """A job whose image is not there, or that its role may not pull, fails when it would be pulled."""
    image = jobs.image.partition("@")[0] + ":none"
    denied = jobs.world.new_role(without="ecr:BatchGetImage")
    names = [
        jobs.start({}, AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"}),
        jobs.start({}, RoleArn=denied),
    ]
    for name in names:
        job = jobs.over(name)
        assert job["FailureReason"].startswith("ClientError: Cannot pull algorithm container.")
        assert "ModelArtifacts" not in job


@behaviour("SageMaker", "CreateTrainingJob")
def test_data_that_is_not_there(jobs: Jobs) -> None:
    """A prefix without objects is refused at CreateTrainingJob; a channel name is there once."""
    with refused("ValidationException", f'No S3 objects found under S3 URL "s3://{BUCKET}/nothing/"'):
        jobs.start({}, InputDataConfig=[jobs.channel(uri="nothing/")])
    with refused("ValidationException", "must be unique"):
        jobs.start({}, InputDataConfig=[jobs.channel(), jobs.channel()])


@behaviour("SageMaker", f"{_GUIDE}/sagemaker-roles.html")
def test_what_a_role_may_not(jobs: Jobs) -> None:
    """A job whose role may not read its data, or not write its model, fails and says which object."""
    reading = jobs.start(
        {}, RoleArn=jobs.world.new_role(without="s3:GetObject"), InputDataConfig=[jobs.channel()]
    )
    writing = jobs.start({}, RoleArn=jobs.world.new_role(without="s3:PutObject"))
    reason = (
        f"ClientError: Data download failed:Unable to download object s3://{BUCKET}/data/train/a.csv (Acc"
    )
    assert jobs.over(reading)["FailureReason"].startswith(reason)
    reason = f"ClientError: Artifact upload failed:Unable to upload s3://{BUCKET}/out/{writing}/output/model"
    assert jobs.over(writing)["FailureReason"].startswith(reason)


@behaviour("SageMaker", "CreateTrainingJob")
def test_a_role_that_cannot_be_assumed(jobs: Jobs) -> None:
    """A role that does not exist is refused at CreateTrainingJob."""
    role = "arn:aws:iam::123456789012:role/nobody-here"
    with refused("ValidationException", f"Could not assume role {role}"):
        jobs.start({}, RoleArn=role)


@behaviour("SageMaker", "CreateTrainingJob")
def test_a_name_is_taken_once(jobs: Jobs, trained: dict[str, Any]) -> None:
    """The name of a job, also of one that is over, is taken: ResourceInUse."""
    with refused("ResourceInUse", "Job name must be unique within an AWS account and region"):
        jobs.sagemaker.create_training_job(**jobs.request(trained["TrainingJobName"]))


@behaviour("SageMaker", "DescribeTrainingJob")
def test_a_job_that_is_not_there(jobs: Jobs) -> None:
    """Describing or stopping a job that is not there is a ValidationException."""
    with refused("ValidationException", "Requested resource not found."):
        jobs.describe("nope")
    with refused("ValidationException", "Requested resource not found."):
        jobs.sagemaker.stop_training_job(TrainingJobName="nope")


@behaviour("SageMaker", "ListTrainingJobs")
def test_lists(jobs: Jobs, trained: dict[str, Any]) -> None:
    """ListTrainingJobs filters by name and status, sorts, and pages."""
    more = [jobs.start() for _ in range(2)]
    listed = jobs.sagemaker.list_training_jobs(
        NameContains=trained["TrainingJobName"], StatusEquals="Completed"
    )
    (entry,) = (
        one for one in listed["TrainingJobSummaries"] if one["TrainingJobArn"] == trained["TrainingJobArn"]
    )
    assert entry["TrainingEndTime"] == trained["TrainingEndTime"]
    assert entry["SecondaryStatus"] == "Completed"
    pages = jobs.sagemaker.get_paginator("list_training_jobs").paginate(
        SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 2}
    )
    names = [one["TrainingJobName"] for page in pages for one in page["TrainingJobSummaries"]]
    assert names == sorted(names)
    assert {trained["TrainingJobName"], *more} <= set(names)


@behaviour("SageMaker", "MetricDefinition")
def test_an_expression_that_is_none(jobs: Jobs) -> None:
    """A metric whose Regex is no regular expression is refused."""
    with refused("ValidationException", "is no regular expression"):
        jobs.start(
            {}, AlgorithmSpecification=algorithm(jobs, MetricDefinitions=[METRICS[0] | {"Regex": "("}])
        )


@behaviour("SageMaker", "CreateTrainingJob", covered=False)
def test_what_a_job_here_cannot_be(jobs: Jobs) -> None:
    """Pipe and FastFile mode, several instances and TensorBoard output are refused by name."""
    resources = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1}
    for members in (
        {"AlgorithmSpecification": algorithm(jobs, TrainingInputMode="Pipe")},
        {"AlgorithmSpecification": algorithm(jobs, TrainingInputMode="FastFile")},
        {"InputDataConfig": [{**jobs.channel(), "InputMode": "FastFile"}]},
        {"ResourceConfig": resources},
        {"TensorBoardOutputConfig": {"S3OutputPath": "s3://a/b"}},
    ):
        with refused("NotImplemented", "CreateTrainingJob", 501):
            jobs.start({}, **members)
