"""What CreateTrainingJob alone refuses, in SageMaker's words. Pure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moto.sagemaker.exceptions import ValidationError

from sandbox.jobs.running.folders import in_ml
from sandbox.jobs.training.metrics import read_definitions


def refuse_request(request: Mapping[str, Any]) -> None:
    """Raise SageMaker's ValidationException for a request that contradicts itself. Pure."""
    algorithm = request.get("AlgorithmSpecification") or {}
    if "TrainingImage" not in algorithm:
        raise ValidationError("AlgorithmSpecification needs a TrainingImage: the sandbox runs images alone.")
    if "ResourceConfig" not in request:
        raise ValidationError("ResourceConfig is required.")
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
