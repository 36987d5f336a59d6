"""PutEvents, the patterns of PutRule, and TestEventPattern as EventBridge answers them, on moto's rules.

moto delivers for disabled rules, delivers everything to rules that only have a schedule, knows no topics as
targets, fails PutEvents where a target fails, and has no TestEventPattern.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.events.exceptions import InvalidEventPatternException, ValidationException
from moto.events.models import EventPatternParser, EventsBackend
from moto.events.responses import EventsHandler

from sandbox.aws.events import patterns
from sandbox.aws.events.bus import DEFAULT, Events
from sandbox.aws.shared.moto_actions import replace

MOST_ENTRIES = 10
LARGEST = 256 * 1024
"""Bytes of the entries of one call ("Calculating PutEvents event entry size" in the user guide)."""
_TIME = 14
"""Bytes that a time counts for."""


def install(events: Events) -> None:
    """Patch moto's EventBridge."""

    def put_events(request: EventsHandler) -> str:
        return json.dumps(_put(events, request.events_backend, request._get_param("Entries") or []))

    replace(EventsHandler, "put_events", put_events)
    replace(EventsHandler, "test_event_pattern", _test_pattern)
    EventPatternParser._validate_event_pattern = _validate


def _validate(self: EventPatternParser, pattern: dict[str, Any]) -> None:
    """Refuse what is no pattern; moto asks with nothing for a rule that has none."""
    if not self.pattern:
        return
    try:
        patterns.parse(json.dumps(pattern))
    except patterns.BadPattern as error:
        raise InvalidEventPatternException(str(error)) from None


def _test_pattern(request: EventsHandler) -> str:
    event = _event(request._get_param("Event"))
    try:
        return json.dumps({"Result": patterns.parse(request._get_param("EventPattern"))(event)})
    except patterns.BadPattern as error:
        raise InvalidEventPatternException(str(error)) from None


def _event(text: str) -> Mapping[str, Any]:
    try:
        event = json.loads(text)
    except ValueError:
        event = None
    needed = ("id", "account", "source", "time", "region", "resources", "detail-type")
    if not isinstance(event, dict) or any(name not in event for name in needed):
        raise ValidationException("Parameter Event is not valid.")
    return event


def _put(events: Events, backend: EventsBackend, entries: list[dict[str, Any]]) -> dict[str, Any]:
    if len(entries) > MOST_ENTRIES:
        raise ValidationException(
            "1 validation error detected: Value '[PutEventsRequestEntry]' at 'entries' failed to satisfy "
            f"constraint: Member must have length less than or equal to {MOST_ENTRIES}"
        )
    if sum(map(_size, entries)) > LARGEST:
        raise ValidationException("Total size of the entries in the request is over the limit.")
    answers = [_put_one(events, backend, entry) for entry in entries]
    return {"FailedEntryCount": sum("ErrorCode" in one for one in answers), "Entries": answers}


def _put_one(events: Events, backend: EventsBackend, entry: Mapping[str, Any]) -> dict[str, str]:
    for member in ("Source", "DetailType", "Detail"):
        if not entry.get(member):
            reason = f"Parameter {member} is not valid. Reason: {member} is a required argument."
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": reason}
    source = str(entry["Source"])
    if source.startswith("aws."):
        words = "Not authorized for the source."
        return {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": words}
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        detail = None
    if not isinstance(detail, dict):
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    bus = str(entry.get("EventBusName") or DEFAULT).rpartition("/")[2]
    found = events.send(
        backend.account_id,
        backend.region_name,
        source,
        str(entry["DetailType"]),
        [str(one) for one in entry.get("Resources") or []],
        detail,
        _time(entry.get("Time")),
        bus,
    )
    return {"EventId": found}


def _time(value: Any) -> datetime | None:
    return datetime.fromtimestamp(float(value), UTC) if isinstance(value, int | float) else None


def _size(entry: Mapping[str, Any]) -> int:
    texts = [entry.get(member) or "" for member in ("Source", "DetailType", "Detail")]
    texts += entry.get("Resources") or []
    return sum(len(str(text).encode()) for text in texts) + (_TIME if entry.get("Time") else 0)
