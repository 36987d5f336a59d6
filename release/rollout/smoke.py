"""Golden requests, sent: does the endpoint answer as training says?

What an answer has to be is `release/domain/golden.py`'s.
"""

from release.domain import golden as goldens
from release.domain.golden import Golden, GoldenRequest
from release.ports import Endpoints, Unanswered

ATTEMPTS = 3


def smoke(endpoints: Endpoints, endpoint: str, golden: Golden, variant: str | None = None) -> str | None:
    """Send the golden requests (to `variant`, None: to whoever gets them); why an answer is wrong, or None.

    An answer that is no answer (5xx, throttling) is asked again, a wrong one is not.
    """
    for number, request in enumerate(golden.requests, start=1):
        problem = _ask(endpoints, endpoint, request, golden.tolerance, variant)
        if problem:
            return f"golden request {number} of {len(golden.requests)}: {problem}"
    return None


def _ask(
    endpoints: Endpoints, endpoint: str, request: GoldenRequest, tolerance: float, variant: str | None
) -> str | None:
    problem = ""
    for _ in range(ATTEMPTS):
        try:
            answer = endpoints.invoke(endpoint, request.body.encode(), request.content_type, variant)
            scores = goldens.scores_of(answer["Body"], answer["ContentType"])
        except Unanswered as error:
            problem = str(error)
            continue
        except (ValueError, KeyError, TypeError) as error:
            return f"the answer cannot be read: {error}"
        return goldens.mismatch(request, tolerance, scores)
    return problem
