"""Scales SageMaker's variants: into the bounds of their targets, and by target tracking with the load.

What a policy does is decided in `tracking.py`; here its alarms are looked at once a minute, as CloudWatch
goes on to act on an alarm that keeps ringing. Minutes and cooldowns pass at the sandbox's time scale, and the
rate of invocations stays what it is: the same load scales a fleet as on AWS, only sooner. While an endpoint
changes nothing is scaled, as on AWS.
"""

import logging
import uuid
from collections import deque
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sandbox.aws.autoscaling import tracking
from sandbox.aws.autoscaling.rules import VARIANT, variant_of
from sandbox.aws.autoscaling.targets import all_targets, policies_of
from sandbox.aws.autoscaling.tracking import Change, Policy
from sandbox.aws.cloudwatch.alarms.definition import AlarmDefinition
from sandbox.aws.cloudwatch.metrics.store import MetricKey
from sandbox.aws.cloudwatch.service import CloudWatch
from sandbox.core.clock import now as aws_now

log = logging.getLogger(__name__)

_MOST_ACTIVITIES = 500
_SIDES = ("High", "Low")
_SET = "Successfully set desired instance count to {}."
Place = tuple[str, str, str]
"""Account, region, resource id."""


class Fleets(Protocol):
    """Who runs the variants."""

    def count(self, account: str, region: str, endpoint: str, variant: str) -> int | None:
        """Instances of a variant at rest; None while its endpoint changes, or where there is none."""

    def scale(self, account: str, region: str, endpoint: str, variant: str, count: int) -> None:
        """Begin to bring a variant to `count` instances."""


@dataclass
class _Known:
    """What is remembered of one target."""

    minute: int = 0
    unbounded: bool = True
    """Whether it was registered and its count not looked at since."""
    out: Change | None = None
    in_: Change | None = None
    under_way: tuple[dict[str, Any], bool] | None = None
    """The activity, and whether it is a scale-out."""


class Scaler:
    """One per sandbox. `poll` on its event loop; the rest from any thread."""

    def __init__(self, fleets: Fleets, cloudwatch: CloudWatch, time_scale: float) -> None:
        self._fleets = fleets
        self._cloudwatch = cloudwatch
        self._scale = time_scale
        self._minute = tracking.minute(time_scale)
        self._known: dict[Place, _Known] = {}
        self._activities: deque[tuple[tuple[str, str], dict[str, Any]]] = deque(maxlen=_MOST_ACTIVITIES)

    def registered(self, place: Place) -> None:
        """A target was registered, or registered again: its count is brought within its bounds."""
        self._known.setdefault(place, _Known()).unbounded = True

    def activities(self, account: str, region: str) -> list[dict[str, Any]]:
        """DescribeScalingActivities' entries of an account and region, newest first."""
        newest = list(reversed(self._activities))
        return [dict(entry) for at, entry in newest if at == (account, region)]

    def watch(self, place: Place, policy: Any) -> None:
        """Make the alarms of a policy of moto, where it tracks a target."""
        account, region, resource = place
        asked, named = _tracked(policy), variant_of(resource)
        if asked is None or named is None:
            return
        action = f"{policy.policy_arn}:createdBy/{uuid.uuid4()}"
        for side in _SIDES:
            name = f"TargetTracking-{resource}-Alarm{side}-{uuid.uuid4()}"
            params = tracking.alarm(side, name, asked.target, dict(_dimensions(*named)), action)
            policy.alarms.append(self._cloudwatch.put_alarm(account, region, params, self._sped_up))

    def poll(self) -> None:
        """Look at every target: what was under way, its bounds, and once a minute its policies."""
        there = {}
        for account, region, target in all_targets():
            if target.scalable_dimension == VARIANT:
                there[account, region, target.resource_id] = target
        self._known = {place: self._known.get(place, _Known()) for place in there}
        for place, target in there.items():
            try:
                self._look(place, target, self._known[place])
            except Exception:
                log.exception("%s was not scaled", place[2])

    def _look(self, place: Place, target: Any, known: _Known) -> None:
        account, region, resource = place
        named = variant_of(resource)
        now = self._cloudwatch.clock.now()
        minute = int(now // self._minute)
        due, known.minute = minute != known.minute, minute
        if named is None:
            return
        if due:
            self._nothing_is_zero(place, minute * self._minute)
        count = self._fleets.count(account, region, *named)
        if count is None:
            return
        self._end(known, count, now)
        if known.unbounded:
            known.unbounded = False
            within = min(max(count, target.min_capacity), target.max_capacity)
            if within != count:
                bound = "minimum" if within > count else "maximum"
                self._go(place, known, count, within, f"{bound} capacity was set to {within}")
        elif due:
            self._track(place, target, known, count, minute * self._minute)

    def _track(self, place: Place, target: Any, known: _Known, count: int, end: int) -> None:
        account, region, resource = place
        suspended = target.suspended_state or {}
        per_minute = self._per_minute(place, end)
        for _, policy in policies_of(account, region, resource):
            asked = _tracked(policy)
            if asked is None:
                continue
            ringing = [a for a in policy.alarms if self._cloudwatch.is_ringing(account, region, a.name)]
            for alarm in ringing:
                high = "-AlarmHigh-" in alarm.name
                if suspended.get("DynamicScalingOutSuspended" if high else "DynamicScalingInSuspended"):
                    continue
                to = self._decide(high, known, asked, count, per_minute, target)
                if to is not None:
                    cause = f"monitor alarm {alarm.name} in state ALARM triggered policy {policy.policy_name}"
                    self._go(place, known, count, to, cause)
                    return

    def _decide(
        self, high: bool, known: _Known, asked: Policy, count: int, per_minute: float, target: Any
    ) -> int | None:
        bounds = (target.min_capacity, target.max_capacity)
        if high:
            over = self._is_over(known.out, asked.out_cooldown)
            base = count if over or known.out is None else known.out.before
            return tracking.scale_out(
                count, tracking.wanted(base, per_minute, asked, *bounds), known.out, over
            )
        if not asked.scales_in:
            return None
        over = self._is_over(known.in_, asked.in_cooldown)
        return tracking.scale_in(count, tracking.wanted(count, per_minute, asked, *bounds), over)

    def _is_over(self, last: Change | None, cooldown: float) -> bool:
        return last is None or self._cloudwatch.clock.now() >= last.at + cooldown / self._scale

    def _go(self, place: Place, known: _Known, count: int, to: int, cause: str) -> None:
        account, region, resource = place
        named = variant_of(resource)
        assert named is not None
        self._fleets.scale(account, region, *named, to)
        change = Change(self._cloudwatch.clock.now(), count, to)
        if to > count:
            known.out, known.in_ = change, None  # a scale-out ends the cooldown of a scale-in
        else:
            known.in_ = change
        entry = {
            "ActivityId": str(uuid.uuid4()),
            "ServiceNamespace": "sagemaker",
            "ResourceId": resource,
            "ScalableDimension": VARIANT,
            "Description": f"Setting desired instance count to {to}.",
            "Cause": cause,
            "StartTime": aws_now().timestamp(),
            "StatusCode": "InProgress",
            "StatusMessage": f"{_SET.format(to)} Waiting for change to be fulfilled by sagemaker.",
        }
        known.under_way = (entry, to > count)
        self._activities.append(((account, region), entry))

    def _end(self, known: _Known, count: int, now: float) -> None:
        """Note how what was under way ended; its cooldown begins now."""
        if known.under_way is None:
            return
        (entry, is_out), known.under_way = known.under_way, None
        last = known.out if is_out else known.in_
        good = last is not None and count == last.after
        entry["EndTime"] = aws_now().timestamp()
        entry["StatusCode"] = "Successful" if good else "Failed"
        fulfilled = f"{_SET.format(count)} Change successfully fulfilled by sagemaker."
        entry["StatusMessage"] = (
            fulfilled if good else f"Failed to set desired instance count: it is {count}."
        )
        if last is not None:
            ended = replace(last, at=now)
            known.out, known.in_ = (ended, known.in_) if is_out else (known.out, ended)

    def _per_minute(self, place: Place, end: int) -> float:
        account, region, resource = place
        found = self._cloudwatch.total(account, region, _metric(resource), end - self._minute, end)
        return (found or 0.0) * tracking.PERIOD / self._minute

    def _nothing_is_zero(self, place: Place, end: int) -> None:
        """A minute without traffic has a zero, by which a fleet scales in."""
        account, region, resource = place
        key, start = _metric(resource), end - self._minute
        if self._cloudwatch.total(account, region, key, start, end) is None:
            self._cloudwatch.put(account, region, key, start, 0.0)

    def _sped_up(self, definition: AlarmDefinition) -> AlarmDefinition:
        return tracking.sped_up(definition, self._minute)


def _tracked(policy: Any) -> Policy | None:
    configuration = policy.target_tracking_scaling_policy_configuration
    return tracking.policy(configuration) if configuration else None


def _dimensions(endpoint: str, variant: str) -> tuple[tuple[str, str], ...]:
    return (("EndpointName", endpoint), ("VariantName", variant))


def _metric(resource: str) -> MetricKey:
    named = variant_of(resource)
    assert named is not None
    return MetricKey(*tracking.METRIC, _dimensions(*named))
