"""Processing jobs: what their program finds, what becomes of what it leaves, how they end."""

import json
from typing import Any

import pytest

from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused
from tests.sandbox.job_images import PROCESSING, Jobs
from tests.sandbox.world import BUCKET, wait_for

_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg"
CONFIGURED = f"{_GUIDE}/build-your-own-processing-container.html"
MESSAGE = f"{_GUIDE}/byoc-metadata.html"


def output(place: str, mode: str = "EndOfJob", folder: str = "/opt/ml/processing/output") -> dict[str, Any]:
    """A ProcessingOutputConfig of one output."""
    there = {"S3Uri": f"s3://{BUCKET}/{place}", "LocalPath": folder, "S3UploadMode": mode}
    return {"Outputs": [{"OutputName": "seen", "S3Output": there}]}


def data(folder: str = "/opt/ml/processing/rows", **members: Any) -> dict[str, Any]:
    """A ProcessingInput of the bucket's data."""
    source = {"S3Uri": f"s3://{BUCKET}/data/train/", "LocalPath": folder, "S3DataType": "S3Prefix"}
    return {"InputName": "rows", "S3Input": {**source, "S3InputMode": "File", **members}}


@pytest.fixture(scope="module")
def processed(jobs: Jobs) -> dict[str, Any]:
    """A job with data, an output and words that is over."""
    name = jobs.start_processing(
        "message=all rows",
        ProcessingInputs=[data()],
        ProcessingOutputConfig=output("processed"),
        Environment={"MINE": "1"},
        Tags=[{"Key": "team", "Value": "delays"}],
    )
    return jobs.processed(name)


@pytest.fixture(scope="module")
def seen(jobs: Jobs, processed: dict[str, Any]) -> dict[str, Any]:
    """What the program of that job saw."""
    body = jobs.world.s3.get_object(Bucket=BUCKET, Key="processed/deep/seen.json")["Body"]
    return json.loads(body.read())


@behaviour("SageMaker", "DescribeProcessingJob")
def test_a_job_that_completes(jobs: Jobs, processed: dict[str, Any]) -> None:
    """A processing job whose program ends with 0 is Completed; it is described as it was created."""
    assert processed["ProcessingJobStatus"] == "Completed", processed.get("FailureReason")
    jobs.sagemaker.get_waiter("processing_job_completed_or_stopped").wait(
        ProcessingJobName=processed["ProcessingJobName"]
    )
    assert processed["AppSpecification"]["ImageUri"] == jobs.image
    assert processed["StoppingCondition"] == {"MaxRuntimeInSeconds": 86_400}
    assert processed["CreationTime"] <= processed["ProcessingStartTime"] <= processed["ProcessingEndTime"]
    tags = jobs.sagemaker.list_tags(ResourceArn=processed["ProcessingJobArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "delays"}]


@behaviour("SageMaker", "ProcessingS3Input")
def test_the_data_of_an_input(seen: dict[str, Any]) -> None:
    """In File mode the objects below an input's prefix are files of its LocalPath."""
    assert seen["data"] == {
        "processing/rows/a.csv": "rows of a.csv",
        "processing/rows/deep/b.csv": "rows of deep/b.csv",
    }


@behaviour("SageMaker", CONFIGURED)
def test_the_configuration(seen: dict[str, Any], processed: dict[str, Any]) -> None:
    """/opt/ml/config has processingjobconfig.json, which is the request, and resourceconfig.json."""
    told = seen["config"]["processingjobconfig"]
    assert told["ProcessingJobArn"] == processed["ProcessingJobArn"]
    assert told["ProcessingJobName"] == processed["ProcessingJobName"]
    assert told["Environment"] == {"MINE": "1"}
    assert told["ProcessingInputs"][0]["S3Input"]["S3DataDistributionType"] == "FullyReplicated"
    assert told["ProcessingOutputConfig"]["Outputs"][0]["OutputName"] == "seen"
    assert seen["config"]["resourceconfig"] == {"current_host": "algo-1", "hosts": ["algo-1"]}


@behaviour("SageMaker", "AppSpecification")
def test_the_command(seen: dict[str, Any]) -> None:
    """ContainerEntrypoint is run with ContainerArguments, and with the request's Environment."""
    assert seen["argv"] == ["message=all rows"]
    assert (seen["env"]["MINE"], seen["env"]["FROM_IMAGE"]) == ("1", "yes")


@behaviour("SageMaker", MESSAGE)
def test_an_exit_message(jobs: Jobs, processed: dict[str, Any]) -> None:
    """ExitMessage is the first KB of /opt/ml/output/message; what is not UTF-8 makes the job fail."""
    assert processed["ExitMessage"] == "all rows"
    job = jobs.processed(jobs.start_processing("message=ü", "code=latin-1"))
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: ")


@behaviour("SageMaker", f"{_GUIDE}/logging-cloudwatch.html")
def test_logs(jobs: Jobs, processed: dict[str, Any]) -> None:
    """What a program prints is in /aws/sagemaker/ProcessingJobs, stream <job>/algo-1-<epoch>."""
    assert jobs.lines(processed["ProcessingJobName"], PROCESSING) == ["done"]


@behaviour("SageMaker", "ProcessingS3Output")
def test_an_output_that_is_written_at_once(jobs: Jobs) -> None:
    """An output whose S3UploadMode is Continuous is in S3 while the job runs, of EndOfJob afterwards."""
    at_once = jobs.start_processing("wait=1", ProcessingOutputConfig=output("at-once", "Continuous"))
    later = jobs.start_processing("wait=1", ProcessingOutputConfig=output("later"))
    wait_for(lambda: jobs.keys("at-once/") == ["at-once/deep/seen.json"], "the output")
    jobs.said(later, "waiting", PROCESSING)
    assert jobs.keys("later/") == []
    for name in (at_once, later):
        jobs.sagemaker.stop_processing_job(ProcessingJobName=name)
        assert jobs.processed(name)["ProcessingJobStatus"] == "Stopped"
    assert jobs.keys("later/") == ["later/deep/seen.json"]


@behaviour("SageMaker", "DescribeProcessingJob")
def test_a_job_that_fails(jobs: Jobs) -> None:
    """An exit code that is not 0 makes a job Failed, with its message; so does an image that is not there."""
    job = jobs.processed(jobs.start_processing("exit=3", "message=no rows"))
    assert job["FailureReason"] == "AlgorithmError: , exit code: 3"
    assert (job["ProcessingJobStatus"], job["ExitMessage"]) == ("Failed", "no rows")
    missing = {"ImageUri": jobs.image.partition("@")[0] + ":none"}
    job = jobs.processed(jobs.start_processing(AppSpecification=missing))
    assert job["FailureReason"].startswith("ClientError: Cannot pull algorithm container.")


@behaviour("SageMaker", "ProcessingStoppingCondition")
def test_the_longest_runtime(jobs: Jobs) -> None:
    """A job that runs longer than MaxRuntimeInSeconds is stopped."""
    job = jobs.processed(jobs.start_processing("wait=1", StoppingCondition={"MaxRuntimeInSeconds": 1}))
    assert job["ProcessingJobStatus"] == "Stopped"


@behaviour("SageMaker", "CreateProcessingJob")
def test_what_is_refused(jobs: Jobs, processed: dict[str, Any]) -> None:
    """A name that is taken, a role, data and folders that cannot be are refused at CreateProcessingJob."""
    with refused("ResourceInUse", "Job name must be unique within an AWS account and region"):
        jobs.start_processing(ProcessingJobName=processed["ProcessingJobName"])
    with refused("ValidationException", "Could not assume role"):
        jobs.start_processing(RoleArn="arn:aws:iam::123456789012:role/nobody-here")
    with refused("ValidationException", "No S3 objects found under S3 URL"):
        jobs.start_processing(ProcessingInputs=[data(S3Uri=f"s3://{BUCKET}/nothing")])
    for folder in ("/opt/ml/rows", "/opt/ml/processing/../model", "rows"):
        with refused("ValidationException", "must begin with /opt/ml/processing/."):
            jobs.start_processing(ProcessingInputs=[data(folder)])
    with refused("ValidationException", "must begin with /opt/ml/."):
        jobs.start_processing(ProcessingOutputConfig=output("any", folder="/tmp/out"))  # noqa: S108


@behaviour("SageMaker", "StopProcessingJob")
def test_a_job_that_cannot_be_stopped(jobs: Jobs, processed: dict[str, Any]) -> None:
    """A job that is over, or that is not there, cannot be stopped."""
    with refused("ValidationException", "the processing job is in status Completed"):
        jobs.sagemaker.stop_processing_job(ProcessingJobName=processed["ProcessingJobName"])
    with refused("ValidationException", "Requested resource not found."):
        jobs.sagemaker.stop_processing_job(ProcessingJobName="nope")


@behaviour("SageMaker", "ListProcessingJobs")
def test_lists(jobs: Jobs, processed: dict[str, Any]) -> None:
    """ListProcessingJobs filters by name and status, and says how each ended."""
    listed = jobs.sagemaker.list_processing_jobs(
        NameContains=processed["ProcessingJobName"], StatusEquals="Completed", SortBy="Name", MaxResults=1
    )["ProcessingJobSummaries"]
    assert [one["ExitMessage"] for one in listed] == ["all rows"]
    assert jobs.sagemaker.list_processing_jobs(NameContains="nope")["ProcessingJobSummaries"] == []


@behaviour("SageMaker", "CreateProcessingJob", covered=False)
def test_what_a_job_here_cannot_be(jobs: Jobs) -> None:
    """Pipe mode, inputs that are AppManaged, datasets of queries and several instances are refused."""
    cluster = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1}
    for members in (
        {"ProcessingInputs": [data(S3InputMode="Pipe")]},
        {"ProcessingInputs": [{**data(), "AppManaged": True}]},
        {"ProcessingInputs": [{"InputName": "rows", "DatasetDefinition": {"LocalPath": "/opt/ml/x"}}]},
        {"ProcessingResources": {"ClusterConfig": cluster}},
    ):
        with refused("NotImplemented", "CreateProcessingJob", 501):
            jobs.start_processing(**members)
