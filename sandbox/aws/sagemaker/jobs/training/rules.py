"""What CreateTrainingJob refuses, in SageMaker's words.

A prefix without objects is refused at once (aws/amazon-sagemaker-examples#2489); an image that is not there
only when the job would pull it. NOT_ASSUMED is what is said of a role that cannot be assumed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from moto.sagemaker.exceptions import ValidationError

from sandbox.aws.s3 import objects
from sandbox.aws.sagemaker.execution_roles import ExecutionRoles
from sandbox.jobs.running.folders import in_ml
from sandbox.jobs.running.objects import Owner, source_of
from sandbox.jobs.training.metrics import read_definitions
from sandbox.serving.endpoints.failures import NOT_ASSUMED

NO_OBJECTS = (
    'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that the bucket '
    "exists in the selected region ({region}), that objects exist under that S3 prefix, and that the role "
    '"{role}" has "s3:ListBucket" permissions on bucket "{bucket}".'
)


def refuse_role(roles: ExecutionRoles, owner: Owner) -> None:
    """Raise SageMaker's ValidationException for a role that SageMaker may not assume."""
    if not roles.trusted(owner.account, owner.role):
        raise ValidationError(NOT_ASSUMED.format(owner.role))


def refuse_request(request: Mapping[str, Any]) -> None:
    """Raise SageMaker's ValidationException for a request that contradicts itself. Pure."""
    algorithm = request.get("AlgorithmSpecification") or {}
    if "TrainingImage" not in algorithm:
        raise ValidationError("AlgorithmSpecification needs a TrainingImage: the sandbox runs images alone.")
    try:
        read_definitions(algorithm.get("MetricDefinitions") or ())
    except ValueError as error:
        raise ValidationError(str(error)) from error
    names = [channel["ChannelName"] for channel in request.get("InputDataConfig") or []]
    if len(set(names)) != len(names):
        raise ValidationError("The channel names of InputDataConfig must be unique.")
    _refuse_limits(request)
    _refuse_checkpoints(request.get("CheckpointConfig"))


def _refuse_limits(request: Mapping[str, Any]) -> None:
    stopping = request["StoppingCondition"]
    wait = stopping.get("MaxWaitTimeInSeconds")
    if not request.get("EnableManagedSpotTraining"):
        if wait is not None:
            raise ValidationError(
                "Invalid MaxWaitTimeInSeconds. It is supported only when EnableManagedSpotTraining is true."
            )
        return
    if wait is None:
        raise ValidationError("MaxWaitTimeInSeconds is required when EnableManagedSpotTraining is true.")
    if wait < stopping["MaxRuntimeInSeconds"]:
        raise ValidationError(
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
            "MaxRuntimeInSeconds"
        )


def _refuse_checkpoints(config: Mapping[str, Any] | None) -> None:
    if config is None or "LocalPath" not in config:
        return
    try:
        in_ml(Path(), config["LocalPath"])
    except ValueError as error:
        raise ValidationError(
            f"CheckpointConfig.LocalPath {config['LocalPath']} is not below /opt/ml, which the sandbox needs."
        ) from error


def refuse_data(roles: ExecutionRoles, owner: Owner, channels: Any) -> None:
    """Raise SageMaker's ValidationException for a prefix without objects that the role may list."""
    for channel in channels or []:
        source = source_of(channel)
        uri = source["S3Uri"]
        if source["S3DataType"] != "S3Prefix":
            continue
        if not roles.may_list(owner.account, owner.role, uri) or not objects.below(owner.account, uri):
            bucket = urlsplit(uri).netloc
            raise ValidationError(
                NO_OBJECTS.format(uri=uri, region=owner.region, role=owner.role, bucket=bucket)
            )
