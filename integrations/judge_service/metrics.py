"""What the open rollouts stand at, in Prometheus' words: its text format, and the answer to one query.

Flagger's MetricTemplate asks a Prometheus by `/api/v1/query`; for the one metric that says FAIL the service
answers itself, so that no scrape lies between a verdict and a check.
"""

import re
from collections.abc import Container, Iterable
from typing import Any

from integrations.judge_service.answers import Answer
from integrations.judge_service.rollouts import Rollouts
from release.domain.judge_service import FAILED_METRIC
from release.judge.verdict import Decision

_QUERY = re.compile(rf'{FAILED_METRIC}\s*\{{\s*namespace="([^"]*)"\s*,\s*name="([^"]*)"\s*\}}')
MISSING_METRIC = "slipway_judge_evidence_missing"
_ONLINE = "vector(1)"
"""What Flagger asks to see whether a Prometheus is there."""


def standing(rollouts: Rollouts, now: float) -> list[Answer]:
    """What every open rollout stands at. Raises OSError."""
    return [rollouts.told(rollout, now) for rollout in rollouts.all_open()]


def missing(rollouts: Rollouts) -> dict[str, str]:
    """Why the last minute of Prometheus brought no evidence, by NAMESPACE/NAME, where it brought none."""
    return {"/".join(each.key.of): each.missing for each in rollouts.all_open() if each.missing}


def text(answers: Iterable[Answer], without: Container[str]) -> str:
    """The text format, version 0.0.4; `without` are those whose evidence is missing."""
    lines = [
        "# HELP slipway_judge_verdict 1 for the decision that the open rollout of a name stands at.\n"
        "# TYPE slipway_judge_verdict gauge\n"
    ]
    failed = [
        f"# HELP {FAILED_METRIC} Whether the open rollout of a name is judged FAIL.\n"
        f"# TYPE {FAILED_METRIC} gauge\n"
    ]
    unread = [
        f"# HELP {MISSING_METRIC} Whether the last minute of Prometheus could not be read.\n"
        f"# TYPE {MISSING_METRIC} gauge\n"
    ]
    for each in answers:
        of = f'namespace="{each.key.of.namespace}",name="{each.key.of.name}"'
        for decision in Decision:
            value = int(decision is each.decision)
            lines.append(f'slipway_judge_verdict{{{of},decision="{decision.value}"}} {value}\n')
        unread.append(f"{MISSING_METRIC}{{{of}}} {int('/'.join(each.key.of) in without)}\n")
        failed.append(f"{FAILED_METRIC}{{{of}}} {int(each.decision is Decision.FAIL)}\n")
    return "".join(lines + failed + unread)


def queried(query: str, answers: Iterable[Answer], now: float) -> dict[str, Any]:
    """An instant vector as Prometheus' HTTP API gives it; empty where no rollout of the name is open."""
    if query.strip() == _ONLINE:
        return _vector([{"metric": {}, "value": [now, "1"]}])
    wanted = _QUERY.fullmatch(query.strip())
    found = [each for each in answers if wanted and tuple(each.key.of) == wanted.groups()]
    return _vector(
        [
            {"metric": {"__name__": FAILED_METRIC}, "value": [now, str(int(each.decision is Decision.FAIL))]}
            for each in found
        ]
    )


def _vector(result: list[dict[str, Any]]) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "vector", "result": result}}
