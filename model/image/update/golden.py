"""Golden requests as an update reads them: requests, the scores that training computed for them, a tolerance.

Training writes them (`model.training.golden`). A release asks its endpoint the same requests in its own way.
"""

import json
import math
from dataclasses import dataclass


@dataclass(frozen=True)
class GoldenRequest:
    """One request body and the scores of its rows, in order."""

    content_type: str
    body: str
    scores: tuple[float, ...]


@dataclass(frozen=True)
class Golden:
    """The golden requests of a model; `tolerance` is absolute."""

    tolerance: float
    requests: tuple[GoldenRequest, ...]


def parse_golden(content: bytes) -> Golden:
    """The golden requests in the bytes of `golden.json`. Raises ValueError."""
    try:
        document = json.loads(content)
        requests = tuple(
            GoldenRequest(request["content_type"], request["body"], tuple(map(float, request["scores"])))
            for request in document["requests"]
        )
        tolerance = float(document["tolerance"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"these are no golden requests: {error!r}") from error
    if not requests or not tolerance > 0:
        raise ValueError("there is no golden request, or the tolerance is not above 0")
    return Golden(tolerance, requests)


def scores_of(body: bytes, content_type: str) -> list[float]:
    """The scores in an answer of the inference server. Raises ValueError when it holds none."""
    text = body.decode("utf-8")
    if content_type.startswith("text/csv"):
        return [float(line) for line in text.split()]
    return [float(score) for score in json.loads(text)["predictions"]]


def mismatch(request: GoldenRequest, tolerance: float, scores: list[float]) -> str | None:
    """Why `scores` are not the expected ones, or None when they are."""
    if len(scores) != len(request.scores):
        return f"{len(scores)} scores for {len(request.scores)} rows"
    for row, (expected, found) in enumerate(zip(request.scores, scores, strict=True)):
        if not math.isfinite(found) or abs(found - expected) > tolerance:
            return f"row {row} scored {found:.6f}, training says {expected:.6f}"
    return None
