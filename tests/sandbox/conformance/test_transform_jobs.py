"""Transform jobs: CreateTransformJob, DescribeTransformJob, ListTransformJobs, StopTransformJob."""

import gzip
import json

import pytest

from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused, unchecked
from tests.sandbox.conformance.transforms import CSV, DATA, GROUP, Jobs
from tests.sandbox.world import World, wait_for

GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg/"
BATCH = f"{GUIDE}batch-transform.html"
ERRORS = f"{GUIDE}batch-transform-errors.html"
CONTAINER = f"{GUIDE}your-algorithms-batch-code.html"
LOGS = f"{GUIDE}logging-cloudwatch.html"


@pytest.fixture(scope="module")
def jobs(world: World) -> Jobs:
    return Jobs(world)


@behaviour("SageMaker", "CreateTransformJob")
def test_a_job_runs_the_model_on_every_file(jobs: Jobs) -> None:
    """Every object of the input prefix has its result as `.out` below the output path, in its own order."""
    uri = jobs.put(a__csv="1\n333\n22\n", sub__b="")  # an empty file has an empty result
    assert jobs.stored(uri) == {"a.csv.out": "1\n3\n2\n", "sub.b.out": ""}


@behaviour("SageMaker", "DescribeTransformJob")
def test_what_is_told_of_a_job(jobs: Jobs) -> None:
    """DescribeTransformJob answers the request, the status, and when it was created, started and ended."""
    found = jobs.run(jobs.put(a="1\n"))
    assert found["TransformJobArn"] == (
        f"arn:aws:sagemaker:us-east-1:123456789012:transform-job/{found['TransformJobName']}"
    )
    assert found["TransformJobStatus"] == "Completed"
    assert found["ModelName"] == jobs.lengths
    assert found["TransformInput"]["SplitType"] == "Line"
    assert found["CreationTime"] <= found["TransformStartTime"] <= found["TransformEndTime"]
    assert "FailureReason" not in found


@behaviour("SageMaker", "ListTransformJobs")
def test_the_list_of_jobs(jobs: Jobs) -> None:
    """ListTransformJobs filters by name and status, and answers times and reasons."""
    good = jobs.run(jobs.put(a="1\n"))["TransformJobName"]
    bad = jobs.run(jobs.put(a="status 400\n"))["TransformJobName"]
    listed = jobs.sagemaker.list_transform_jobs(StatusEquals="Failed", MaxResults=100)[
        "TransformJobSummaries"
    ]
    assert bad in [one["TransformJobName"] for one in listed]
    assert good not in [one["TransformJobName"] for one in listed]
    [one] = jobs.sagemaker.list_transform_jobs(NameContains=bad)["TransformJobSummaries"]
    assert one["FailureReason"] == "ClientError: See job logs for more information"
    assert one["LastModifiedTime"] == one["TransformEndTime"]


@behaviour("SageMaker", "CreateTransformJob")
def test_a_name_is_taken_once(jobs: Jobs) -> None:
    """A job's name is unique for good: the same again is refused as in use."""
    uri = jobs.put(a="1\n")
    name = jobs.run(uri)["TransformJobName"]
    with refused("ResourceInUse", "Job name must be unique"):
        jobs.start(uri, TransformJobName=name)


@behaviour("SageMaker", "CreateTransformJob")
def test_a_missing_model_and_a_missing_job(jobs: Jobs) -> None:
    """A model that is not there is refused, and a job that is not there is not found."""
    with refused("ValidationException", 'Could not find model "arn:aws:sagemaker'):
        jobs.start(jobs.put(a="1\n"), ModelName="nobody")
    with refused("ValidationException", "Requested resource not found."):
        jobs.describe("nobody")


@behaviour("SageMaker", "CreateTransformJob")
def test_an_input_without_objects(jobs: Jobs) -> None:
    """A prefix without objects is refused, and so is one that the model's role may not list."""
    with refused("ValidationException", "No S3 objects found under S3 URL"):
        jobs.start(f"s3://{DATA}/nothing/")
    world = jobs.world
    blind = world.model("1", role=world.new_role(without="s3:ListBucket"), BY_LINE="length")
    with refused("ValidationException", '"s3:ListBucket" permissions'):
        jobs.start(jobs.put(a="1\n"), ModelName=blind)


@behaviour("SageMaker", "S3DataSource")
def test_a_manifest_names_the_files(jobs: Jobs) -> None:
    """A ManifestFile lists a prefix and names below it, and those objects alone are transformed."""
    uri = jobs.put(a="1\n", b="22\n", c="333\n")
    listed = jobs.put(manifest=json.dumps([{"prefix": uri}, "a", "c"]))
    source = {"S3DataSource": {"S3DataType": "ManifestFile", "S3Uri": f"{listed}manifest"}}
    assert jobs.stored(uri, TransformInput={"DataSource": source}) == {"a.out": "1\n", "c.out": "3\n"}


@behaviour("SageMaker", "TransformInput")
def test_without_a_split_a_file_is_one_request(jobs: Jobs) -> None:
    """SplitType None, the default, sends an object as a whole; Line cuts it at its newlines."""
    uri = jobs.put(a="1\n22\n")
    whole = jobs.stored(uri, ModelName=jobs.requests, TransformInput={"SplitType": "None"})
    assert [json.loads(line)["request"] for line in whole["a.out"].splitlines()] == ["1\n22\n"] * 2
    single = jobs.stored(uri, ModelName=jobs.requests, BatchStrategy="SingleRecord")
    assert [json.loads(line)["request"] for line in single["a.out"].splitlines()] == ["1\n", "22\n"]
    several = jobs.stored(uri, ModelName=jobs.requests, BatchStrategy="MultiRecord")
    assert [json.loads(line)["request"] for line in several["a.out"].splitlines()] == ["1\n22\n"] * 2


@behaviour("SageMaker", "TransformInput")
def test_compressed_input(jobs: Jobs) -> None:
    """CompressionType Gzip is taken off before the model sees the data."""
    uri = jobs.put(a__gz=gzip.compress(b"1\n333\n"))
    assert jobs.stored(uri, TransformInput={"CompressionType": "Gzip"}) == {"a.gz.out": "1\n3\n"}


@behaviour("SageMaker", "CreateTransformJob")
def test_many_records_are_cut_by_the_payload(jobs: Jobs) -> None:
    """MultiRecord puts as many records into a request as MaxPayloadInMB lets it."""
    row = "x" * (400 * 1024)
    uri = jobs.put(a=f"{row}\n" * 5)
    stored = jobs.stored(uri, ModelName=jobs.requests, MaxPayloadInMB=1, MaxConcurrentTransforms=2)
    sizes = [len(json.loads(line)["request"].splitlines()) for line in stored["a.out"].splitlines()]
    assert sizes == [2, 2, 2, 2, 1]


@behaviour("SageMaker", ERRORS)
def test_a_record_over_the_payload_fails(jobs: Jobs) -> None:
    """A record that is larger than MaxPayloadInMB fails its file and the job."""
    uri = jobs.put(a="x" * (1024 * 1024 + 1), b="1\n")
    found = jobs.run(uri, MaxPayloadInMB=1)
    assert found["FailureReason"] == "ClientError: See job logs for more information"
    assert jobs.results(found["TransformJobName"]) == {"b.out": "1\n"}


@behaviour("SageMaker", "CreateTransformJob")
def test_how_large_all_requests_at_once_may_be(jobs: Jobs) -> None:
    """MaxPayloadInMB is at most 100, and so is its product with MaxConcurrentTransforms."""
    uri = jobs.put(a="1\n")
    for sizes in ({"MaxPayloadInMB": 101}, {"MaxPayloadInMB": 26, "MaxConcurrentTransforms": 4}):
        with refused("ValidationException", "100 MB"):
            jobs.start(uri, **sizes)
    assert jobs.stored(uri, MaxPayloadInMB=25, MaxConcurrentTransforms=4)


@behaviour("SageMaker", CONTAINER)
def test_the_container_says_what_the_job_leaves_open(jobs: Jobs) -> None:
    """The job's own values come before those of /execution-parameters, and these before the defaults."""
    asked = '{"MaxConcurrentTransforms": 3, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 2}'
    model = jobs.world.model("1", BY_LINE="length", PARAMETERS=asked)
    uri = jobs.put(a="1\n")
    for members, words in (
        ({"ModelName": model}, "MaxConcurrentTransforms=3, MaxPayloadInMB=2, BatchStrategy=SINGLE_RECORD"),
        (
            {"ModelName": model, "MaxPayloadInMB": 1, "BatchStrategy": "MultiRecord"},
            "MaxConcurrentTransforms=3, MaxPayloadInMB=1, BatchStrategy=MULTI_RECORD",
        ),
        ({}, "MaxConcurrentTransforms=1, MaxPayloadInMB=6, BatchStrategy=MULTI_RECORD"),
    ):
        jobs.log(jobs.run(uri, **members)["TransformJobName"], words)


@behaviour("SageMaker", CONTAINER)
def test_the_variables_of_a_job(jobs: Jobs) -> None:
    """The container gets SAGEMAKER_BATCH, what the job says of its requests, and the job's Environment."""
    stored = jobs.stored(
        jobs.put(a="1\n"),
        ModelName=jobs.requests,
        MaxPayloadInMB=3,
        Environment={"SAGEMAKER_OF_MINE": "yes", "BY_LINE": "request"},
    )
    variables = json.loads(stored["a.out"])["batch"]
    assert variables["SAGEMAKER_BATCH"] == "true"
    assert variables["SAGEMAKER_MAX_PAYLOAD_IN_MB"] == "3"
    assert variables["SAGEMAKER_OF_MINE"] == "yes"
    assert "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS" not in variables


@behaviour("SageMaker", "CreateTransformJob")
def test_a_payload_of_nothing_is_sent_in_chunks(jobs: Jobs) -> None:
    """MaxPayloadInMB 0 has no limit, and the payload is sent in HTTP's chunked encoding."""
    stored = jobs.stored(jobs.put(a="1\n22\n"), ModelName=jobs.requests, MaxPayloadInMB=0)
    assert json.loads(stored["a.out"].splitlines()[0])["Transfer-Encoding"] == "chunked"


@behaviour("SageMaker", "TransformOutput")
def test_content_types_reach_the_container(jobs: Jobs) -> None:
    """ContentType and Accept are sent with every request."""
    stored = jobs.stored(
        jobs.put(a="1\n"), ModelName=jobs.requests, TransformOutput={"Accept": "application/x"}
    )
    told = json.loads(stored["a.out"])
    assert (told["Content-Type"], told["Accept"]) == (CSV, "application/x")


@behaviour("SageMaker", BATCH)
def test_a_bad_file_leaves_the_others(jobs: Jobs) -> None:
    """A file with a bad record has no result, the others have theirs, and the job is Failed."""
    found = jobs.run(jobs.put(a="1\n", b="1\nstatus 400\n", c="333\n"))
    assert found["TransformJobStatus"] == "Failed"
    assert found["FailureReason"] == "ClientError: See job logs for more information"
    assert jobs.results(found["TransformJobName"]) == {"a.out": "1\n", "c.out": "3\n"}


@behaviour("SageMaker", LOGS)
def test_the_data_log_names_the_file_and_the_answer(jobs: Jobs) -> None:
    """The stream `<job>/<instance>-<time>/data-log` says of each file what the container answered."""
    uri = jobs.put(bad="status 400\n")
    name = jobs.run(uri)["TransformJobName"]
    of_file = f"[sagemaker logs]: {uri.removeprefix('s3://')}bad: "
    lines = jobs.log(name, "as you wish")
    assert [line.partition(of_file)[2] for line in lines[1:]] == [
        "ClientError: 400",
        "",
        "Message:",
        "as you wish",
    ]


@behaviour("SageMaker", "ModelClientConfig")
def test_a_container_that_fails_is_asked_again(jobs: Jobs) -> None:
    """InvocationsMaxRetries is how often a request that failed is repeated before the file fails."""
    found = jobs.run(jobs.put(a="status 500\n"), ModelClientConfig={"InvocationsMaxRetries": 1})
    assert found["FailureReason"] == "AlgorithmError: See job logs for more information"
    jobs.log(found["TransformJobName"], "Bad HTTP status received from algorithm: 500")


@behaviour("SageMaker", "ModelClientConfig")
def test_a_container_that_takes_too_long(jobs: Jobs) -> None:
    """InvocationsTimeoutInSeconds is how long one request may take."""
    limits = {"InvocationsTimeoutInSeconds": 1, "InvocationsMaxRetries": 0}
    found = jobs.run(jobs.put(a="sleep 20\n"), ModelClientConfig=limits)
    assert found["TransformJobStatus"] == "Failed"
    jobs.log(found["TransformJobName"], "Unable to get response from algorithm")


@behaviour("SageMaker", "CreateTransformJob")
def test_a_container_that_does_not_start(jobs: Jobs) -> None:
    """A model whose container does not pass its ping fails the job, and nothing is stored."""
    broken = jobs.world.model("1", POISON="/")
    found = jobs.run(jobs.put(a="1\n"), ModelName=broken)
    assert found["FailureReason"].startswith("AlgorithmError: Model container failed to respond to ping")
    assert "TransformStartTime" not in found
    assert jobs.results(found["TransformJobName"]) == {}


@behaviour("SageMaker", "StopTransformJob")
def test_a_job_that_is_stopped(jobs: Jobs) -> None:
    """A stopped job goes by Stopping to Stopped, and stores none of its output."""
    name = jobs.start(jobs.put(a="1\n", b="sleep 30\n"))
    wait_for(lambda: "TransformStartTime" in jobs.describe(name), f"{name} to start")
    jobs.sagemaker.stop_transform_job(TransformJobName=name)
    assert jobs.ended(name)["TransformJobStatus"] == "Stopped"
    assert jobs.results(name) == {}
    with refused("ValidationException", "Stopped"):
        jobs.sagemaker.stop_transform_job(TransformJobName=name)


@behaviour("SageMaker", "StopTransformJob")
def test_a_job_that_is_stopped_while_it_starts(jobs: Jobs) -> None:
    """A job is stopped also before its containers answer, and leaves none of them running."""
    world = jobs.world

    def running() -> int:
        return len(world.sandbox.status()["children"])

    before, request = running(), jobs.asked(jobs.put(a="1\n"))
    name = request["TransformJobName"]
    with world.held(name):
        jobs.sagemaker.create_transform_job(**request)
        wait_for(lambda: running() > before, "the container")
        jobs.sagemaker.stop_transform_job(TransformJobName=name)
        assert jobs.ended(name)["TransformJobStatus"] == "Stopped"
    wait_for(lambda: running() == before, "the container's end")
    assert "TransformStartTime" not in jobs.describe(name)


@behaviour("SageMaker", "TransformOutput")
def test_the_role_reads_and_writes(jobs: Jobs) -> None:
    """The model's role reads the input and writes the output: what it may not, fails, and is in the log."""
    world = jobs.world
    for action, words in (("s3:GetObject", "AccessDenied"), ("s3:PutObject", "to perform: s3:PutObject")):
        denied = world.model("1", role=world.role, BY_LINE="length")
        role = world.sagemaker.describe_model(ModelName=denied)["ExecutionRoleArn"].rpartition("/")[2]
        iam, only = world.sandbox.client("iam"), {"Effect": "Deny", "Action": action}
        statement = {**only, "Resource": f"arn:aws:s3:::{DATA}/*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=role, PolicyName="no", PolicyDocument=document)
        try:
            found = jobs.run(jobs.put(a="1\n"), ModelName=denied)
            assert found["TransformJobStatus"] == "Failed"
            jobs.log(found["TransformJobName"], words)
            assert jobs.results(found["TransformJobName"]) == {}
        finally:
            iam.delete_role_policy(RoleName=role, PolicyName="no")


@behaviour("SageMaker", "TransformOutput")
def test_a_key_for_the_output(jobs: Jobs) -> None:
    """Results are encrypted with the KMS key of the request, which may be an alias."""
    kms = jobs.world.sandbox.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/of-the-jobs", TargetKeyId=key["KeyId"])
    name = jobs.run(jobs.put(a="1\n"), TransformOutput={"KmsKeyId": "alias/of-the-jobs"})["TransformJobName"]
    found = jobs.world.s3.head_object(Bucket=DATA, Key=f"out/{name}/a.out")
    assert (found["ServerSideEncryption"], found["SSEKMSKeyId"]) == ("aws:kms", key["Arn"])


@behaviour("SageMaker", "CreateTransformJob")
def test_several_instances_share_the_files(jobs: Jobs) -> None:
    """The objects of the input are dealt to the instances, each with a log of its own."""
    resources = {"InstanceCount": 2}
    name = jobs.start(jobs.put(a="1\n", b="22\n", c="333\n"), TransformResources=resources)
    assert jobs.ended(name)["TransformJobStatus"] == "Completed"
    assert jobs.results(name) == {"a.out": "1\n", "b.out": "2\n", "c.out": "3\n"}
    client = jobs.world.sandbox.client("logs")
    streams = client.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{name}/")["logStreams"]
    assert sum(stream["logStreamName"].endswith("/data-log") for stream in streams) == 2


@behaviour("SageMaker", "AddTags")
def test_tags_of_a_job(jobs: Jobs) -> None:
    """A job has the tags that it was created with."""
    arn = jobs.run(jobs.put(a="1\n"), Tags=[{"Key": "team", "Value": "flights"}])["TransformJobArn"]
    assert jobs.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "flights"}]


@behaviour("SageMaker", "CreateTransformJob", covered=False)
def test_what_a_job_here_cannot_do(jobs: Jobs) -> None:
    """RecordIO, TFRecord, augmented manifests, data capture and experiments are refused by name."""
    uri, client = jobs.put(a="1\n"), unchecked(jobs.world.sandbox)
    source = {"S3DataSource": {"S3DataType": "AugmentedManifestFile", "S3Uri": uri}}
    for members, words in (
        ({"TransformInput": {"SplitType": "RecordIO"}}, "'RecordIO' as TransformInput.SplitType"),
        ({"TransformInput": {"SplitType": "TFRecord"}}, "'TFRecord' as TransformInput.SplitType"),
        ({"TransformInput": {"DataSource": source}}, "'AugmentedManifestFile'"),
        ({"DataCaptureConfig": {"DestinationS3Uri": uri}}, "DataCaptureConfig"),
        ({"ExperimentConfig": {"ExperimentName": "one"}}, "ExperimentConfig"),
    ):
        with refused("NotImplemented", words, 501):
            client.create_transform_job(**jobs.asked(uri, **members))
