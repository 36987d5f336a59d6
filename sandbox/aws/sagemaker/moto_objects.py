"""Keeps moto's own models, endpoint configs and endpoints out of the sandbox's stores.

The sandbox keeps its own values in moto's backend. Another part of moto that makes one of these, as its
CloudFormation does, would put an object of another kind beside them, and every list, the status and the
chores of all endpoints would fail on it.
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.sagemaker.models import SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.shared.coverage import not_covered
from sandbox.aws.shared.errors import BadRequest

DOORS = {
    "create_model": "a model",
    "create_endpoint_config": "an endpoint config",
    "create_endpoint": "an endpoint",
    "create_training_job": "a training job",
    "create_processing_job": "a processing job",
    "create_transform_job": "a transform job",
    "create_hyper_parameter_tuning_job": "a hyperparameter tuning job",
}
"""moto's functions that make what the sandbox keeps itself."""


def install() -> None:
    """Close moto's ways into the stores, and its Search, which would read them with its own eyes."""
    for name, what in DOORS.items():
        setattr(SageMakerModelBackend, name, _closed(what))
    SageMakerResponse.search = _search


def _search(self: SageMakerResponse) -> ActionResult:
    raise BadRequest("NotImplemented", not_covered("sagemaker", "Search"), 501)


def _closed(what: str) -> Any:
    def refuse(*_: Any, **__: Any) -> Any:
        raise BadRequest(
            "NotImplemented",
            f"The sandbox makes {what} by SageMaker's own action alone, not through another service.",
        )

    return refuse
