"""What monitoring needs of the world, as protocols: who implements them is `monitoring/storage/`.

Methods may raise a SlipwayError, or a library's error that commands translate. Fakes are in `tests/fakes/`.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from monitoring.alerts.kept import Kept, Look, Noted
from monitoring.finding import Finding


class Findings(Protocol):
    """The findings of a stage, one record each: open until someone or a release closes them."""

    def note(self, findings: Sequence[Finding], look: Look | None = None) -> Noted:
        """Keep what was noticed; the same thing again is counted, and opens nothing.

        `look` says what was looked at with enough data: what it would have shown and did not is closed after
        `over_hours` of it. Without one nothing is closed. Events are sent by `operations.telling`.
        """

    def open(self) -> Sequence[Kept]:
        """Those that are open, the oldest first."""

    def all(self) -> Sequence[Kept]:
        """All that are kept, the oldest first."""

    def of(self, name: str) -> Kept:
        """The one with this id. Raises UsageError where there is none."""

    def close(self, name: str, reason: str) -> Kept:
        """A person closes the one with this id. Raises UsageError where it is closed, or without a reason."""

    def closed_by_release(self, live: Mapping[str, str]) -> Sequence[Kept]:
        """Close those about releases that are no longer live; `live` has the release by endpoint."""
