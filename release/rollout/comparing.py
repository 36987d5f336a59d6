"""Golden requests to live and to the candidate beside it, before it has any traffic.

What a difference means is `release/domain/golden.py`'s.
"""

import math

from release.domain import golden as goldens
from release.domain import names
from release.domain.golden import Answered, Comparison, Golden, GoldenRequest
from release.ports import Clock, Endpoints, Unanswered
from release.rollout.smoke import ATTEMPTS


def compare(endpoints: Endpoints, clock: Clock, endpoint: str, golden: Golden) -> Comparison | None:
    """Both answers to each golden request that live answers; None when live answers none of them."""
    answers = [
        found
        for request in golden.requests
        if (found := _both(endpoints, clock, endpoint, request)) is not None
    ]
    return goldens.compared(answers, golden.tolerance) if answers else None


def _both(endpoints: Endpoints, clock: Clock, endpoint: str, request: GoldenRequest) -> Answered | None:
    live, live_ms, wrong = _scores(endpoints, clock, endpoint, request, names.LIVE)
    if wrong:
        return None  # what live refuses, the candidate may refuse
    candidate, candidate_ms, error = _scores(endpoints, clock, endpoint, request, names.CANDIDATE)
    if not error and len(candidate) != len(live):
        error = f"{len(candidate)} scores for {len(live)} rows"
    if not error and not all(map(math.isfinite, candidate)):
        error = "a score is not a finite number"
    return Answered(
        live=tuple(live),
        candidate=() if error else tuple(candidate),
        error=error,
        live_ms=live_ms,
        candidate_ms=candidate_ms,
    )


def _scores(
    endpoints: Endpoints, clock: Clock, endpoint: str, request: GoldenRequest, variant: str
) -> tuple[list[float], float, str]:
    problem = ""
    for _ in range(ATTEMPTS):
        begun = clock.monotonic()
        try:
            answer = endpoints.invoke(endpoint, request.body.encode(), request.content_type, variant)
            scores = goldens.scores_of(answer["Body"], answer["ContentType"])
        except Unanswered as error:
            problem = str(error)
            continue
        except (ValueError, KeyError, TypeError) as error:
            return [], 0.0, f"the answer cannot be read: {error}"
        return scores, 1000 * (clock.monotonic() - begun), ""
    return [], 0.0, problem
