"""Golden requests: real rows with the scores that training computed for them.

After every change they are sent to the endpoint; an answer that differs by more than the tolerance means
that something else is serving than was proven. Pure; sending them is `release/adapters/endpoints.py`.
"""

import json
import math
from typing import Annotated

from pydantic import Field

from release.domain.pins import Data


class GoldenRequest(Data):
    """One request body and the scores of its rows, in order."""

    content_type: str
    body: str
    scores: tuple[float, ...]


class Golden(Data):
    """The golden requests of a release; `tolerance` is absolute."""

    tolerance: Annotated[float, Field(gt=0, le=0.01)]
    requests: Annotated[tuple[GoldenRequest, ...], Field(min_length=1, max_length=100)]


def scores_of(body: bytes, content_type: str) -> list[float]:
    """The scores in an answer of the inference server. Raises ValueError when it holds none."""
    text = body.decode("utf-8")
    if content_type.startswith("text/csv"):
        return [float(line) for line in text.split()]
    predictions = json.loads(text)["predictions"]
    return [float(score) for score in predictions]


def mismatch(request: GoldenRequest, tolerance: float, scores: list[float]) -> str | None:
    """Why `scores` are not the expected ones, or None when they are."""
    if len(scores) != len(request.scores):
        return f"{len(scores)} scores for {len(request.scores)} rows"
    for row, (expected, found) in enumerate(zip(request.scores, scores, strict=True)):
        if not math.isfinite(found) or abs(found - expected) > tolerance:
            return f"row {row} scored {found:.6f}, training says {expected:.6f}"
    return None
