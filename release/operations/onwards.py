"""Onwards: where a retrained release goes after the first stage: promoted where data says so, or proposed."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from release.domain.errors import Held, ReleaseFailed, SlipwayError, UsageError
from release.domain.proposal import Proposal
from release.domain.retrained import Outcome
from release.operations import promote
from release.operations.propose import propose
from release.ports import Tell, World


@dataclass(frozen=True)
class Way:
    """What the stages' data says of a retrained release."""

    first: str
    by_itself: Sequence[str]
    """The stages after the first to which it is promoted."""
    beyond: str | None
    """The one for which it is proposed; None where none is left."""


@dataclass(frozen=True)
class Gone:
    """How far it went, and why not further where that is for another reason than the stages' data."""

    outcome: Outcome
    at: str
    """The last stage where it is live."""
    proposal: Proposal | None = None
    stopped: SlipwayError | None = None
    next_step: str = ""
    """What to do about that, and by which command it goes on then: the retrain itself is done."""


def way(world: World) -> Way:
    """The way that it will go. Raises UsageError for a stage whose file cannot be read."""
    first, *later = world.stages.names
    by_itself = list(takewhile(lambda name: world.settings(name).retrain.promote, later))
    return Way(first, by_itself, next(iter(later[len(by_itself) :]), None))


def go(world: World, by: Way, endpoint: str, release: str, reason: str, tell: Tell) -> Gone:
    """Promote a release, live in the first stage, as far as it goes by itself, and propose it for the next.

    A gate that says no, what a person has to put right, or another release that is live there by then, ends
    it where it is.
    """
    outcome: Outcome = "released"
    at, command = by.first, ""
    try:
        for name in by.by_itself:
            command = world.stages.entering(name)
            promote.promote(world, promote.Order(name, endpoint=endpoint, release=release), tell)
            outcome, at = "promoted", name
        if by.beyond is None:
            return Gone(outcome, at)
        command = f"{world.stages.entering(by.beyond)} --propose"
        order = promote.Order(by.beyond, endpoint=endpoint, release=release, reason=reason)
        found = propose(world, order, tell)
    except (ReleaseFailed, UsageError, Held) as error:
        return Gone(outcome, at, None, error, f"{error.next_step} The command is then: {command}")
    return Gone("proposed", at, found)
