"""Golden requests: real rows with the scores that training computed for them, or whole expected answers.

After every change they are sent to the endpoint; an answer that differs by more than the tolerance means
that something else is serving than was proven. Pure; sending them is `release/adapters/endpoints.py`.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Annotated

from pydantic import Field, JsonValue, model_validator

from release.domain import answers
from release.domain.pins import Data

MOST_TOLERATED = 0.01
"""Of the span; with more, golden requests would prove nothing."""


Score = float | tuple[float, ...]
"""What a row is answered with: a number, or of several classes the probability of each."""


class GoldenRequest(Data):
    """One request body and the scores of its rows, in order."""

    content_type: str
    body: str
    scores: tuple[Score, ...]
    """Of an answer that is expected whole: its numbers."""
    accept: str = ""
    """The content type that is asked for; that of the request, where it is empty."""
    answer: JsonValue = None
    """The answer that is expected as a whole, as data; None where the scores are all that is expected."""
    answer_at: str = ""
    """The part of the answer that is compared, as a JSON pointer; all of it where it is empty."""


class Allowed(Data):
    """How far a release may differ from the one that is live, on golden requests that both answer."""

    mean_change: Annotated[float, Field(gt=0, le=1)] = 0.2
    """Mean difference of their scores, in parts of the golden requests' span; of several classes the
    probability that went to others."""
    times_slower: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 3.0
    """The median time of its answers, in multiples of live's ..."""
    slower_ms: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 50.0
    """... and in milliseconds more than that: who is slower by less is not slower."""


class Golden(Data):
    """The golden requests of a release; `tolerance` is absolute."""

    allowed: Allowed = Allowed()
    span: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    """What scores usually lie within: 1 for probabilities."""
    tolerance: Annotated[float, Field(gt=0)]
    repeats_within: Annotated[float, Field(ge=0)] | None = None
    """How far two answers to one request may lie apart; None: each request is sent once."""
    requests: Annotated[tuple[GoldenRequest, ...], Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _tolerates_little(self) -> "Golden":
        if self.tolerance > MOST_TOLERATED * self.span:
            raise ValueError(f"tolerance is more than {MOST_TOLERATED:.0%} of the span")
        return self


def scores_of(body: bytes, content_type: str) -> list[Score]:
    """The scores in an answer of the inference server. Raises ValueError when it holds none."""
    text = body.decode("utf-8")
    if content_type.startswith("text/csv"):
        rows = [line.split(",") for line in text.split()]
        return [float(row[0]) if len(row) == 1 else tuple(map(float, row)) for row in rows]
    predictions = json.loads(text)["predictions"]
    return [tuple(map(float, row)) if isinstance(row, list) else float(row) for row in predictions]


def _parts(score: Score) -> tuple[float, ...]:
    return score if isinstance(score, tuple) else (score,)


def flat(scores: Sequence[Score]) -> list[float]:
    """All numbers of the scores, in order."""
    return [part for score in scores for part in _parts(score)]


def rows_of(answer: JsonValue, scores: Sequence[Score], each: bool = False) -> list[list[float]]:
    """The numbers of each row of an answer, of its whole where one is expected; `answers.rows` says them."""
    return answers.rows(answer, each) if answer is not None else [[*_parts(score)] for score in scores]


def classes_of(score: Score) -> int:
    """Of how many classes it has a probability; 1 for a number."""
    return len(_parts(score))


def is_finite(score: Score) -> bool:
    """Whether all of it are finite numbers."""
    return all(map(math.isfinite, _parts(score)))


def _differences(one: Score, other: Score) -> list[float]:
    """Of each of their numbers; infinite where they have not as many."""
    mine, others = _parts(one), _parts(other)
    if len(mine) != len(others):
        return [math.inf]
    return [abs(a - b) for a, b in zip(mine, others, strict=True)]


def _moved(one: Score, other: Score) -> float:
    """How far apart two scores are: of classes, the probability that other ones have."""
    found = _differences(one, other)
    return found[0] if len(found) == 1 else sum(found) / 2


def _shown(score: Score) -> str:
    return " ".join(f"{part:.6f}" for part in _parts(score))


@dataclass(frozen=True)
class Read:
    """An answer to a golden request: its scores, and all of it where the request expects a whole one."""

    scores: list[Score]
    whole: JsonValue = None


def read(request: GoldenRequest, body: bytes, content_type: str) -> Read:
    """An answer to `request`. Raises ValueError, KeyError or TypeError for one that has no such scores."""
    if request.answer is None:
        return Read(scores_of(body, content_type))
    whole = answers.at(answers.parse(body, content_type), request.answer_at)
    return Read([*answers.numbers(whole)], whole)


def media_type(content_type: str) -> str:
    """A content type without its parameters, as it is compared."""
    return content_type.partition(";")[0].strip().lower()


def of_type(golden: Golden, content_type: str) -> GoldenRequest | None:
    """The first golden request of that media type, None when there is none."""
    wanted = media_type(content_type)
    return next((one for one in golden.requests if media_type(one.content_type) == wanted), None)


def mismatch(request: GoldenRequest, tolerance: float, found: Read) -> str | None:
    """Why the answer is not the expected one, or None when it is."""
    if request.answer is not None:
        wrong = answers.difference(request.answer, found.whole, tolerance)
        return f"it answers {wrong}" if wrong else None
    scores = found.scores
    if len(scores) != len(request.scores):
        return f"{len(scores)} scores for {len(request.scores)} rows"
    for row, (expected, score) in enumerate(zip(request.scores, scores, strict=True)):
        if not is_finite(score) or max(_differences(score, expected)) > tolerance:
            return f"row {row} scored {_shown(score)}, training says {_shown(expected)}"
    return None


def changed(request: GoldenRequest, within: float, first: Read, second: Read) -> str | None:
    """Why two answers to the same request are two different ones, or None when they are one."""
    one, other = (read.whole if request.answer is not None else _rows(read) for read in (first, second))
    wrong = answers.difference(one, other, within)
    return f"{CHANGES}: {wrong.replace('is expected', 'was before')}" if wrong else None


def _rows(found: Read) -> list[list[float]]:
    return [[*_parts(score)] for score in found.scores]


CHANGES = "the same request got two answers"
"""What is said of a server whose answer changes between two identical requests."""


class Answered(Data):
    """What live and the candidate answered to the same request; milliseconds of each answer."""

    live: tuple[Score, ...]
    candidate: tuple[Score, ...]
    error: str = ""
    """Why the candidate gave no scores for what live scored."""
    live_ms: float
    candidate_ms: float


class Comparison(Data):
    """Live and candidate on the same golden requests, before the candidate has any traffic."""

    requests: int
    rows: int
    changed: int
    """Rows whose scores differ by more than the golden requests' tolerance."""
    mean_change: float
    most_change: float
    errors: tuple[str, ...]
    live_ms: float
    """Median of the answers' times."""
    candidate_ms: float

    def words(self) -> str:
        """In one line, for people."""
        return (
            f"{self.changed} of {self.rows} golden scores change, by {self.mean_change:.3g} in the mean and "
            f"{self.most_change:.3g} at most; {self.candidate_ms:.1f} ms beside {self.live_ms:.1f} ms"
        )


def compared(answers: Sequence[Answered], tolerance: float) -> Comparison:
    """What the answers come to. There is at least one."""
    changes = [
        _moved(one, other)
        for answer in answers
        for one, other in zip(answer.live, answer.candidate, strict=False)
        if not answer.error
    ]
    return Comparison(
        requests=len(answers),
        rows=len(changes),
        changed=sum(change > tolerance for change in changes),
        mean_change=sum(changes) / len(changes) if changes else 0.0,
        most_change=max(changes, default=0.0),
        errors=tuple(answer.error for answer in answers if answer.error),
        live_ms=median(answer.live_ms for answer in answers),
        candidate_ms=median(answer.candidate_ms for answer in answers),
    )


def differs_too_much(found: Comparison, allowed: Allowed, span: float = 1.0) -> str | None:
    """Why the candidate must not get traffic, or None; scores usually lie within `span`."""
    if found.errors:
        return (
            f"it gives no scores for {len(found.errors)} of {found.requests} golden requests that live "
            f"answers: {found.errors[0]}"
        )
    if found.mean_change > allowed.mean_change * span:
        return (
            f"its golden scores differ from live's by {found.mean_change:.3g} in the mean, and "
            f"{allowed.mean_change * span:g} is allowed"
        )
    if found.candidate_ms > allowed.times_slower * found.live_ms + allowed.slower_ms:
        return (
            f"it answers golden requests in {found.candidate_ms:.0f} ms, live in {found.live_ms:.0f} ms; "
            f"allowed are {allowed.times_slower:g} times as long and {allowed.slower_ms:g} ms more"
        )
    return None
