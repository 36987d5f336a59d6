"""What the service is told when it starts, by arguments alone: no secret, no variable."""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from integrations.judge_service.asking import Pods, Source
from integrations.judge_service.rollouts import MOST_BYTES, MOST_ROLLOUTS
from release.domain.errors import UsageError
from release.domain.judge_service import PORT
from release.domain.policy import Policy

LOOPBACK = "127.0.0.1"
OBJECTIVE_MS = 500.0
"""As of an endpoint that says none."""

_BOUNDS: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("port", lambda port: 0 <= port <= 65_535, "a port of 1 to 65535, or 0 for a free one"),
    (
        "objective_ms",
        lambda objective: 0 < objective <= 3_600_000,
        "milliseconds, more than 0 and at most an hour: the latency that is promised",
    ),
    ("most_bytes", lambda most: most > 0, "bytes, more than 0"),
    ("most_rollouts", lambda most: most > 0, "a number of rollouts, at least 1"),
    (
        "prometheus",
        lambda address: address is None or _is_address(address),
        "the address of a Prometheus, such as http://prometheus:9090",
    ),
)
"""Arguments that not every value fits, and which do."""


@dataclass(frozen=True)
class Settings:
    """How to serve."""

    folder: Path
    """Where evidence is kept."""
    policy: Policy
    host: str = LOOPBACK
    port: int = PORT
    """0 takes a free one, and says which."""
    prometheus: Source | None = None
    """Where counters are read, if windows are not posted."""
    most_bytes: int = MOST_BYTES
    most_rollouts: int = MOST_ROLLOUTS


def parse(arguments: Sequence[str]) -> Settings:
    """The settings that the arguments say. Raises UsageError; SystemExit as argparse does."""
    parser = argparse.ArgumentParser("judge_service", description="The judge, for Argo Rollouts and Flagger.")
    add = parser.add_argument
    add("--folder", type=Path, required=True, help="where evidence is kept")
    add("--policy", type=Path, help="JSON with the keys of slipway:judge (default: the built-in policy)")
    add(
        "--objective-ms",
        type=float,
        default=OBJECTIVE_MS,
        help="latency objective; margins follow from it",
    )
    add("--host", default=LOOPBACK, help="where to listen; only loopback without it")
    add("--port", type=int, default=PORT, help="0 takes a free one")
    add("--most-bytes", type=int, default=MOST_BYTES, help="evidence that is kept of one rollout")
    add("--most-rollouts", type=int, default=MOST_ROLLOUTS, help="rollouts that are kept")
    add("--prometheus", metavar="URL", help="judge by the counters that this Prometheus scraped")
    add("--pods", choices=list(Pods), default=Pods.ARGO, help="whose pods they are (default: argo)")
    told = parser.parse_args(arguments)
    for name, fits, wanted in _BOUNDS:
        if not fits(value := getattr(told, name)):
            raise UsageError(
                f"--{name.replace('_', '-')} is {value!r}.",
                "The service did not start.",
                f"Give {wanted}.",
            )
    policy = read_policy(told.policy).for_objective(told.objective_ms)
    source = None
    if told.prometheus:
        source = Source(told.prometheus, Pods(told.pods), told.objective_ms / 1000)
        policy = policy.by_invocations()
    return Settings(told.folder, policy, told.host, told.port, source, told.most_bytes, told.most_rollouts)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def read_policy(file: Path | None) -> Policy:
    """The policy in a JSON file, the built-in one without a file. Raises UsageError."""
    if file is None:
        return Policy()
    try:
        return Policy.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise UsageError(
            f"{file} is no policy: {error}",
            "The service did not start: it would judge by other margins than asked for.",
            "Correct the file; docs/judge.md explains each key with its default.",
        ) from None
