"""What rollouts are judged by: windows from CloudWatch Logs, kept in the stage's bucket beside the ledger.

CloudWatch Logs delivers late, in any order between streams, in pages, and throttles. A follower therefore
asks for a while back each time and passes over the events that it had. What cannot be read just now is
Unreadable: whoever judges holds until it can.
"""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from release.adapters import objects
from release.adapters.aws import MISSING, StageAws, error_code
from release.adapters.captured_answers import CapturedAnswers
from release.adapters.invocation_metrics import PERIOD, InvocationMetrics
from release.domain import names
from release.domain.captures import Minutes
from release.domain.orders import Order
from release.judge.cells import SCHEMA
from release.ports import LATE_SECONDS, Unreadable

PREFIX = "rollouts/"
TYPES = {".html": "text/html; charset=utf-8", ".md": "text/markdown; charset=utf-8"}
PATTERN = f'{{ $.schema = "{SCHEMA}" }}'
OVERLAP_MILLISECONDS = int(LATE_SECONDS * 1000)
_NOT_THERE = MISSING | {"ResourceNotFoundException"}


class EvidenceStore:
    """Evidence of one stage's rollouts."""

    def __init__(self, aws: StageAws, bucket: str) -> None:
        self._logs = aws.client("logs")
        self._cloudwatch = aws.client("cloudwatch")
        self._s3 = aws.client("s3")
        self._bucket = bucket

    def follow(
        self, endpoint: str, since: datetime, seen: Collection[str], minutes: Minutes | None = None
    ) -> "LogFollower | MinuteFollower":
        """Follow an endpoint's windows from `since` on; events whose ids were `seen` are passed over.

        With `minutes` only what SageMaker counts, minute by minute, and captures.
        """
        if minutes is not None:
            metrics = InvocationMetrics(self._cloudwatch, endpoint, since, minutes.objective)
            captures = minutes.captures
            answers = CapturedAnswers(self._s3, captures, endpoint, since, seen) if captures else None
            return MinuteFollower(metrics, seen, answers)
        metrics = InvocationMetrics(self._cloudwatch, endpoint, since)
        return LogFollower(self._logs, names.log_group_of(endpoint), since, seen, metrics)

    def keep(self, rollout: str, kind: str, first: int, lines: Sequence[str]) -> None:
        """Keep lines, the first of them the `first`; the same number again replaces. Raises Unreadable."""
        body = "".join(f"{line}\n" for line in lines).encode()
        key = f"{_folder(rollout, kind)}{first:08d}.jsonl"
        _asked(self._s3.put_object, Bucket=self._bucket, Key=key, Body=body, ContentType="application/jsonl")

    def kept(self, rollout: str, kind: str) -> Iterator[str]:
        """What was kept, in the order of its numbers. Raises boto3's errors."""
        for item in objects.listed(self._s3, self._bucket, _folder(rollout, kind)):
            body = self._s3.get_object(Bucket=self._bucket, Key=item["Key"])["Body"].read()
            yield from body.decode().splitlines()

    def order(self, rollout: str) -> Order | None:
        """The last order that a person gave for a rollout. Raises Unreadable."""
        found = _asked(self._s3.get_object, Bucket=self._bucket, Key=_order(rollout))
        if found is None:
            return None
        try:
            return Order.model_validate_json(found["Body"].read())
        except ValidationError as error:
            raise Unreadable(f"{_order(rollout)} is no order: {error.errors()[0]['msg']}") from None

    def give(self, rollout: str, order: Order) -> None:
        """Give an order to the process that works on a rollout."""
        body = order.model_dump_json().encode()
        self._s3.put_object(Bucket=self._bucket, Key=_order(rollout), Body=body)

    def put_report(self, rollout: str, name: str, data: bytes) -> str:
        """Keep a report of a rollout under this name, in the place of an earlier one; where it lies."""
        key = f"{PREFIX}{rollout}/{name}"
        content = TYPES[name[name.rindex(".") :]]
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType=content)
        return f"s3://{self._bucket}/{key}"


class LogFollower:
    """The windows in one log group, and of SageMaker's metrics, from a moment on."""

    def __init__(
        self, logs: Any, group: str, since: datetime, seen: Collection[str], metrics: InvocationMetrics
    ) -> None:
        self._metrics = metrics
        self._logs = logs
        self._group = group
        self._from = int(since.timestamp() * 1000)
        self._seen = dict.fromkeys(seen, self._from)

    def more(self) -> list[str]:
        """The events that came since the last call, as JSON, oldest first. Raises Unreadable."""
        found, token = [], None
        while True:
            page = _asked(
                self._logs.filter_log_events,
                logGroupName=self._group,
                startTime=self._from,
                filterPattern=PATTERN,
                **({"nextToken": token} if token else {}),
            )
            events = page["events"] if page else []
            found += [event for event in events if event["eventId"] not in self._seen]
            # Of those that another process had only the ids are known: here their times come.
            known = (event for event in events if event["eventId"] in self._seen)
            self._seen |= {event["eventId"]: event["timestamp"] for event in known}
            token = page.get("nextToken") if page else None
            if not token:
                break
        counted = _asked(lambda: self._metrics.more(datetime.now(UTC))) or []
        found += [event for event in counted if event["eventId"] not in self._seen]
        found.sort(key=lambda event: (event["timestamp"], event["eventId"]))
        for event in found:
            self._seen[event["eventId"]] = event["timestamp"]
        newest = max(self._seen.values(), default=self._from)
        self._from = max(self._from, newest - OVERLAP_MILLISECONDS)
        self._seen = {key: at for key, at in self._seen.items() if at >= self._from}
        wanted = ("eventId", "logStreamName", "timestamp", "message")
        return [json.dumps({key: event[key] for key in wanted}) for event in found]


class MinuteFollower:
    """What SageMaker counts, and captures, of an endpoint whose containers print no windows."""

    def __init__(
        self, metrics: InvocationMetrics, seen: Collection[str], captured: CapturedAnswers | None = None
    ) -> None:
        self._metrics = metrics
        self._seen = frozenset(seen)
        self._captured = captured

    def more(self) -> list[str]:
        """The minutes that were complete since the last call, as JSON, oldest first. Raises Unreadable.

        Captured answers come late, and with the newest of the minutes: its block is still open.
        """
        now = datetime.now(UTC)
        counted = _asked(lambda: self._metrics.more(now)) or []
        found = [event for event in counted if event["eventId"] not in self._seen]
        found.sort(key=lambda event: (event["timestamp"], event["eventId"]))
        if self._captured:
            self._captured.read(now)
        if self._captured and found:
            newest = datetime.fromtimestamp(found[-1]["timestamp"] / 1000 - PERIOD, UTC)
            found += self._captured.told(now, newest)
        return [json.dumps(event) for event in found]


def _asked(call: Callable[..., Any], **arguments: Any) -> Any:
    """The answer, None for what is not there (yet). Raises Unreadable."""
    try:
        return call(**arguments)
    except ClientError as error:
        if error_code(error) in _NOT_THERE:
            return None
        raise Unreadable(str(error)) from error
    except BotoCoreError as error:
        raise Unreadable(str(error)) from error


def _folder(rollout: str, kind: str) -> str:
    return f"{PREFIX}{rollout}/{kind}/"


def _order(rollout: str) -> str:
    return f"{PREFIX}{rollout}/order.json"
