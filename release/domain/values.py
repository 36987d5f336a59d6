"""What all configuration and all kept values are made of."""

from pydantic import BaseModel, ConfigDict


class Data(BaseModel):
    """Base of all configuration: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
