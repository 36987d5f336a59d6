"""Changes the state of an alarm: records it in the history, and takes the alarm's actions.

The state is that of moto's own alarm, so every action that lists or describes alarms sees it. SNS topics are
notified with the JSON that CloudWatch sends; other kinds of action (EC2, Auto Scaling, Lambda) are recorded
as failed. Code that reads a state in order to change it takes LOCK first.
"""

import json
import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import RLock
from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend
from moto.sns.models import sns_backends

from sandbox.aws.cloudwatch.alarms.composite import alarms, holds
from sandbox.aws.cloudwatch.alarms.events import detail
from sandbox.aws.cloudwatch.alarms.message import message, subject, timestamp
from sandbox.aws.cloudwatch.alarms.rules import ALARM, INSUFFICIENT_DATA, OK
from sandbox.aws.cloudwatch.alarms.suppression import Suppression

log = logging.getLogger(__name__)

LOCK = RLock()

LISTENERS: list[Callable[[CloudWatchBackend, Alarm, Mapping[str, Any]], None]] = []
"""Who hears of every change of state, with the detail of its event."""

MOST_HISTORY = 5_000
"""Entries kept per account and region; CloudWatch keeps them for 30 days."""


@dataclass(frozen=True)
class HistoryItem:
    """One entry of DescribeAlarmHistory."""

    alarm: str
    kind: str
    """MetricAlarm or CompositeAlarm."""
    at: datetime
    type: str
    """ConfigurationUpdate, StateUpdate or Action."""
    summary: str
    data: Mapping[str, Any]


def history(backend: CloudWatchBackend) -> deque[HistoryItem]:
    """The history of all alarms of an account and region, oldest first."""
    kept: deque[HistoryItem] | None = getattr(backend, "sandbox_history", None)
    if kept is None:
        kept = deque(maxlen=MOST_HISTORY)
        backend.sandbox_history = kept  # ty: ignore[missing-attribute]
    return kept


def record(
    backend: CloudWatchBackend, alarm: Alarm, type_: str, summary: str, data: Mapping[str, Any]
) -> None:
    """Put an entry into the history."""
    kind = "MetricAlarm" if alarm.rule is None else "CompositeAlarm"
    if type_ == "StateUpdate":
        before = (
            one.at for one in reversed(history(backend)) if (one.alarm, one.type) == (alarm.name, type_)
        )
        last = next(before, None)
        for hear in LISTENERS:
            hear(backend, alarm, detail(alarm, data, datetime.now(UTC), last))
    data = {"version": "1.0", **data}
    history(backend).append(HistoryItem(alarm.name, kind, datetime.now(UTC), type_, summary, data))


def change_state(backend: CloudWatchBackend, alarm: Alarm, state: str, reason: str, data: str = "") -> None:
    """Bring an alarm into a state, take its actions, and bring the composite alarms in line.

    A state that the alarm already has changes nothing but, when set by hand, its reason.
    """
    with LOCK:
        _change(backend, alarm, state, reason, data)
        follow(backend)


def _change(backend: CloudWatchBackend, alarm: Alarm, state: str, reason: str, data: str) -> None:
    old = _side(alarm)
    old_state = alarm.state_value
    alarm.state_reason, alarm.state_reason_data, alarm.state_value = reason, data, state
    now = datetime.now(UTC)
    alarm.state_updated_timestamp = now.replace(tzinfo=None)
    if state == old_state:
        return
    alarm.state_transitioned_timestamp = alarm.state_updated_timestamp  # ty: ignore[missing-attribute]
    summary = f"Alarm updated from {old_state} to {state}"
    record(backend, alarm, "StateUpdate", summary, {"oldState": old, "newState": _side(alarm)})
    alarm.sandbox_before = old_state  # ty: ignore[missing-attribute]
    if suppression(alarm) is None:
        take_actions(backend, alarm)


def take_actions(backend: CloudWatchBackend, alarm: Alarm) -> None:
    """Take the actions for the state that an alarm came into last."""
    if alarm.actions_enabled:
        now, before = datetime.now(UTC), alarm.sandbox_before  # ty: ignore[missing-attribute]
        children = getattr(alarm, "sandbox_triggers", ())
        text = message(backend.account_id, backend.region_name, alarm, before, now, children)
        for arn in _actions(alarm):
            _act(backend, alarm, arn, text, now)


def suppression(alarm: Alarm) -> Suppression | None:
    """What suppresses the actions of a composite alarm; None where nothing may."""
    return getattr(alarm, "sandbox_suppression", None)


def next_look(backend: CloudWatchBackend) -> float | None:
    """The clock's second at which suppressed actions have to be looked at; None where none has to."""
    looks = (found.due(alarm.state_value, rings) for alarm, found, rings in _suppressed(backend))
    return min((look for look in looks if look is not None), default=None)


def settle(backend: CloudWatchBackend, at: float) -> None:
    """Take the actions of suppressed alarms that are due at this second of the clock."""
    with LOCK:
        for alarm, found, rings in _suppressed(backend):
            due = found.look(at, alarm.state_value, rings)
            alarm.actions_suppressed_by = found.why or None  # ty: ignore[missing-attribute]
            if due:
                take_actions(backend, alarm)


def _suppressed(backend: CloudWatchBackend) -> Iterator[tuple[Alarm, Suppression, bool]]:
    """The composite alarms whose actions another alarm may suppress, and whether that one rings."""
    for alarm in list(backend.alarms.values()):
        found = suppression(alarm)
        if found is not None:
            by = backend.alarms.get(found.by)
            yield alarm, found, by is not None and by.state_value == ALARM


def _side(alarm: Alarm) -> dict[str, Any]:
    side: dict[str, Any] = {"stateValue": alarm.state_value, "stateReason": alarm.state_reason}
    if alarm.state_reason_data and alarm.state_reason_data != "{}":
        side["stateReasonData"] = json.loads(alarm.state_reason_data)
    return side


def _actions(alarm: Alarm) -> list[str]:
    by_state = {
        ALARM: alarm.alarm_actions,
        OK: alarm.ok_actions,
        INSUFFICIENT_DATA: alarm.insufficient_data_actions,
    }
    return list(dict.fromkeys(by_state[alarm.state_value] or []))


def _act(backend: CloudWatchBackend, alarm: Alarm, arn: str, text: str, now: datetime) -> None:
    data: dict[str, Any] = {"stateUpdateTimestamp": timestamp(now), "notificationResource": arn}
    parts = arn.split(":")
    try:
        if parts[2] == "autoscaling":  # Application Auto Scaling looks at the states of its alarms itself
            record(backend, alarm, "Action", f"Successfully executed action {arn}", data)
            return
        if len(parts) != 6 or parts[2] != "sns":
            raise NotImplementedError("the sandbox takes actions by SNS topics and scaling policies only")
        topics = sns_backends[parts[4]][parts[3]]
        if arn not in topics.topics:
            raise LookupError("the topic does not exist")
        topics.publish(text, arn, subject=subject(backend.region_name, alarm))
    except Exception as error:
        log.warning("alarm %s: action %s failed: %s", alarm.name, arn, error)
        data |= {"actionState": "Failed", "error": str(error)}
        record(backend, alarm, "Action", f"Failed to execute action {arn}", data)
        return
    data |= {"actionState": "Succeeded", "publishedMessage": text}
    record(backend, alarm, "Action", f"Successfully executed action {arn}", data)


def _follow(backend: CloudWatchBackend) -> bool:
    """Bring composite alarms in line with the alarms that they look at; whether any changed."""

    def state(name: str) -> str | None:
        found = backend.alarms.get(name)
        return None if found is None else found.state_value

    changed = False
    for alarm in list(backend.alarms.values()):
        rule = getattr(alarm, "sandbox_rule", None)
        if rule is None:
            continue
        wanted = ALARM if holds(rule, state) else OK
        if alarm.state_value != wanted:
            children = [backend.alarms[name] for name in sorted(alarms(rule)) if name in backend.alarms]
            rising = [child for child in children if child.state_value == ALARM]
            newest = max(children, key=lambda child: child.state_updated_timestamp)
            alarm.sandbox_triggers = rising if wanted == ALARM else [newest]  # ty: ignore[missing-attribute]
            at = newest.state_updated_timestamp.strftime("%A %d %B, %Y %H:%M:%S UTC")
            reason = f"{newest.alarm_arn} transitioned to {newest.state_value} at {at}"
            _change(backend, alarm, wanted, reason, "")
            changed = True
    return changed


def follow(backend: CloudWatchBackend) -> None:
    """Evaluate the composite alarms, after one was made or an alarm was deleted."""
    with LOCK:
        for _ in range(len(backend.alarms)):  # a composite may look at another one
            if not _follow(backend):
                break
