"""What CreateProcessingJob refuses, in SageMaker's words."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moto.sagemaker.exceptions import ValidationError

from sandbox.jobs.processing.inputs import outputs_of
from sandbox.jobs.running.folders import in_ml

_INPUTS = "/opt/ml/processing/"


def refuse_request(request: Mapping[str, Any]) -> None:
    """Raise SageMaker's ValidationException for inputs and outputs that cannot be where they are said to be.

    Pure. An input lies below /opt/ml/processing (ProcessingS3Input's reference); an output has to lie below
    /opt/ml, the only folder that the sandbox gives to a program.
    """
    inputs, outputs = request.get("ProcessingInputs") or [], outputs_of(request)
    names = [one["InputName"] for one in inputs]
    if len(set(names)) != len(names):
        raise ValidationError("The input names of ProcessingInputs must be unique.")
    for one in inputs:
        if "S3Input" not in one:
            raise ValidationError(f"ProcessingInput {one['InputName']} needs an S3Input.")
        if not _is_below(one["S3Input"].get("LocalPath", ""), _INPUTS):
            raise ValidationError(
                f"LocalPath of ProcessingInput {one['InputName']} must begin with /opt/ml/processing/."
            )
    for one in outputs:
        if not _is_below(one.get("LocalPath", ""), "/opt/ml/"):
            raise ValidationError(
                f"LocalPath {one.get('LocalPath', '')!r} of a ProcessingOutput must begin with /opt/ml/."
            )


def _is_below(place: str, folder: str) -> bool:
    try:
        in_ml(Path(), place)
    except ValueError:
        return False
    return place.startswith(folder)
