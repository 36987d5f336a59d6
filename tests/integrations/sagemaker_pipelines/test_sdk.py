"""SageMaker's SDK, told what a retraining is, makes the definition that is exported."""

import json
from typing import Any

import pytest

from tests.integrations.sagemaker_pipelines.test_export import definition
from tests.integrations.stages import BUCKET, REGION

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

ROLE = "arn:aws:iam::123456789012:role/slipway-prod-us-east-1-training"
KEY = "arn:aws:kms:us-east-1:123456789012:alias/slipway-prod"
TAGS = {"project": "slipway", "stage": "prod"}


@pytest.fixture
def sdk(monkeypatch) -> dict[str, Any]:
    """What the SDK's pipeline of the same retraining says."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, REGION)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "nobody")
    monkeypatch.setenv("SAGEMAKER_VALIDATE_ROLE", "false")
    return json.loads(_pipeline().definition())


def _pipeline() -> Any:
    import boto3
    from sagemaker.core.workflow.parameters import ParameterString
    from sagemaker.core.workflow.pipeline_context import PipelineSession
    from sagemaker.core.workflow.pipeline_definition_config import PipelineDefinitionConfig
    from sagemaker.mlops.workflow.pipeline import Pipeline

    session = PipelineSession(boto3.Session(region_name=REGION), default_bucket=BUCKET)
    given = {
        one["Name"]: ParameterString(one["Name"], default_value=one.get("DefaultValue"))
        for one in definition()["Parameters"]
    }
    steps = _steps(session, given)
    return Pipeline(
        name="delays-prod-retrain",
        parameters=list(given.values()),
        steps=steps,
        pipeline_experiment_config=None,
        pipeline_definition_config=PipelineDefinitionConfig(use_custom_job_prefix=True),
        sagemaker_session=session,
    )


def _steps(session: Any, given: dict[str, Any]) -> list[Any]:
    from sagemaker.core.shapes import ProcessingOutput, ProcessingS3Output
    from sagemaker.core.workflow.functions import Join
    from sagemaker.core.workflow.properties import PropertyFile
    from sagemaker.mlops.workflow.steps import CacheConfig, ProcessingStep, TrainingStep

    expires: dict[str, Any] = {"expire_after": "P30D"}
    cache = CacheConfig(enable_caching=True, **expires)
    words = ["check-data", given["Asked"], given["DataSha256"]]
    ran = _processor(session, given, KEY).run(inputs=[_input("data", given["Data"])], arguments=words)
    check = ProcessingStep("CheckData", step_args=ran, cache_config=cache)
    trained = _trainer(session, given).train(
        input_data_config=[_channel("data", given["Data"]), _channel("champion", given["Champion"])]
    )
    train = TrainingStep("Train", step_args=trained, cache_config=cache, depends_on=[check])
    place, job = f"s3://{BUCKET}/training", train.properties.TrainingJobName
    left = Join(on="/", values=[place, job, "output", "output.tar.gz"])
    there = ProcessingS3Output(
        s3_uri=Join(on="/", values=[place, "proven", job]),
        local_path="/opt/ml/processing/proven",
        s3_upload_mode="EndOfJob",
    )
    ran = _processor(session, given, KEY).run(
        inputs=[_input("trained", left)],
        outputs=[ProcessingOutput(output_name="proven", s3_output=there)],
        arguments=["prove"],
    )
    file = PropertyFile(name="Gates", output_name="proven", path="gates.json")
    prove = ProcessingStep("Prove", step_args=ran, property_files=[file], cache_config=cache)
    return [check, train, prove, _gates(job, prove, file)]


def _gates(job: Any, prove: Any, file: Any) -> Any:
    from sagemaker.core.workflow.conditions import ConditionLessThanOrEqualTo
    from sagemaker.core.workflow.functions import Join, JsonGet
    from sagemaker.mlops.workflow.condition_step import ConditionStep
    from sagemaker.mlops.workflow.fail_step import FailStep

    failed: Any = JsonGet(step_name=prove.name, property_file=file, json_path="failed")
    message = Join(on=" ", values=["The gates refuse the model of the training job", job])
    return ConditionStep(
        "Gates",
        conditions=[ConditionLessThanOrEqualTo(failed, 0)],
        if_steps=[],
        else_steps=[FailStep("Refused", error_message=message)],
    )


def _processor(session: Any, given: dict[str, Any], key: str) -> Any:
    from sagemaker.core.network import NetworkConfig
    from sagemaker.core.processing import Processor

    return Processor(
        role=ROLE,
        image_uri=given["TrainingImage"],
        instance_count=1,
        instance_type="ml.m5.large",
        base_job_name="delays-prod",
        entrypoint=["python3", "/opt/program/train"],
        volume_size_in_gb=30,
        output_kms_key=key,
        max_runtime_in_seconds=3600,
        network_config=NetworkConfig(enable_network_isolation=True),
        tags=[{"Key": key, "Value": value} for key, value in TAGS.items()],
        sagemaker_session=session,
    )


def _trainer(session: Any, given: dict[str, Any]) -> Any:
    from sagemaker.core.shapes import CheckpointConfig, OutputDataConfig, StoppingCondition
    from sagemaker.train import ModelTrainer
    from sagemaker.train.configs import Compute, Networking, Tag

    return ModelTrainer(
        sagemaker_session=session,
        role=ROLE,
        base_job_name="delays-prod",
        training_image=given["TrainingImage"],
        compute=Compute(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=30),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=3600),
        networking=Networking(enable_network_isolation=True),
        output_data_config=OutputDataConfig(s3_output_path=f"s3://{BUCKET}/training", kms_key_id=KEY),
        checkpoint_config=CheckpointConfig(s3_uri=given["Checkpoints"]),
        hyperparameters={"slipway.asked": given["Asked"], "slipway.sha256": given["DataSha256"]},
        tags=[Tag(key=key, value=value) for key, value in TAGS.items()],
    )


def _channel(name: str, uri: Any) -> Any:
    from sagemaker.core.shapes import Channel, DataSource, S3DataSource

    source = S3DataSource(s3_data_type="S3Prefix", s3_uri=uri, s3_data_distribution_type="FullyReplicated")
    return Channel(channel_name=name, data_source=DataSource(s3_data_source=source), input_mode="File")


def _input(name: str, uri: Any) -> Any:
    from sagemaker.core.shapes import ProcessingInput, ProcessingS3Input

    source = ProcessingS3Input(
        s3_uri=uri,
        local_path=f"/opt/ml/processing/{name}",
        s3_data_type="S3Prefix",
        s3_input_mode="File",
        s3_data_distribution_type="FullyReplicated",
        s3_compression_type="None",
    )
    return ProcessingInput(input_name=name, s3_input=source)


def test_the_sdk_makes_the_same_definition(sdk):
    """All steps but the one that registers, which the SDK makes of a model that it builds itself.

    Its trainer leaves the job's name out even where its pipelines have job names of their own, its processor
    does not.
    """
    ours = definition()
    assert (sdk["Version"], sdk["Parameters"]) == (ours["Version"], ours["Parameters"])
    theirs, own = ({step["Name"]: step for step in each["Steps"]} for each in (sdk, ours))
    assert own["Train"]["Arguments"].pop("TrainingJobName") == "delays-prod"
    assert own["Train"]["Arguments"].pop("EnableManagedSpotTraining") is False
    own["Gates"]["Arguments"]["IfSteps"] = []
    assert theirs == own
