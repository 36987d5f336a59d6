"""Who hears of findings outside a stage: EventBridge's default bus, and a file of lines for who has none."""

import json
import os
from pathlib import Path
from typing import Any

from monitoring.alerts.events import FindingEvent
from release.adapters.aws import StageAws
from release.domain.errors import ServiceError
from release.domain.occasions import SOURCE


class EventBus:
    """The default event bus of the stage's account and region."""

    def __init__(self, aws: StageAws) -> None:
        self._aws = aws

    def hear(self, event: FindingEvent) -> None:
        """One PutEvents. EventBridge answers for each entry whether it took it."""
        entry: dict[str, Any] = {
            "Source": SOURCE,
            "DetailType": event.type,
            "Time": event.at,
            "Resources": list(event.resources),
            "Detail": json.dumps(event.detail, separators=(",", ":"), ensure_ascii=False),
        }
        answer = self._aws.client("events").put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            (said,) = answer["Entries"]
            raise ServiceError(
                f"EventBridge did not take the event {event.name}: {said.get('ErrorCode')}, "
                f"{said.get('ErrorMessage')}",
                "The finding is kept, and so is what is to be told of it.",
                "Run ./slipway findings STAGE --send when it takes events again.",
            )


class EventFile:
    """A file to which each event is added as a line of JSON, in EventBridge's form.

    A line is one write to the end of the file, so those of two processes do not mix.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def hear(self, event: FindingEvent) -> None:
        """Add a line, on disk when this returns."""
        line = json.dumps(event.envelope(), ensure_ascii=False).encode() + b"\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                self._whole(descriptor, line)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise ServiceError(
                f"The event {event.name} could not be written to {self._path}: {error.strerror}",
                "The finding is kept, and so is what is to be told of it.",
                "Make room, or mend monitoring.alerts.file; then: ./slipway findings STAGE --send",
            ) from error

    def _whole(self, descriptor: int, line: bytes) -> None:
        """All of a line. A disk that took a part of it has the rest of that line ended by the next one."""
        if os.write(descriptor, line) != len(line):
            os.write(descriptor, b"\n")
            raise OSError(28, "the disk took a part of the line only")
