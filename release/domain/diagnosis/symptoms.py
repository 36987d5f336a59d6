"""What is known about a release that failed, as values. Collecting them is `release/operations/doctor.py`.

None means that nobody could or had to ask; what could not be asked is named in `unasked`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Artifact = Literal["intact", "missing", "changed"]


@dataclass(frozen=True)
class Alarm:
    """An alarm of the endpoint. `reason` is CloudWatch's, of the moment at which it rang (or of now)."""

    name: str
    rang: bool
    """Whether it rings, or did since the rollout began."""
    reason: str = ""


@dataclass(frozen=True)
class LogStream:
    """The last lines of one container's log, oldest first; `name` is `<variant>/<instance>`."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Symptoms:
    """Everything that a rule may look at."""

    stage: str
    endpoint: str
    """SageMaker's name of it."""
    log_group: str
    release: str = ""
    reason: str = ""
    """Why the rollout was taken back, or what a command failed with."""
    failure_reason: str = ""
    """SageMaker's FailureReason of now."""
    status: str = ""
    """SageMaker's status of the endpoint, empty where it is not there."""
    streams: tuple[LogStream, ...] = ()
    """The logs of the containers that started since the rollout began."""
    alarms: tuple[Alarm, ...] = ()
    image_present: bool | None = None
    artifact: Artifact | None = None
    role_present: bool | None = None
    sandbox_image: bool = False
    """Whether an image that runs in the sandbox alone was sent to AWS."""
    unasked: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """All that the services and the machine said of it."""
        return f"{self.reason}\n{self.failure_reason}"

    @property
    def lines(self) -> Iterator[str]:
        """All log lines, of every stream."""
        return (line for stream in self.streams for line in stream.lines)

    @property
    def ping_failed(self) -> bool:
        """Whether SageMaker gave up waiting for the container's ping."""
        return "did not pass the ping health check" in self.said

    @property
    def served(self) -> bool:
        """Whether the release came as far as to answer: then it did not fail at its start."""
        return any(sign in self.said for sign in ("golden request", "CloudWatch alarms went into ALARM"))

    @property
    def listens(self) -> bool:
        """Whether a server came as far as to listen."""
        return any(_LISTENS in line for line in self.lines)

    @property
    def ready(self) -> bool:
        """Whether a server said that it is ready."""
        return any(_READY in line for line in self.lines)

    @property
    def restarts(self) -> int:
        """How often a server of one container began to listen after one of it was ready: it ended in between.

        Several workers begin to listen one after the other, and before any of them is ready.
        """
        return sum(_restarts(stream.lines) for stream in self.streams)


_LISTENS, _READY = " listening on ", " ready: "


def _restarts(lines: tuple[str, ...]) -> int:
    marks = [_READY in line for line in lines if _READY in line or _LISTENS in line]
    return sum(ready and not next_ready for ready, next_ready in pairwise(marks))
