"""What a stage's file says of drift. Pure; what is drift is decided in `monitoring/drift/`."""

from typing import Annotated

from pydantic import Field

from release.domain.values import Data


class DriftSettings(Data):
    """When requests or scores that differ from the release's reference are a finding."""

    false_alarms_percent: Annotated[float, Field(ge=0.5, le=50)] = 1.0
    """Of a hundred months without drift at most so many have any finding of drift, over all features and
    hourly looks. Thresholds are calibrated on the release's own reference."""
    least_effect: Annotated[float, Field(ge=0.005, le=0.5)] = 0.03
    """What moves fewer rows than this share is no finding, however sure it is."""
    ignored: tuple[str, ...] = ()
    """Features of which no drift is told."""
