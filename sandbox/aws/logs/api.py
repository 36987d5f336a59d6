"""The actions of CloudWatch Logs on events, in the place of moto's; and events from what model servers print.

Events come in by PutLogEvents or from a server's output; both are searched for metrics in embedded metric
format. Subscription filters are moto's, and see the events of PutLogEvents.
"""

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.models import LogGroup, LogStream, logs_backends
from moto.logs.responses import LogsResponse

from sandbox.aws.cloudwatch.clock import Clock
from sandbox.aws.cloudwatch.metrics import emf
from sandbox.aws.cloudwatch.metrics.api import store
from sandbox.aws.logs import store as event_store
from sandbox.aws.logs.events import (
    MOST_EVENTS,
    BadBatch,
    BadToken,
    Event,
    check_batch,
    group_page,
    stream_page,
)
from sandbox.aws.logs.patterns import parse
from sandbox.aws.logs.wildcards import BadPattern
from sandbox.aws.shared.moto_actions import replace

MOST_MESSAGE = 256 * 1024
"""Characters of a printed line that are kept."""

RETENTIONS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288),
    3653,
)

_NO_STREAM = "The specified log stream does not exist."
_OLDEST_METRIC = 14 * 86_400
_NEWEST_METRIC = 2 * 3_600


class LogsApi:
    """The actions on events. `install` puts them into moto; `put_lines` takes what servers print."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def install(self) -> None:
        """Replace moto's actions."""
        for name in (
            *("put_log_events", "get_log_events", "filter_log_events", "describe_log_streams"),
            *("delete_log_group", "delete_log_stream", "put_retention_policy"),
        ):
            replace(LogsResponse, name, getattr(self, name))
        LogStream.put_log_events = _put_by_moto  # ty: ignore[invalid-assignment]

    def put_lines(self, account: str, region: str, group: str, stream: str, lines: Sequence[str]) -> None:
        """Append lines to a stream, which is made when it is missing, and publish their metrics."""
        now = int(time.time() * 1000)
        target = event_store.ensure_stream(logs_backends[account][region], group, stream)
        event_store.append(target, [{"timestamp": now, "message": line[:MOST_MESSAGE]} for line in lines])
        self._publish(account, region, lines)

    def _publish(self, account: str, region: str, messages: Iterable[str]) -> None:
        now = self._clock.now()
        found = [
            point
            for message in messages
            for point in emf.points(message)
            if now - _OLDEST_METRIC <= point.at <= now + _NEWEST_METRIC
        ]
        if found:
            store(cloudwatch_backends[account][region]).put(found)

    def put_log_events(self, request: LogsResponse) -> str:
        """PutLogEvents."""
        group = _group(request)
        stream = _stream(group, request._get_param("logStreamName"))
        retention = group.retention_in_days
        try:
            accepted = check_batch(
                request._get_param("logEvents") or [],
                int(time.time() * 1000),
                int(retention) if retention else None,
            )
        except BadBatch as error:
            raise InvalidParameterException(str(error)) from error
        event_store.append(stream, accepted.events)
        self._publish(group.account_id, group.region, (event["message"] for event in accepted.events))
        _subscriptions(group, stream, len(accepted.events))
        answer: dict[str, Any] = {"nextSequenceToken": f"{stream.upload_sequence_token:056d}"}
        if accepted.rejected:
            answer["rejectedLogEventsInfo"] = accepted.rejected
        return json.dumps(answer)

    def get_log_events(self, request: LogsResponse) -> str:
        """GetLogEvents."""
        group = _group(request)
        stream = _stream(group, request._get_param("logStreamName"))
        start, end = request._get_param("startTime"), request._get_param("endTime")
        events = [
            event
            for event in event_store.read(group, stream)
            if (start is None or event.timestamp >= start) and (end is None or event.timestamp < end)
        ]
        head, token = bool(request._get_param("startFromHead")), request._get_param("nextToken")
        try:
            page = stream_page(events, _limit(request), head, token)
        except BadToken as error:
            raise InvalidParameterException("The specified nextToken is invalid.") from error
        return json.dumps(
            {
                "events": [_shown(event) for event in page.events],
                "nextForwardToken": page.forward,
                "nextBackwardToken": page.backward,
            }
        )

    def filter_log_events(self, request: LogsResponse) -> str:
        """FilterLogEvents: interleaved, as AWS always does now."""
        group = _group(request)
        names, prefix = request._get_param("logStreamNames"), request._get_param("logStreamNamePrefix")
        if names and prefix:
            raise InvalidParameterException(
                "logStreamNames and logStreamNamePrefix are mutually exclusive: specify one of them."
            )
        try:
            matches = parse(request._get_param("filterPattern") or "")
        except BadPattern as error:
            raise InvalidParameterException(str(error)) from error
        missing = [name for name in names or [] if name not in group.streams]
        if missing:
            raise ResourceNotFoundException(_NO_STREAM)
        start, end = request._get_param("startTime"), request._get_param("endTime")
        found = [
            event
            for name, stream in list(group.streams.items())
            if (not names or name in names) and name.startswith(prefix or "")
            for event in event_store.read(group, stream)
            if (start is None or event.timestamp >= start)
            and (end is None or event.timestamp <= end)
            and matches(event.message)
        ]
        found.sort(key=lambda event: event.key)
        head = request._get_param("startFromHead")
        try:
            token = request._get_param("nextToken")
            events, following = group_page(found, _limit(request), head is not False, token)
        except BadToken as error:
            raise InvalidParameterException("The specified nextToken is invalid.") from error
        answer: dict[str, Any] = {
            "events": [
                {**_shown(event), "logStreamName": event.stream, "eventId": f"{event.event_id:056d}"}
                for event in events
            ],
            "searchedLogStreams": [],
        }
        return json.dumps(answer | ({"nextToken": following} if following else {}))

    def describe_log_streams(self, request: LogsResponse) -> str:
        """DescribeLogStreams, by name or by the time of the last event."""
        group = _group(request)
        prefix, order = (
            request._get_param("logStreamNamePrefix"),
            request._get_param("orderBy") or "LogStreamName",
        )
        limit = request._get_param("limit", 50)
        if not 1 <= limit <= 50:
            constraint = "Member must have value less than or equal to 50"
            raise InvalidParameterException(constraint=constraint, parameter="limit", value=limit)
        if order not in ("LogStreamName", "LastEventTime"):
            constraint = "Member must satisfy enum value set: [LogStreamName, LastEventTime]"
            raise InvalidParameterException(constraint=constraint, parameter="orderBy", value=order)
        if order == "LastEventTime" and prefix:
            raise InvalidParameterException("Cannot order by LastEventTime with a logStreamNamePrefix.")
        streams = [
            event_store.described(stream)
            for name, stream in list(group.streams.items())
            if name.startswith(prefix or "")
        ]
        by_time = order == "LastEventTime"
        streams.sort(
            key=lambda s: (s.get("lastEventTimestamp", 0) if by_time else 0, s["logStreamName"]),
            reverse=bool(request._get_param("descending")),
        )
        token = request._get_param("nextToken")
        if token is not None:
            place = [s["logStreamName"] for s in streams]
            if token not in place:
                raise InvalidParameterException("The specified nextToken is invalid.")
            streams = streams[place.index(token) + 1 :]
        answer: dict[str, Any] = {"logStreams": streams[:limit]}
        if len(streams) > limit:
            answer["nextToken"] = streams[limit - 1]["logStreamName"]
        return json.dumps(answer)

    def delete_log_group(self, request: LogsResponse) -> str:
        """DeleteLogGroup."""
        group = _group(request)
        event_store.forget(group.streams.values())
        request.logs_backend.delete_log_group(group.name)
        return ""

    def delete_log_stream(self, request: LogsResponse) -> str:
        """DeleteLogStream."""
        group = _group(request)
        stream = _stream(group, request._get_param("logStreamName"))
        event_store.forget([stream])
        group.delete_log_stream(stream.log_stream_name)
        return ""

    def put_retention_policy(self, request: LogsResponse) -> str:
        """PutRetentionPolicy: one of the numbers of days that CloudWatch knows."""
        group, days = _group(request), request._get_param("retentionInDays")
        if days not in RETENTIONS:
            shown = ", ".join(map(str, RETENTIONS))
            raise InvalidParameterException(
                constraint=f"Member must satisfy enum value set: [{shown}]",
                parameter="retentionInDays",
                value=days,
            )
        group.set_retention_policy(days)
        return ""


def _put_by_moto(stream: LogStream, log_events: list[dict[str, Any]]) -> str:
    """How other services of moto write: into the same event_store."""
    event_store.append(stream, log_events)
    return f"{stream.upload_sequence_token:056d}"


def _group(request: LogsResponse) -> LogGroup:
    name, identifier = request._get_param("logGroupName"), request._get_param("logGroupIdentifier")
    if name and identifier:
        raise InvalidParameterException("LogGroupName and LogGroupIdentifier cannot be both specified.")
    if not name and not identifier:
        raise InvalidParameterException("Either LogGroupName or LogGroupIdentifier must be specified.")
    if not name:
        name = identifier.rpartition(":log-group:")[2].removesuffix(":*")
    group = request.logs_backend.groups.get(name)
    if group is None:
        raise ResourceNotFoundException()
    return group


def _stream(group: LogGroup, name: str) -> LogStream:
    if name not in group.streams:
        raise ResourceNotFoundException(_NO_STREAM)
    return group.streams[name]


def _limit(request: LogsResponse) -> int:
    limit = request._get_param("limit") or MOST_EVENTS
    if not 1 <= limit <= MOST_EVENTS:
        constraint = f"Member must have value less than or equal to {MOST_EVENTS}"
        raise InvalidParameterException(constraint=constraint, parameter="limit", value=limit)
    return limit


def _shown(event: Event) -> dict[str, Any]:
    return {"timestamp": event.timestamp, "message": event.message, "ingestionTime": event.ingestion_time}


def _subscriptions(group: LogGroup, stream: LogStream, number: int) -> None:
    """Send the newest events to the group's subscription filters, by moto's own means."""
    newest: list[Any] = stream.events[-number:] if number else []
    for subscription in group.subscription_filters.values():
        stream._send_log_events(
            service=subscription.destination_arn.split(":")[2],
            destination_arn=subscription.destination_arn,
            filter_name=subscription.name,
            log_events=[{"id": e.event_id, "timestamp": e.timestamp, "message": e.message} for e in newest],
        )
