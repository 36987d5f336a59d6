"""Golden requests to live and to the candidate beside it, before it has any traffic.

What a difference means is `release/domain/golden.py`'s.
"""

from release.domain import golden as goldens
from release.domain import names
from release.domain.golden import Answered, Comparison, Golden, GoldenRequest
from release.ports import Clock, Endpoints
from release.rollout.smoke import ask


def compare(endpoints: Endpoints, clock: Clock, endpoint: str, golden: Golden) -> Comparison | None:
    """Both answers to each golden request that live answers; None when live answers none of them."""
    answers = [
        found
        for request in golden.requests
        if (found := _both(endpoints, clock, endpoint, request)) is not None
    ]
    return goldens.compared(answers, golden.tolerance) if answers else None


def _both(endpoints: Endpoints, clock: Clock, endpoint: str, request: GoldenRequest) -> Answered | None:
    live = ask(endpoints, endpoint, request, names.LIVE, clock.monotonic)
    if live.problem:
        return None  # what live refuses, the candidate may refuse
    candidate = ask(endpoints, endpoint, request, names.CANDIDATE, clock.monotonic)
    error = candidate.problem
    if not error and len(candidate.scores) != len(live.scores):
        error = f"{len(candidate.scores)} scores for {len(live.scores)} rows"
    if not error and [*map(goldens.classes_of, candidate.scores)] != [*map(goldens.classes_of, live.scores)]:
        error = "its scores are of other classes"
    if not error and not all(map(goldens.is_finite, candidate.scores)):
        error = "a score is not a finite number"
    return Answered(
        live=tuple(live.scores),
        candidate=() if error else tuple(candidate.scores),
        error=error,
        live_ms=1000 * live.seconds,
        candidate_ms=1000 * candidate.seconds,
    )
