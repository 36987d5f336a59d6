"""Fences: releases that are marked bad. No stage accepts one until somebody clears it with a reason.

Pure; the records lie in the stages' buckets (`release/adapters/fence_store.py`). A release that was fenced
again keeps its earlier fences, each with who cleared it, when and why.
"""

from collections.abc import Sequence
from typing import Literal

from release.domain.errors import UsageError
from release.domain.manifest import GateResult
from release.domain.pins import Data, ReleaseId

GATE = "fence"


class Signature(Data):
    """Who does something, and when (UTC in ISO 8601)."""

    by: str
    at: str


class Clearing(Signature):
    """A person's word that a release is good after all."""

    reason: str


class Fence(Data):
    """One mark on one release, made in one stage."""

    format: Literal[1] = 1
    release: ReleaseId
    stage: str
    reason: str
    by: str
    at: str
    rollout: str = ""
    """The rollout that it comes of; empty where a person made it."""
    cleared: Clearing | None = None
    earlier: tuple["Fence", ...] = ()
    """Fences of the same release in the same stage that were cleared before, oldest first."""

    @property
    def stands(self) -> bool:
        """Whether it keeps the release out."""
        return self.cleared is None

    def __str__(self) -> str:
        return f"fenced in {self.stage} on {self.at[:16].replace('T', ' ')} by {self.by}: {self.reason}"


def put(known: Fence | None, new: Fence) -> Fence:
    """What a stage keeps of a release after `new`, when it kept `known` before.

    A fence that stands stays as it is. So does a cleared one of the same rollout: a process that was killed
    and runs again makes no second mark, and does not undo what a person cleared meanwhile.
    """
    if known is None:
        return new
    rollouts = {fence.rollout for fence in (known, *known.earlier)} - {""}
    if known.stands or new.rollout in rollouts:
        return known
    past = known.model_copy(update={"earlier": ()})
    return new.model_copy(update={"earlier": (*known.earlier, past)})


def clear(known: Fence | None, clearing: Clearing) -> Fence | None:
    """What a stage keeps after `clearing`: who cleared a fence first stays on record."""
    if known is None or not known.stands:
        return known
    return known.model_copy(update={"cleared": clearing})


def why(reason: str, doing: str) -> str:
    """A person's reason, without the space around it. Raises UsageError when there is none."""
    if not reason.strip():
        raise UsageError(
            f"{doing} needs a reason.",
            "Who comes later has to know why, so nothing was changed.",
            "Add --reason 'why'.",
        )
    return reason.strip()


def gate(standing: Sequence[Fence]) -> GateResult:
    """The gate of a release that these fences keep out."""
    reason = "; ".join(map(str, standing)) or "no stage has marked it bad"
    return GateResult(name=GATE, passed=not standing, reason=reason)


def clear_command(release: str) -> str:
    """The command that clears a release's fences."""
    return f"./slipway fence clear {release} --reason 'why'"
