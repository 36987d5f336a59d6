"""What was posted, as lines of evidence. Pure.

A line is a window that says its variant, or an event of a log stream that does (docs/telemetry.md); both stay
as they came, so that evidence recorded elsewhere is judged as it is there. A record of a Kubernetes log
shipper (`log` or `message`, and `kubernetes` with the pod's name and labels) becomes such an event: which
variant a pod is follows from its labels and its name. All else a container logs is passed over.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.judge_service.keys import Key
from release.judge.windows import Refused, parse_line

ARGO_HASH = "rollouts-pod-template-hash"
"""The label that Argo Rollouts gives the pods of each ReplicaSet."""
AHEAD_SECONDS = 60.0
"""A window that ends later than this after now has a wrong clock, and would look fresh for ever."""
_OURS = "slipway-"
_POD = re.compile(r"(-primary)?-[a-z0-9]+-[a-z0-9]{5}")
"""What follows the name in a pod's: Flagger's primary is a Deployment of its own."""


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
        if not line or not _timely(line, found.ends, now):
            found.passed_over += 1
        else:
            found.lines.append(line)
    return found


def _texts(body: str) -> Iterator[str]:
    lines = [line for line in body.splitlines() if line.strip()]
    if not lines or not lines[0].lstrip().startswith("["):
        yield from lines
        return
    try:
        yield from [json.dumps(record) for record in json.loads(body)]
    except (ValueError, RecursionError) as error:
        # Servers log lines that begin with the time in brackets.
        if len(lines) == 1:
            raise ValueError(f"it begins as one, and is none: {error}") from None
        yield from lines


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
        stream = _stream(pod, key)
        return json.dumps({"logStreamName": stream, "message": message.strip()}) if stream else None
    return text if "schema" in record or isinstance(record.get("message"), str) else None


def _stream(pod: Mapping[str, Any], key: Key) -> str | None:
    """`variant/instance`, as SageMaker calls a log stream; None for a pod of something else."""
    name = str(pod.get("pod_name", pod.get("pod", "")))
    found = _POD.fullmatch(name.removeprefix(key.of.name)) if name.startswith(key.of.name) else None
    if found is None:
        return None
    labels = pod.get("labels", pod.get("pod_labels"))
    hash_ = labels.get(ARGO_HASH) if isinstance(labels, Mapping) else None
    live = hash_ != key.checksum if hash_ is not None else found.group(1) is not None
    return f"{'live' if live else 'candidate'}/{name}"


def _timely(line: str, ends: dict[str, float], now: float) -> bool:
    """Whether a line is of no later than now, as far as it says; notes a window's end for its variant."""
    try:
        window = parse_line(line)
    except Refused:
        return True
    if window.end > now + AHEAD_SECONDS:
        return False
    ends[window.variant] = max(ends.get(window.variant, 0.0), window.end)
    return True
