"""From verdicts that were kept to what each metric said over time, thinned to what can be seen."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from release.report.report import Metric, Point, Watched

MOST_POINTS = 220
"""Of a metric: more cannot be told apart on a page."""
ALL = 100

Record = Mapping[str, Any]


def watched(verdicts: Sequence[Record], start: datetime) -> tuple[Watched, ...]:
    """What was seen beside live, then what was seen of the release alone; neither without a verdict."""
    beside = [record for record in verdicts if record["share"] < ALL]
    alone = [record for record in verdicts if record["share"] == ALL]
    return tuple(_watched(found, start, found is alone) for found in (beside, alone) if found)


def _watched(records: Sequence[Record], start: datetime, alone: bool) -> Watched:
    last = records[-1]["verdict"]
    rows: dict[str, list[Point]] = {}
    for record in records:
        at = (datetime.fromisoformat(record["at"]) - start).total_seconds()
        for reason in record["verdict"]["reasons"]:
            rows.setdefault(reason["metric"], []).append(_point(at, reason))
    metrics = tuple(_metric(reason, rows[reason["metric"]]) for reason in last["reasons"])
    return Watched(
        alone=alone,
        decision=last["decision"],
        because=last["because"],
        at=(datetime.fromisoformat(records[-1]["at"]) - start).total_seconds(),
        seconds=last["seconds"] or 0.0,
        requests=last["requests"],
        live_requests=last["live_requests"],
        verdicts=len(records),
        metrics=metrics,
        set_aside=dict(last.get("set_aside") or {}),
    )


def _point(at: float, reason: Record) -> Point:
    return Point(
        at=at,
        question=reason["question"],
        state=reason["state"],
        candidate=reason["candidate"],
        live=reason["live"],
        at_least=reason["at_least"],
        at_most=reason["at_most"],
        requests=reason["requests"],
    )


def _metric(reason: Record, points: Sequence[Point]) -> Metric:
    return Metric(
        name=reason["metric"],
        question=reason["question"],
        says=reason["says"],
        state=reason["state"],
        candidate=reason["candidate"],
        live=reason["live"],
        requests=reason["requests"],
        live_requests=reason["live_requests"],
        at_least=reason["at_least"],
        at_most=reason["at_most"],
        fails=reason["fails"],
        passes=reason["passes"] or "",
        fail_margin=margin(reason["fails"]),
        pass_margin=margin(reason["passes"] or ""),
        detail=reason["detail"],
        needs=reason["needs"],
        points=thinned(points, MOST_POINTS),
    )


def margin(words: str) -> float | None:
    """The number that a bound is compared with, from a margin in words: a record holds it nowhere else."""
    found = re.search(r"is (?:above|below) (-?[\d.e-]+) %$", words)
    return float(found[1]) / 100 if found else None


def thinned(points: Sequence[Point], most: int) -> tuple[Point, ...]:
    """At most about `most` points: evenly many, and every one at which the state or the question changed."""
    if len(points) <= most:
        return tuple(points)
    every = len(points) / most
    keep = {round(i * every) for i in range(most)} | {0, len(points) - 1}
    turns = [
        index + 1
        for index, (one, other) in enumerate(pairwise(points))
        if (one.state, one.question) != (other.state, other.question)
    ]
    for index in turns[-most // 4 :]:
        keep |= {index - 1, index}
    return tuple(points[i] for i in sorted(keep) if i < len(points))
