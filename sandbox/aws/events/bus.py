"""The event buses of all accounts and regions: what comes in is matched by every enabled rule and delivered.

Events of the sandbox's own services come in here as those of PutEvents do. Delivery is in a thread of its
own, in the order in which events came: whoever puts an event waits for no subscriber. As in AWS, a target
that cannot be reached or lets nobody in fails by itself, and its dead-letter queue gets the event.
"""

import json
import logging
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from moto.events.models import EventsBackend, Rule, events_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from sandbox.aws.events import inputs, patterns
from sandbox.aws.events.resource_policies import lets_in

log = logging.getLogger(__name__)

DEFAULT = "default"
_SERVICE = "events.amazonaws.com"
MOST_HOPS = 8
"""So many buses an event goes through at most: two that send to each other end."""


class NotDelivered(Exception):
    """Why a target did not get an event."""


class Events:
    """Takes events and delivers them."""

    def __init__(self) -> None:
        self._delivering = ThreadPoolExecutor(1, thread_name_prefix="events")

    def close(self) -> None:
        """Deliver nothing more."""
        self._delivering.shutdown(wait=False, cancel_futures=True)

    def send(
        self,
        account: str,
        region: str,
        source: str,
        detail_type: str,
        resources: Sequence[str],
        detail: Mapping[str, Any],
        at: datetime | None = None,
        bus: str = DEFAULT,
    ) -> str:
        """An event comes to a bus; returns its id."""
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": account,
            "time": f"{(at or datetime.now(UTC)).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "region": region,
            "resources": list(resources),
            "detail": dict(detail),
        }
        with suppress(RuntimeError):  # the sandbox ends
            self._delivering.submit(self._deliver, account, region, bus, event, MOST_HOPS)
        return str(event["id"])

    def _deliver(self, account: str, region: str, bus: str, event: Mapping[str, Any], hops: int) -> None:
        backend: EventsBackend = events_backends[account][region]
        found = backend.event_buses.get(bus)
        for rule in list(found.rules.values()) if found is not None else ():
            try:
                if rule.state != "ENABLED" or not hears(rule, event):
                    continue
                for target in list(rule.targets):
                    self._give(rule, target, event, hops)
            except Exception:
                log.exception("the rule %s failed", rule.arn)

    def _give(self, rule: Rule, target: Mapping[str, Any], event: Mapping[str, Any], hops: int) -> None:
        body = inputs.of_target(target, event)
        try:
            self._reach(rule, target, body, event, hops)
        except Exception as error:
            log.warning("rule %s: %s did not get an event: %s", rule.arn, target["Arn"], error)
            dead = (target.get("DeadLetterConfig") or {}).get("Arn")
            if dead:
                _bury(rule, str(dead), json.dumps(event))

    def _reach(
        self, rule: Rule, target: Mapping[str, Any], body: str, event: Mapping[str, Any], hops: int
    ) -> None:
        arn = str(target["Arn"])
        _, _, service, region, account, resource = arn.split(":", 5)
        match service:
            case "sqs":
                group = (target.get("SqsParameters") or {}).get("MessageGroupId")
                to_queue(arn, body, _SERVICE, rule.arn, group)
            case "sns":
                _to_topic(arn, body, rule.arn)
            case "events" if resource.startswith("event-bus/"):
                if hops:
                    self._deliver(account, region, resource.partition("/")[2], event, hops - 1)
            case "logs":
                _to_log_group(rule, resource.removeprefix("log-group:").removesuffix(":*"), body)
            case _:
                raise NotDelivered(f"the sandbox delivers to no {service}")


def hears(rule: Rule, event: Mapping[str, Any]) -> bool:
    """Whether an event fits a rule; one that has only a schedule hears none."""
    pattern = rule.event_pattern.dump()
    return bool(pattern) and patterns.parse(pattern)(event)


def to_queue(arn: str, body: str, service: str, source: str, group: str | None = None) -> None:
    """Send a message, as a service for the thing whose ARN is `source`. Raises NotDelivered."""
    _, _, _, region, account, name = arn.split(":", 5)
    queue = sqs_backends[account][region].queues.get(name)
    if queue is None:
        raise NotDelivered("there is no such queue")
    if not lets_in(json.loads(queue.policy or "{}"), service, "sqs:SendMessage", arn, source):
        raise NotDelivered(f"its policy does not let {service} send for {source}")
    sqs_backends[account][region].send_message(name, body, group_id=group, validate_group_id=False)


def _to_topic(arn: str, body: str, source: str) -> None:
    _, _, _, region, account, _ = arn.split(":", 5)
    topics = sns_backends[account][region]
    if arn not in topics.topics:
        raise NotDelivered("there is no such topic")
    if not lets_in(json.loads(topics.topics[arn].policy), _SERVICE, "sns:Publish", arn, source):
        raise NotDelivered(f"its policy does not let {_SERVICE} publish for {source}")
    topics.publish(body, arn)


def _to_log_group(rule: Rule, group: str, body: str) -> None:
    rule._send_to_cw_log_group(group, {"message": body})


def _bury(rule: Rule, arn: str, body: str) -> None:
    try:
        to_queue(arn, body, _SERVICE, rule.arn)
    except Exception as error:
        log.warning("rule %s: its dead-letter queue %s did not get an event: %s", rule.arn, arn, error)
