"""SageMaker's quotas of instances for endpoints: one for each type that botocore's model knows."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from botocore.session import get_session

from sandbox.core.faults import Faults

SERVICE = "sagemaker"
PLENTY = 1000
"""Instances of each type that an account of the sandbox may have, where no fault says otherwise."""


@dataclass(frozen=True)
class Quota:
    """How many instances of one type endpoints may have."""

    name: str
    code: str
    value: int


def quotas(faults: Faults) -> Iterator[Quota]:
    """Every quota, by name."""
    value = allowed(faults)
    for kind in _types():
        name = f"{kind} for endpoint usage"
        code = f"L-{hashlib.sha256(name.encode()).hexdigest()[:8].upper()}"
        yield Quota(name, code, PLENTY if value is None else value)


def allowed(faults: Faults) -> int | None:
    """What a lasting fault `quota` allows of each type, None without one."""
    found = faults.lasting("quota")
    return None if found is None else found.instances


@cache
def _types() -> tuple[str, ...]:
    shape = get_session().get_service_model("sagemaker").shape_for("ProductionVariantInstanceType")
    return tuple(sorted(shape.metadata["enum"]))
