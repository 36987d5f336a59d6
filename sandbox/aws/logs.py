"""What model servers print, as CloudWatch log events: group of the endpoint, stream of the instance."""

import time

from moto.logs.models import logs_backends

MAX_EVENTS = 10_000
"""Events kept per stream; older ones are dropped, as the sandbox keeps logs in memory."""

MAX_MESSAGE = 256 * 1024
"""CloudWatch's own limit for one event, in bytes."""


def put_lines(account: str, region: str, group: str, stream: str, lines: list[str]) -> None:
    """Append lines to a stream; the group and the stream are made when they are missing."""
    backend = logs_backends[account][region]
    if group not in backend.groups:
        backend.create_log_group(group, {})
    backend.ensure_log_stream(group, stream)
    now = int(time.time() * 1000)
    backend.put_log_events(
        group, stream, [{"timestamp": now, "message": line[:MAX_MESSAGE]} for line in lines]
    )
    events = backend.groups[group].streams[stream].events
    del events[:-MAX_EVENTS]
