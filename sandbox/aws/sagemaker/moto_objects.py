"""Keeps moto's own models, endpoint configs and endpoints out of the sandbox's stores.

The sandbox keeps its own values in moto's backend. Another part of moto that makes one of these, as its
CloudFormation does, would put an object of another kind beside them, and every list, the status and the
chores of all endpoints would fail on it.
"""

from typing import Any

from moto.sagemaker.models import SageMakerModelBackend

from sandbox.aws.shared.errors import BadRequest

DOORS = {
    "create_model": "a model",
    "create_endpoint_config": "an endpoint config",
    "create_endpoint": "an endpoint",
}
"""moto's functions that make what the sandbox keeps itself."""


def install() -> None:
    """Close moto's ways into the stores."""
    for name, what in DOORS.items():
        setattr(SageMakerModelBackend, name, _closed(what))


def _closed(what: str) -> Any:
    def refuse(*_: Any, **__: Any) -> Any:
        raise BadRequest(
            "NotImplemented",
            f"The sandbox makes {what} by SageMaker's own action alone, not through another service.",
        )

    return refuse
