"""What a training job's life and a tuning job's have in common: begun once, looked at until it ends.

What is said of it meanwhile, and what becomes of its end, is its own operation's.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Generic, TypeVar

from release.domain.errors import ServiceError
from release.domain.training import LIVES, UNDER_WAY, Request, Status
from release.jobs import Jobs, Standing
from release.ports import Clock, Event, Tell

FIRST_LOOK, LAST_LOOK, GROWTH = 0.5, 10.0, 1.3
"""Seconds between two looks at a job: few at first, more the longer it takes."""


J = TypeVar("J", bound=Standing)


@dataclass(frozen=True)
class Kind(Generic[J]):
    """What differs between the kinds of jobs."""

    word: str
    name: Callable[[str, str, Request, int], str]
    """Of the service's so many-th job in a stage that is asked for exactly a request."""
    afresh: Callable[[Request, int], Request]
    """The same request, of a job that goes on with nothing."""
    there: Callable[[J], str]
    """What is said of one that there is already."""


def begun(
    kind: Kind[J],
    jobs: Jobs[J],
    named: tuple[str, str],
    request: Request,
    again: bool,
    tell: Tell,
) -> J:
    """The job of this request: the one that there is, or a new one. `named` are its service and stage.

    With `again` one that is Completed is not it: the new one goes on with nothing then.
    """
    over = False
    for attempt in count(1):
        name = kind.name(*named, request, attempt)
        found = jobs.describe(name)
        if found is None:
            break
        if found.status in LIVES and not (again and found.status is Status.COMPLETED):
            tell(Event(kind.there(found)))
            return found
        over = over or found.status is Status.COMPLETED
    jobs.create(name, kind.afresh(request, attempt) if over else request)
    tell(Event(f"the {kind.word} {name} was started"))
    made = jobs.describe(name)
    if made is None:
        raise ServiceError(f"SageMaker knows no {kind.word} {name}, which it has just started.")
    return made


def looks(jobs: Jobs[J], job: J, clock: Clock) -> Iterator[J]:
    """The job at each look, the last one when it has ended."""
    seconds = FIRST_LOOK
    while job.status in UNDER_WAY:
        yield job
        clock.sleep(seconds)
        seconds = min(seconds * GROWTH, LAST_LOOK)
        job = jobs.describe(job.name) or job
    yield job
