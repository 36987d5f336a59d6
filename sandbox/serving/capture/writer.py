"""Captured requests on their way to S3: kept for a while, then written as one file per variant and hour."""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import random
from uuid import uuid4

from sandbox.core.clock import now
from sandbox.serving.capture.records import CaptureSettings, Exchange, captured_line, hour_folder
from sandbox.serving.runtimes.container import Container

log = logging.getLogger(__name__)

INTERVAL = 60.0
"""SageMaker's seconds between two writes."""

MOST_BYTES = 64 << 20
"""Bytes that wait to be written; what comes above is counted as failed."""

Put = Callable[[str, str, str, bytes, str], None]
"""Writes bytes to an `s3://` URI as a role (account, the role's ARN, URI, bytes, KMS key); raises where it
cannot."""


@dataclass(frozen=True)
class _Folder:
    """Where the captured requests of one variant and hour go."""

    account: str
    role: str
    endpoint: str
    uri: str
    key: str


class Captures:
    """What was captured and is not in S3 yet. `put` may block: `write` runs in a thread."""

    def __init__(self, put: Put) -> None:
        self._put = put
        self._waiting: dict[_Folder, list[str]] = defaultdict(list)
        self._size = 0
        self.written: Counter[str] = Counter()
        """Requests in S3, by endpoint."""
        self.failed: Counter[str] = Counter()
        """Requests that should be there and could not be, by endpoint."""

    @staticmethod
    def sampled(settings: CaptureSettings) -> bool:
        """Whether this request is one of the share that the settings want."""
        return random() * 100 < settings.percentage  # noqa: S311

    def add(self, settings: CaptureSettings, container: Container, exchange: Exchange) -> None:
        """Keep one request to a container until the next write."""
        line = captured_line(settings, exchange)
        if self._size + len(line) > MOST_BYTES:
            self.failed[container.endpoint] += 1
            return
        self._size += len(line)
        folder = f"{container.endpoint}/{container.variant}/{hour_folder(exchange.time)}"
        uri = f"{settings.destination}/{folder}"
        key = _Folder(container.account, container.role, container.endpoint, uri, settings.key)
        self._waiting[key].append(line)

    def take(self) -> dict[_Folder, list[str]]:
        """What waits; from now on nothing does."""
        waiting, self._waiting, self._size = self._waiting, defaultdict(list), 0
        return waiting

    def write(self, taken: dict[_Folder, list[str]]) -> None:
        """Write what was taken, one file for each folder; what cannot be written is counted and gone."""
        for folder, lines in taken.items():
            uri = f"{folder.uri}/{_file_name(now())}"
            try:
                content = ("\n".join(lines) + "\n").encode()
                self._put(folder.account, folder.role, uri, content, folder.key)
            except Exception as error:
                log.warning("%d captured requests were not written to %s: %s", len(lines), uri, error)
                self.failed[folder.endpoint] += len(lines)
            else:
                self.written[folder.endpoint] += len(lines)


def _file_name(time: datetime) -> str:
    return f"{time:%M-%S}-{time.microsecond // 1000:03d}-{uuid4()}.jsonl"
