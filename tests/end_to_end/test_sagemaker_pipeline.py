"""A retraining as SageMaker runs it: the exported definition, its steps as real jobs of the training image.

The sandbox starts no execution of a pipeline; what walks the definition is a test's (`executor.py`). It may
do what the role may that the stage declares, and whoever exports, trains and releases what a deployer may.
"""

import hashlib
import io
import json
import os
import shlex
import tarfile
from typing import Any

import pytest

from infra.deployer_policy import document
from tests.integrations.sagemaker_pipelines.executor import Executor

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

ALONE = ("--champion", "none", "--trackers", "none", "--on", "sagemaker", "--stage", "dev")
GROUP, PIPELINE = "delays-dev-retrained", "delays-dev-retrain"


@pytest.fixture(scope="module")
def deployer(world):
    """Every call of the world's user is one of a deployer, in a dev that declares a role for pipelines."""
    world.set("dev", training={"pipelines": True})
    documents = [document(world.settings(stage)) for stage in ("dev", "staging", "prod")]
    world.sandbox.enforce("deployer", documents)
    world.sandbox.env["AWS_ACCESS_KEY_ID"] = "deployer"
    yield
    world.sandbox.ask("DELETE", "policies")


@pytest.fixture(scope="module")
def pipeline(world, trained, deployer):
    """The pipeline of what is live in dev, made there as it was exported, with the role that dev declares."""
    world.slipway("release", "--model", os.fspath(trained["logistic"]))
    world.slipway("export", "dev", "--format", "sagemaker-pipelines", "--output", "out")
    folder = world.project / "out/sagemaker_pipelines/stages/dev"
    role = json.loads(world.pulumi("stack", "output", "--json", "--stack", "dev").stdout)["pipeline_role_arn"]
    assert f"--role-arn {role} " in (folder / "README.md").read_text()
    client = world.client("sagemaker")
    client.create_model_package_group(ModelPackageGroupName=GROUP)
    client.create_pipeline(
        PipelineName=PIPELINE,
        PipelineDefinition=(folder / "delays.pipeline.json").read_text(),
        RoleArn=role,
        ClientRequestToken="1" * 32,
    )
    theirs = assumed(world, role.rpartition("/")[2])
    return Executor(client, theirs("sagemaker"), theirs("s3"), PIPELINE)


def assumed(world, role: str) -> Any:
    """Gives clients that may do what a role's policies say, as IAM has them.

    A test of the role itself asks which key they name; which key an object has, the sandbox does not look at.
    """
    iam = world.sandbox.client("iam", aws_access_key_id="admin", aws_secret_access_key="-")
    inline = iam.list_role_policies(RoleName=role)["PolicyNames"]
    policies = [iam.get_role_policy(RoleName=role, PolicyName=one)["PolicyDocument"] for one in inline]
    assert policies
    any_key = {"Statement": {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}}
    world.sandbox.enforce("pipeline", [*policies, any_key])
    options = {"aws_access_key_id": "pipeline", "aws_secret_access_key": "-"}
    return lambda service: world.sandbox.client(service, **options)


def parameters(world, *options: str) -> list[dict[str, str]]:
    world.slipway("train", *options, *ALONE, "--execution", "parameters.json")
    return json.loads((world.project / "parameters.json").read_text())


def registered(world) -> list[dict[str, Any]]:
    client = world.client("sagemaker")
    found = client.list_model_packages(ModelPackageGroupName=GROUP)["ModelPackageSummaryList"]
    return [client.describe_model_package(ModelPackageName=one["ModelPackageArn"]) for one in found]


def content_of(world, uri: str) -> bytes:
    """An object at an `s3://` URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return world.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()


def trained_by(world, job: str) -> str:
    """The SHA-256 of the model in what a training job left."""
    output = world.client("sagemaker").describe_training_job(TrainingJobName=job)["OutputDataConfig"]
    left = content_of(world, f"{output['S3OutputPath']}/{job}/output/output.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(left)) as files:
        [member] = [one for one in files if one.name.removeprefix("./") == "model.tar.gz"]
        model = files.extractfile(member)
        assert model is not None
        return hashlib.sha256(model.read()).hexdigest()


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
    job = ran.described["Train"]["TrainingJobName"]
    sha256 = trained_by(world, job)
    assert hashlib.sha256(content_of(world, container["ModelDataUrl"])).hexdigest() == sha256
    said = package["CustomerMetadataProperties"]
    assert (said["slipway.sha256"], said["slipway.training_job"]) == (sha256, job)
    assert container["Image"] == world.endpoint("dev").live.image
    taken = world.slipway("train", "--months", "3-6", *ALONE, "--take", job, "--out", "taken")
    assert taken.result["model"]["sha256"] == sha256
    released = world.slipway("release", "--model", "taken").result["release"]
    live = world.endpoint("dev").live
    assert (live.release, live.sha256, live.image) == (released, sha256, container["Image"])
    manifest = world.ports("dev").artifacts.manifest(released)
    assert (manifest.model.sha256, manifest.image.digest) == (sha256, live.digest)
    assert hashlib.sha256(content_of(world, live.model)).hexdigest() == sha256

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


def test_after_a_release_the_pipeline_is_updated_to_compare_with_what_is_live_now(world, pipeline):
    world.slipway("export", "dev", "--format", "sagemaker-pipelines", "--output", "out")
    definition = (world.project / "out/sagemaker_pipelines/stages/dev/delays.pipeline.json").read_text()
    client = world.client("sagemaker")
    given = {"PipelineName": PIPELINE, "PipelineDefinition": definition}
    role = client.describe_pipeline(PipelineName=PIPELINE)["RoleArn"]
    with pytest.raises(client.exceptions.ClientError, match="unique"):
        client.create_pipeline(**given, RoleArn=role, ClientRequestToken="3" * 32)
    client.update_pipeline(**given, RoleArn=role)
    assert client.describe_pipeline(PipelineName=PIPELINE)["PipelineDefinition"] == definition
    assert world.endpoint("dev").live.release in definition


def test_the_sandbox_itself_starts_no_execution(world, pipeline):
    """It would say that something runs, and nothing does."""
    client = world.client("sagemaker")
    with pytest.raises(client.exceptions.ClientError, match="nothing runs it here"):
        client.start_pipeline_execution(PipelineName=PIPELINE, ClientRequestToken="2" * 32)


@pytest.mark.parametrize("job", ["delays-dev-nobody-started"])
def test_a_job_that_is_not_there_is_not_taken(world, pipeline, job):
    refused = world.slipway("train", "--months", "3-6", *ALONE, "--take", job, expected=2)
    assert job in refused.result["error"], shlex.join(ALONE)
