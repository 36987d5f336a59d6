"""What a Prometheus asks a sandbox for: where the model servers are, and what callers were answered. Pure.

Made from the same status that programs get as JSON. A model server counts for itself at its own `/metrics`;
what it cannot see, that it crashed or hung, the sandbox counts, as a load balancer would.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

MEDIA = [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")]
_NAME = "front_requests_total"
_FROM_THE_START = (200, 500, 503)
"""Statuses with a counter before one occurs, so that a rate sees the first one too."""


def targets(status: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The model servers as a document of Prometheus's HTTP service discovery.

    An instance keeps its name when its server is started again on another port.
    """
    return [
        {
            "targets": [urlsplit(instance["url"]).netloc],
            "labels": {
                "endpoint": endpoint["name"],
                "variant": fleet["variant"],
                "config": deployment["config"],
                "instance": instance["id"],
            },
        }
        for endpoint, deployment, fleet in _fleets(status)
        for instance in fleet["instances"]
        if instance["url"]
    ]


def metrics(status: Mapping[str, Any]) -> bytes:
    """What was answered to invocations, by endpoint, variant, endpoint config and the container's status.

    Status 0 is no answer in time. Copies for a shadow are counted as its own.
    """
    answered: Counter[str] = Counter()
    for endpoint, deployment, fleet in _fleets(status):
        of = f'endpoint="{endpoint["name"]}",variant="{fleet["variant"]}",config="{deployment["config"]}"'
        for code, number in (dict.fromkeys(_FROM_THE_START, 0) | fleet["answers"]).items():
            answered[f'{_NAME}{{{of},status="{code}"}}'] += number
    lines = [f"# HELP {_NAME} Invocations, by what the container answered.", f"# TYPE {_NAME} counter"]
    return "\n".join([*lines, *(f"{name} {number}" for name, number in answered.items()), ""]).encode()


def _fleets(status: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], ...]]:
    for endpoint in status["endpoints"]:
        for deployment in endpoint["deployments"]:
            for fleet in deployment["fleets"]:
                yield endpoint, deployment, fleet
