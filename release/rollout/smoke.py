"""Golden requests, sent: does the endpoint answer as training says?

What an answer has to be is `release/domain/golden.py`'s.
"""

from collections.abc import Callable
from dataclasses import dataclass

from release.domain import golden as goldens
from release.domain.golden import Golden, GoldenRequest, Read, Score
from release.ports import Endpoints, Unanswered

ATTEMPTS = 3


def smoke(endpoints: Endpoints, endpoint: str, golden: Golden, variant: str | None = None) -> str | None:
    """Send the golden requests (to `variant`, None: to whoever gets them); why an answer is wrong, or None.

    An answer that is no answer (5xx, throttling) is asked again, a wrong one is not.
    """
    for number, request in enumerate(golden.requests, start=1):
        problem = _wrong(endpoints, endpoint, request, golden, variant)
        if problem:
            return f"golden request {number} of {len(golden.requests)}: {problem}"
    return None


def _wrong(
    endpoints: Endpoints, endpoint: str, request: GoldenRequest, golden: Golden, variant: str | None
) -> str | None:
    """Why the answer to one request is wrong, or changes when it is asked for twice; None when neither."""
    first = ask(endpoints, endpoint, request, variant)
    if first.problem or golden.repeats_within is None:
        return first.problem or goldens.mismatch(request, golden.tolerance, first.read)
    again = ask(endpoints, endpoint, request, variant)
    return (
        again.problem
        or goldens.changed(request, golden.repeats_within, first.read, again.read)
        or goldens.mismatch(request, golden.tolerance, first.read)
        or goldens.mismatch(request, golden.tolerance, again.read)
    )


@dataclass(frozen=True)
class Asked:
    """What a request got and the seconds of that answer, or why there is none."""

    read: Read
    seconds: float = 0.0
    problem: str = ""

    @property
    def scores(self) -> list[Score]:
        """The scores of the answer."""
        return self.read.scores


def ask(
    endpoints: Endpoints,
    endpoint: str,
    request: GoldenRequest,
    variant: str | None,
    monotonic: Callable[[], float] = lambda: 0.0,
) -> Asked:
    """Send one golden request to `variant` (None: to whoever gets it), again where there is no answer.

    The seconds are by the clock `monotonic`; without one they are 0.
    """
    problem = ""
    for _ in range(ATTEMPTS):
        begun = monotonic()
        try:
            answer = endpoints.invoke(
                endpoint, request.body.encode(), request.content_type, variant, request.accept
            )
            read = goldens.read(request, answer["Body"], answer["ContentType"])
        except Unanswered as error:
            problem = str(error)
            continue
        except (ValueError, KeyError, TypeError) as error:
            return Asked(Read([]), problem=f"the answer cannot be read: {error}")
        return Asked(read, monotonic() - begun)
    return Asked(Read([]), problem=problem)
