"""What monitoring noticed about a live release: one value, the same from every part of it. Pure."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from release.domain.noticed import FindingKind
from release.domain.pins import Data, ReleaseId

Kind = FindingKind

Severity = Literal["warning", "critical"]
"""How soon a person has to look: in working hours, or at once."""

Number = int | float | str | bool | None


class Finding(Data):
    """One thing that was noticed, with the evidence it rests on.

    The same thing noticed again (of the same release, kind and subject) is the same finding: its `id` does
    not hold when or how strongly.
    """

    endpoint: str
    """By its name in the stage's file."""
    release: ReleaseId | None
    """The live release it is about; None where it is about the endpoint whatever serves."""
    kind: Kind
    subject: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """A feature, `score`, `calibration`, an objective, ...; with a slice as `column=value`."""
    since: datetime
    """From when on the evidence shows it, UTC."""
    noticed: datetime
    """When the evidence was enough, in the time of the data, UTC."""
    severity: Severity = "warning"
    """By the latest evidence; a finding whose severity grows is told of once more."""
    summary: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    """One sentence with its most telling figures, for people."""
    evidence: Mapping[str, Number] = Field(default_factory=dict)
    """Figures by name: the effect's size, the threshold and its false-alarm rate, rows, and so on."""

    @property
    def id(self) -> str:
        """Twelve characters that name the same thing noticed of the same release."""
        named = json.dumps([self.endpoint, self.release, self.kind, self.subject])
        return hashlib.sha256(named.encode()).hexdigest()[:12]
