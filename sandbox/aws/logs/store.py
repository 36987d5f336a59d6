"""Keeps log events in moto's streams, in order and within a budget of memory. Thread-safe.

At most MOST_PER_STREAM events of a stream are kept, and BUDGET bytes of messages in all. When there is too
much, the oldest events of the stream that was not written to for the longest time are dropped first. The
retention of a log group is applied when its events are read.
"""

import time
from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from threading import RLock
from typing import Any

from moto.logs.models import LogGroup, LogsBackend, LogStream

from sandbox.aws.logs.events import Event

MOST_PER_STREAM = 20_000
BUDGET = 64 << 20
"""Bytes, of all streams together."""

_DAY = 86_400_000
LOCK = RLock()
_ids = count(1)
_sizes: dict[int, tuple[LogStream, int]] = {}
"""Bytes by stream (by its id(), as moto's objects do not hash), the least recently written first."""


def append(stream: LogStream, events: Iterable[Mapping[str, Any]]) -> None:
    """Add events (timestamp in milliseconds, message) to a stream."""
    now = int(time.time() * 1000)
    with LOCK:
        kept: list[Any] = stream.events
        size = _sizes.pop(id(stream), (stream, 0))[1]
        for event in events:
            name = stream.log_stream_name
            new = Event(int(event["timestamp"]), next(_ids), event["message"], now, name)
            if kept and kept[-1].key > new.key:
                insort(kept, new, key=_key)
            else:
                kept.append(new)
            size += new.size
            stream.stored_bytes += new.size
        stream.last_ingestion_time = datetime.now(UTC).replace(tzinfo=None)
        stream.upload_sequence_token += 1
        surplus = len(kept) - MOST_PER_STREAM
        if surplus > 0:
            size -= sum(event.size for event in kept[:surplus])
            del kept[:surplus]
        _sizes[id(stream)] = (stream, size)
        _stay_within_budget()


def _key(event: Event) -> tuple[int, int]:
    return event.key


def _stay_within_budget() -> None:
    total = sum(size for _, size in _sizes.values())
    while total > BUDGET:
        name, (stream, size) = next(iter(_sizes.items()))
        freed = 0
        events: list[Any] = stream.events
        half = max(len(events) // 2, 1)
        freed = sum(event.size for event in events[:half])
        del events[:half]
        total -= freed if events else size
        _sizes[name] = (stream, size - freed)
        if not events:
            del _sizes[name]


def forget(streams: Iterable[LogStream]) -> None:
    """Streams were deleted: their bytes are free."""
    with LOCK:
        for stream in streams:
            _sizes.pop(id(stream), None)


def read(group: LogGroup, stream: LogStream) -> Sequence[Event]:
    """A stream's events that the group's retention leaves, in order."""
    with LOCK:
        events: list[Any] = list(stream.events)
    if not group.retention_in_days:
        return events
    oldest = int(time.time() * 1000) - int(group.retention_in_days) * _DAY
    return [event for event in events if event.timestamp >= oldest]


def described(stream: LogStream) -> dict[str, Any]:
    """A stream as DescribeLogStreams has it."""
    created = stream.creation_time.replace(tzinfo=UTC)
    result: dict[str, Any] = {
        "arn": stream.arn,
        "creationTime": int(created.timestamp() * 1000),
        "logStreamName": stream.log_stream_name,
        "storedBytes": 0,  # always, since 2019: the reference says so
    }
    with LOCK:
        events: list[Any] = stream.events
        if events and stream.last_ingestion_time is not None:
            ingested = stream.last_ingestion_time.replace(tzinfo=UTC)
            result |= {
                "firstEventTimestamp": events[0].timestamp,
                "lastEventTimestamp": events[-1].timestamp,
                "lastIngestionTime": int(ingested.timestamp() * 1000),
                "uploadSequenceToken": f"{stream.upload_sequence_token:056d}",
            }
    return result


def ensure_stream(backend: LogsBackend, group: str, stream: str) -> LogStream:
    """The stream of that name; it and its group are made when they are missing."""
    with LOCK:
        if group not in backend.groups:
            backend.create_log_group(group, {})
        backend.ensure_log_stream(group, stream)
        return backend.groups[group].streams[stream]
