"""What was posted, as lines of evidence. Pure.

A line is a window that says its variant, or an event of a log stream that does (docs/telemetry.md); both stay
as they came, so that evidence recorded elsewhere is judged as it is there. A record of a Kubernetes log
shipper (`log` or `message`, and `kubernetes` with the pod's name and labels) becomes such an event: which
variant a pod is follows from its labels and its name. All else a container logs is passed over.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.judge_service.keys import Key
from release.judge import quiet
from release.judge.windows import Refused, parse_line

ARGO_HASH = "rollouts-pod-template-hash"
"""The label that Argo Rollouts gives the pods of each ReplicaSet."""
AHEAD_SECONDS = 60.0
"""A window that ends later than this after now has a wrong clock, and would look fresh for ever."""
_OURS = "slipway-"
_PRIMARY = "-primary"


@dataclass
class Taken:
    """The lines to keep, until when each variant reported, and how many records were passed over."""

    lines: list[str] = field(default_factory=list)
    ends: dict[str, float] = field(default_factory=dict)
    passed_over: int = 0


def taken(body: str, key: Key, now: float) -> Taken:
    """The evidence in a posted body: one record a line, or a JSON list of them. Raises ValueError."""
    found = Taken()
    for text in _texts(body):
        line = _line(text, key)
        end = _end(line, found.ends) if line else 0.0
        if not line or end > now + AHEAD_SECONDS:
            found.passed_over += 1
        else:
            found.lines.append(line)
    return found


def ends_of(lines: Iterator[str]) -> dict[str, float]:
    """Until when each variant reported, of lines that were kept."""
    ends: dict[str, float] = {}
    for line in lines:
        _end(line, ends)
    return ends


def _texts(body: str) -> Iterator[str]:
    if body.lstrip().startswith("["):
        try:
            yield from [json.dumps(record) for record in json.loads(body)]
        except RecursionError:
            raise ValueError("its lists are nested too deeply") from None
    else:
        yield from (line for line in body.splitlines() if line.strip())


def _line(text: str, key: Key) -> str | None:
    """The line of evidence that a record is, None where it is something else that was logged."""
    if _OURS not in text:
        return None
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, Mapping):
        return None
    if isinstance(pod := record.get("kubernetes"), Mapping):
        message = record.get("log", record.get("message"))
        if not isinstance(message, str) or _OURS not in message:
            return None
        return json.dumps({"logStreamName": _stream(pod, key), "message": message.strip()})
    return text if "schema" in record or isinstance(record.get("message"), str) else None


def _stream(pod: Mapping[str, Any], key: Key) -> str:
    """`variant/instance`, as SageMaker calls a log stream."""
    name = str(pod.get("pod_name", pod.get("pod", {})))[:200]
    labels = pod.get("labels", pod.get("pod_labels"))
    hash_ = labels.get(ARGO_HASH) if isinstance(labels, Mapping) else None
    if hash_ is not None:
        return f"{'candidate' if hash_ == key.checksum else 'live'}/{name}"
    # Flagger's primary is a Deployment of its own, called after the canary's target.
    return f"{'live' if name.startswith(f'{key.of.name}{_PRIMARY}-') else 'candidate'}/{name}"


def _end(line: str, ends: dict[str, float]) -> float:
    """When a window ended; notes it for its variant, unless it is none."""
    if quiet.seconds(line) is not None:
        return 0.0
    try:
        window = parse_line(line)
    except Refused:
        return 0.0
    ends[window.variant] = max(ends.get(window.variant, 0.0), window.end)
    return window.end
