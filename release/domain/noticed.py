"""What the ledger keeps of a finding: that it was opened, that it got worse, and how it was closed.

These entries are remarks beside the rollouts, and take no stage. The evidence is in the finding's own record
(docs/monitoring.md). A notice may be entered twice, by a process that died after it; `notice` tells that.
"""

from typing import Annotated, Literal

from pydantic import Field

from release.domain.values import Data

FindingKind = Literal["health", "capture", "schema", "volume", "drift", "quality"]
"""What a finding is about: the endpoint's objectives, records that are missing or cannot be read, a break of
what the release promises to accept, how much there is, what the requests and scores look like, how good the
answers are."""


class Noticed(Data):
    """A finding was opened, or got worse. Its subject's release is the one that it is about, if any."""

    event: Literal["finding-opened", "finding-escalated"]
    finding: str
    notice: int
    """The how-manieth notice of the finding it is."""
    about: str
    """Its kind and what it is about, in words."""
    severity: str
    summary: Annotated[str, Field(max_length=300)]


class NoLonger(Data):
    """A finding was closed."""

    event: Literal["finding-closed"] = "finding-closed"
    finding: str
    notice: int
    about: str
    by: Literal["person", "release", "monitoring"]
    who: str = ""
    """The ARN of the person, or the release that is live instead."""
    reason: str


What = Noticed | NoLonger
