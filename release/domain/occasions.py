"""Why a retrain was asked for: a person said so, a schedule came due, or an alarm rang. Pure.

A schedule and an alarm speak by an event of EventBridge, whose forms are those of its user guide: "Scheduled
Event" of rules and of EventBridge Scheduler, and "CloudWatch Alarm State Change". An event that is anything
else asks for nothing, and is refused with words.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from release.domain.errors import UsageError
from release.domain.pins import Data

SCHEDULE, ALARM = "Scheduled Event", "CloudWatch Alarm State Change"
SOURCES: Mapping[str, tuple[str, ...]] = {
    SCHEDULE: ("aws.events", "aws.scheduler"),
    ALARM: ("aws.cloudwatch",),
}
"""Who sends what."""
RINGS = "ALARM"
LONGEST = 500
"""Characters of a reason that are kept."""


class Occasion(Data):
    """Why a retrain was asked for."""

    kind: Literal["person", "schedule", "alarm"]
    name: str = ""
    """Of the alarm, or of the schedule or its rule."""
    because: str = Field(default="", max_length=LONGEST)
    """What the person said, or the alarm."""
    event: str = ""
    """The event's id: EventBridge may deliver an event twice."""
    at: str = ""
    """When the event happened."""

    def __str__(self) -> str:
        who = f"{self.kind} {self.name}" if self.name else f"a {self.kind}"
        return f"{who}: {self.because}" if self.because else who


def of_person(because: str) -> Occasion:
    """A person, with a reason or without one. Raises UsageError for one that is too long to keep."""
    text = because.strip()
    if len(text) > LONGEST:
        raise UsageError(
            f"The reason has {len(text)} characters, and {LONGEST} are kept.",
            "Nothing was begun.",
            'Say it shorter: --because "…"',
        )
    return Occasion(kind="person", because=text)


def of_event(data: bytes, account: str, region: str) -> Occasion:
    """What an event of EventBridge for a stage of this account and region asks for.

    Raises UsageError for what is no such event, and for an alarm of another account or region, or that does
    not ring. A schedule may be kept elsewhere than the stage, as with CI.
    """
    event = _parsed(data)
    kind, source = event.get("detail-type"), event.get("source")
    if not isinstance(kind, str) or kind not in SOURCES:
        raise _unknown(f"its detail-type is {_shown(kind)}, and only {' and '.join(SOURCES)} are known")
    if source not in SOURCES[kind]:
        raise _unknown(
            f"a {kind} comes from {' or '.join(SOURCES[kind])}, and this one from {_shown(source)}"
        )
    found = {key: _text(event, key) for key in ("id", "time", "account", "region")}
    if kind == SCHEDULE:
        return Occasion(kind="schedule", name=_named(event), event=found["id"], at=found["time"])
    for key, expected in (("account", account), ("region", region)):
        if found[key] != expected:
            raise _unknown(f"it is of {key} {_shown(found[key])}, and the stage is of {expected}")
    name, because = _alarm(event.get("detail"))
    return Occasion(kind="alarm", name=name, because=because, event=found["id"], at=found["time"])


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        event = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _unknown(f"it is no JSON ({str(error)[:80]})") from None
    if not isinstance(event, dict):
        raise _unknown("it is no JSON object")
    return event


def _named(event: Mapping[str, Any]) -> str:
    """The name at the end of the first ARN in `resources`, empty where there is none."""
    resources = event.get("resources")
    first = resources[0] if isinstance(resources, list) and resources else ""
    return first.rpartition("/")[2][:LONGEST] if isinstance(first, str) else ""


def _alarm(detail: Any) -> tuple[str, str]:
    """The name of the alarm that rings, and what it says."""
    if not isinstance(detail, dict) or not isinstance(detail.get("state"), dict):
        raise _unknown("an alarm's event has a detail with its state, and this one has none")
    name, state = _text(detail, "alarmName"), detail["state"]
    value = _text(state, "value")
    if value != RINGS:
        raise _unknown(f"the alarm {name} is in {value}: only one in {RINGS} asks for a retrain")
    said = state.get("reason")
    return name, " ".join(said.split())[:LONGEST] if isinstance(said, str) else ""


def _text(values: Mapping[str, Any], key: str) -> str:
    found = values.get(key)
    if not isinstance(found, str) or not found:
        raise _unknown(f"it has no {key}")
    return found


def _shown(value: Any) -> str:
    return repr(value)[:80]


def _unknown(why: str) -> UsageError:
    return UsageError(
        f"The event asks for no retrain: {why}.",
        "Nothing was begun.",
        "Give the event as EventBridge sends it (docs/retraining.md), or say why yourself: --because '…'",
    )
