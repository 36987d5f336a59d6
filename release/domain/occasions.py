"""Why a retrain was asked for: a person said so, a schedule came due, an alarm rang, or monitoring noticed
something. Pure.

A schedule and an alarm speak by an event of EventBridge, whose forms are those of its user guide: "Scheduled
Event" of rules and of EventBridge Scheduler, and "CloudWatch Alarm State Change". A finding speaks by one of
Slipway's own (docs/monitoring.md), where the stage says that findings of its kind may. An event of the stage
that tells of something else (an alarm that is quiet again, a finding that is closed) asks for nothing; what
is no such event, or another stage's, is refused with words.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from release.domain.english import with_article
from release.domain.errors import UsageError
from release.domain.pins import Data

SCHEDULE, ALARM = "Scheduled Event", "CloudWatch Alarm State Change"
OPENED, ESCALATED, CLOSED = "Slipway Finding Opened", "Slipway Finding Escalated", "Slipway Finding Closed"
FINDINGS = (OPENED, ESCALATED, CLOSED)
SOURCE = "slipway.monitoring"
"""Who sends the events of findings."""
SOURCES: Mapping[str, tuple[str, ...]] = {
    SCHEDULE: ("aws.events", "aws.scheduler"),
    ALARM: ("aws.cloudwatch",),
    **dict.fromkeys(FINDINGS, (SOURCE,)),
}
"""Who sends what."""
CARRIED_BY = "client_payload"
"""Where GitHub's repository_dispatch has what whoever sent it gave: an event of EventBridge as `event`."""
RINGS = "ALARM"
LONGEST = 500
"""Characters of a reason that are kept."""


class AsksNothing(Exception):
    """An event of the stage that asks for no retrain: there is nothing to do, and nothing is wrong."""


class Occasion(Data):
    """Why a retrain was asked for."""

    kind: Literal["person", "schedule", "alarm", "finding"]
    name: str = ""
    """Of the alarm, or of the schedule or its rule; of a finding its kind and what it is about."""
    because: str = Field(default="", max_length=LONGEST)
    """What the person said, the alarm or the finding."""
    event: str = ""
    """The event's id: EventBridge may deliver an event twice. Of a finding its own id, and the how-manieth
    time it is open: it asks once each time, however many events tell of it."""
    at: str = ""
    """When the event happened."""

    def __str__(self) -> str:
        who = f"{self.kind} {self.name}" if self.name else with_article(self.kind)
        return f"{who}: {self.because}" if self.because else who


@dataclass(frozen=True)
class About:
    """What an event is about, None where it does not say: another endpoint or release is not its matter."""

    endpoint: str | None = None
    release: str | None = None


ANYTHING = About()


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


def of_finding(finding: str, occurrence: int) -> str:
    """What stands for the event's id where a finding asks."""
    return f"finding-{finding}-{occurrence}"


@dataclass(frozen=True)
class Asked:
    """The stage that an event speaks to, and for findings of which kinds it is retrained."""

    stage: str
    account: str
    region: str
    on: Collection[str] = ()


def of_event(data: bytes, asked: Asked) -> tuple[Occasion, About]:
    """What an event of EventBridge asks of this stage, and what it says it is about.

    Raises AsksNothing for an alarm that does not ring, and for a finding that is closed or of a kind for
    which the stage is not retrained; UsageError for what is no such event, and for an alarm or a finding of
    another account, region or stage. A schedule may be kept elsewhere than the stage, as with CI.
    """
    event = _parsed(data)
    kind, source = event.get("detail-type"), event.get("source")
    if not isinstance(kind, str) or kind not in SOURCES:
        raise _unknown(f"its detail-type is {_shown(kind)}, and only {' and '.join(SOURCES)} are known")
    if source not in SOURCES[kind]:
        raise _unknown(
            f"{with_article(kind)} comes from {' or '.join(SOURCES[kind])}, "
            f"and this one from {_shown(source)}"
        )
    found = {key: _text(event, key) for key in ("id", "time", "account", "region")}
    if kind == SCHEDULE:
        of_schedule = Occasion(kind="schedule", name=_named(event), event=found["id"], at=found["time"])
        return of_schedule, ANYTHING
    for key, expected in (("account", asked.account), ("region", asked.region)):
        if found[key] != expected:
            raise _unknown(f"it is of {key} {_shown(found[key])}, and the stage is of {expected}")
    if kind in FINDINGS:
        return _finding(kind, event.get("detail"), asked, found["time"])
    name, because = _alarm(event.get("detail"))
    of_alarm = Occasion(kind="alarm", name=name, because=because, event=found["id"], at=found["time"])
    return of_alarm, ANYTHING


def _finding(told: str, detail: Any, asked: Asked, at: str) -> tuple[Occasion, About]:
    """The occasion that a finding is, and the endpoint and release that it is about."""
    if not isinstance(detail, dict):
        raise _unknown("a finding's event has a detail, and this one has none")
    keys = ("finding", "stage", "endpoint", "kind", "subject", "summary")
    found = {key: _text(detail, key) for key in keys}
    occurrence, release = detail.get("occurrence"), detail.get("release")
    if not isinstance(occurrence, int) or not (release is None or isinstance(release, str)):
        raise _unknown("its detail has no occurrence, or its release is no text")
    if found["stage"] != asked.stage:
        raise _unknown(f"it is of the stage {_shown(found['stage'])}, and {asked.stage} is asked")
    if found["kind"] not in asked.on:
        listed = ", ".join(asked.on) or "none"
        raise AsksNothing(
            f"The finding {found['finding']} is of {_shown(found['kind'])}, and slipway:retrain.on of "
            f"{asked.stage} names {listed}: it asks for no retrain."
        )
    if told == CLOSED:
        raise AsksNothing(f"The finding {found['finding']} is closed: it asks for no retrain.")
    occasion = Occasion(
        kind="finding",
        name=f"{found['kind']} of {found['subject']}"[:LONGEST],
        because=" ".join(found["summary"].split())[:LONGEST],
        event=of_finding(found["finding"], occurrence),
        at=at,
    )
    return occasion, About(found["endpoint"], release)


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        event = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _unknown(f"it is no JSON ({str(error)[:80]})") from None
    if not isinstance(event, dict):
        raise _unknown("it is no JSON object")
    carried = event.get(CARRIED_BY)
    inner = carried.get("event") if isinstance(carried, dict) else None
    return inner if isinstance(inner, dict) else event


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
        raise AsksNothing(f"The alarm {name} is in {value}: only one in {RINGS} asks for a retrain.")
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
