"""What CloudWatch kept, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from release.domain.diagnosis.symptoms import Alarm, LogStream

Answer = TypeVar("Answer")


@dataclass
class FakeSigns:
    """Logs and alarms as set; with `failure` every question fails."""

    streams: list[LogStream] = field(default_factory=list)
    found: list[Alarm] = field(default_factory=list)
    failure: Exception | None = None
    since: datetime | None = None
    """From when on the log was asked for."""

    def logs(self, group: str, since: datetime) -> Sequence[LogStream]:
        """As set."""
        self.since = since
        return self._answer(self.streams)

    def alarms(self, names: Sequence[str], since: datetime) -> Sequence[Alarm]:
        """Those with these names."""
        return self._answer([alarm for alarm in self.found if alarm.name in names])

    def _answer(self, value: Answer) -> Answer:
        if self.failure:
            raise self.failure
        return value
