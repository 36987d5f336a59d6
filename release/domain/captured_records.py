"""What a stage's file says of reading an endpoint's captured records. Pure."""

from typing import Annotated

from pydantic import Field

from release.domain.values import Data


class RecordsSettings(Data):
    """How captured records are read, hour by hour."""

    grace_minutes: Annotated[int, Field(ge=5, le=240)] = 20
    """How long after its end an hour's records are waited for, by experiments too: they come minutes late."""
    look_back_hours: Annotated[int, Field(ge=1, le=720)] = 48
    """In so many hours that were read already, files that came later are looked for."""
