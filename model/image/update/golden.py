"""Golden requests as an update reads them: requests, the scores that training computed for them, a tolerance.

Training writes them (`model.training.golden`). A release asks its endpoint the same requests in its own way.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class GoldenRequest:
    """One request body and the scores of its rows, in order; of several classes those of a row one by one."""

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
            GoldenRequest(request["content_type"], request["body"], tuple(_one_by_one(request["scores"])))
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
        return [float(cell) for line in text.split() for cell in line.split(",")]
    return _one_by_one(json.loads(text)["predictions"])


def _one_by_one(scores: Sequence[Any]) -> list[float]:
    return [float(part) for row in scores for part in (row if isinstance(row, list) else [row])]


def mismatch(request: GoldenRequest, tolerance: float, scores: list[float]) -> str | None:
    """Why `scores` are not the expected ones, or None when they are."""
    if len(scores) != len(request.scores):
        return f"{len(scores)} scores, training has {len(request.scores)}"
    for number, (expected, found) in enumerate(zip(request.scores, scores, strict=True)):
        if not math.isfinite(found) or abs(found - expected) > tolerance:
            return f"score {number} is {found:.6f}, training says {expected:.6f}"
    return None
