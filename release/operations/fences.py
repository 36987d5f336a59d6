"""Fences as people see and change them: which releases are marked bad, marking one, and clearing it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from release.domain import fence
from release.domain.errors import ServiceError, SlipwayError, UsageError
from release.domain.fence import Clearing, Fence
from release.operations import known
from release.ports import Event, Fences, Tell, World


@dataclass(frozen=True)
class Found:
    """Fences, stage by stage, and the stages that could not be read."""

    fences: Sequence[Fence]
    unread: Sequence[str]


def listed(world: World, with_cleared: bool, tell: Tell) -> Found:
    """The fences of all stages that can be read; those that were cleared only when asked for."""
    looked = _Looked(world, tell)
    found = [kept for _, fences in looked for kept in fences.all()]
    past = [earlier for kept in found for earlier in (*kept.earlier, kept)]
    return Found([kept for kept in past if kept.stands or with_cleared], looked.unread)


def add(world: World, release: str, reason: str, tell: Tell) -> Found:
    """Mark a release bad in every stage that has a bucket and can be reached.

    Raises UsageError for what is no release's id or has no reason, ServiceError when no stage could keep it.
    """
    known.is_id(release)
    text = fence.why(reason, "A fence")
    looked, kept = _Looked(world, tell), []
    for stage, fences in looked:
        if not fences.exists():
            continue
        signed = fences.sign()
        new = Fence(release=release, stage=stage, reason=text, by=signed.by, at=signed.at)
        kept.append(fences.change(release, lambda before, new=new: fence.put(before, new)))
    if not kept:
        raise ServiceError(
            "No stage has a bucket that can be reached.",
            f"{release} is not fenced.",
            "Use credentials of a stage, then run this again.",
        )
    return Found([found for found in kept if found], looked.unread)


def clear(world: World, release: str, reason: str, tell: Tell) -> Found:
    """Let a release in again, everywhere that can be reached: its fences stay on record as cleared.

    Raises UsageError when no fence stands or there is no reason.
    """
    known.is_id(release)
    text = fence.why(reason, "Clearing a fence")
    looked, cleared = _Looked(world, tell), []
    for _, fences in looked:
        kept = fences.of(release)
        if kept is None or not kept.stands:
            continue
        signed = fences.sign()
        clearing = Clearing(by=signed.by, at=signed.at, reason=text)
        cleared.append(fences.change(release, lambda before, word=clearing: fence.clear(before, word)))
    if not cleared:
        elsewhere = f", as far as can be read (not: {', '.join(looked.unread)})" if looked.unread else ""
        raise UsageError(
            f"{release} is not fenced{elsewhere}.", "Nothing was changed.", "See which are: ./slipway fence"
        )
    return Found([found for found in cleared if found], looked.unread)


class _Looked:
    """Goes through the stages' fences; where one cannot be read, says so and goes on."""

    def __init__(self, world: World, tell: Tell) -> None:
        self._world = world
        self._tell = tell
        self.unread: list[str] = []

    def __iter__(self) -> Iterator[tuple[str, Fences]]:
        for name in self._world.stages.names:
            try:
                fences = self._world.fences(name)
                fences.exists()
            except SlipwayError as error:
                self.unread.append(name)
                self._tell(Event(f"the fences of {name} cannot be read: {error.cause}", detail=True))
                continue
            yield name, fences
