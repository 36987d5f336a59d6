"""What an endpoint's containers are told by their environment: names, limits and what Slipway adds. Pure.

The limits are CreateModel's (`Environment` of ContainerDefinition in SageMaker's API reference). A model
never changes, so the variables are part of what names it (`release/domain/plan.py`), and of the pin: what is
live keeps those that it was made with, until something is rolled out anew.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from release.domain.capture import VARIABLE as CAPTURE

WORKERS = "SAGEMAKER_MODEL_SERVER_WORKERS"
ENDPOINT = "SLIPWAY_ENDPOINT"
_VARIANT = "SLIPWAY_VARIANT"

MOST_VARIABLES = 100
MOST_CHARACTERS = 1024
"""Of one name, and of one value."""
MOST_BYTES = 32 * 1024
"""Of all names and values together."""
MOST_WORKERS = 256
"""What the server takes (`model/serving/settings.py`)."""

_SLIPWAYS = {
    WORKERS: "`workers` of the endpoint sets it",
    ENDPOINT: "Slipway sets it",
    CAPTURE: "`capture` of the endpoint sets it",
    _VARIANT: "a model serves as candidate and as live, so its environment cannot say which",
    "SLIPWAY_BIND_HOST": "SageMaker has to reach the server",
    "SLIPWAY_ARTIFACT": "SageMaker fetches the artifact",
    "SLIPWAY_ARTIFACT_SHA256": "SageMaker fetches the artifact",
    "SM_MODEL_DIR": "SageMaker has one place for the model",
    "PATH": "the image's own finds its Python",
}
"""Variables that no stage's data may set, and why."""
_SAGEMAKERS = "SAGEMAKER_"


def _together(variables: dict[str, str]) -> dict[str, str]:
    size = sum(len(text.encode()) for pair in variables.items() for text in pair)
    if size > MOST_BYTES:
        raise ValueError(f"names and values have {size} bytes together; SageMaker allows {MOST_BYTES}")
    return variables


def _nobody_elses(variables: dict[str, str]) -> dict[str, str]:
    for name in variables:
        if why := _SLIPWAYS.get(name) or (name.startswith(_SAGEMAKERS) and "SageMaker sets those"):
            raise ValueError(f"{name} cannot be set here: {why}")
    return variables


Name = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", max_length=MOST_CHARACTERS)]
Value = Annotated[str, StringConstraints(max_length=MOST_CHARACTERS)]
Environment = Annotated[dict[Name, Value], Field(max_length=MOST_VARIABLES), AfterValidator(_together)]
"""All of a container's variables."""
OwnVariables = Annotated[Environment, AfterValidator(_nobody_elses)]
"""Those that a stage's data may set."""
Workers = Literal["auto"] | Annotated[int, Field(ge=1, le=MOST_WORKERS, strict=True)]


def environment(endpoint: str, own: Mapping[str, str], workers: Workers, capture: str = "") -> dict[str, str]:
    """The variables of the containers of an endpoint, by its name there; `capture` is what they keep."""
    return {**asked(own, workers), ENDPOINT: endpoint, **({CAPTURE: capture} if capture else {})}


def asked(own: Mapping[str, str], workers: Workers) -> dict[str, str]:
    """Those of them that the stage's data asks for; `auto` is the server's own default, and sets none."""
    return {**own} if workers == "auto" else {**own, WORKERS: str(workers)}


def not_asked_for(made_with: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """Names of the variables that a model `made_with` some has otherwise than the stage's data `wanted`.

    What Slipway adds by itself is no difference: models that an earlier version made lack it, and an upgrade
    is no reason to roll out anew. What a container keeps is asked for by `capture`.
    """
    return [name for name in differing(made_with, wanted) if name not in (ENDPOINT, CAPTURE)]


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Names of the variables that two environments do not have alike."""
    return [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]
