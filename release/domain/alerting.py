"""What a stage's file says of telling people and systems of findings. Pure."""

from typing import Annotated

from pydantic import Field, StringConstraints

from release.domain.values import Data

_PATH = r"^(\.?\w[\w.-]*/)*\.?\w[\w.-]*$"
"""Of a file below a folder: it leads nowhere else."""


class AlertSettings(Data):
    """Who is told of an endpoint's findings, and how often of the same one."""

    events: bool = True
    """Whether a finding becomes an event on the default event bus of the stage's account and region."""
    file: Annotated[str, StringConstraints(pattern=_PATH, max_length=200)] | None = None
    """A file in the project's folder to which each event is added as a line of JSON, for those who have no
    EventBridge."""
    over_hours: Annotated[int, Field(ge=1, le=24 * 90)] = 24
    """A finding that has not been noticed in so many hours of data is over, and closed. Hours without enough
    data count for nothing."""
    quiet_hours: Annotated[int, Field(ge=0, le=24 * 90)] = 24
    """Of a finding that comes back sooner than so many hours after it was last told of, the next event waits
    until then; one whose severity has grown is told of at once."""
    dismissed_days: Annotated[int, Field(ge=0, le=365)] = 30
    """What a person closed stays closed for so many days, however often it is noticed, unless its severity
    grows."""
