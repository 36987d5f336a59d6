"""Whether a release is fenced: the gate of whoever brings it into a stage, and a warning elsewhere."""

from release.domain import fence
from release.domain.errors import SlipwayError
from release.domain.fence import Fence, clear_command
from release.domain.ledger import WAY_BACK, Request
from release.domain.manifest import GateResult
from release.operations import rollouts
from release.ports import Event, StagePorts, Tell, World


def gate(world: World, target: StagePorts, request: Request, tell: Tell) -> GateResult:
    """The gate of `request`'s release at `target`, by the fences of all stages that can be read.

    A rollout that is on its way back already is let through: it only ends what it began, and its own fence
    may be there before its last entry. Raises SlipwayError when a stage that a promotion comes through, or
    would, cannot be read.
    """
    standing = _standing(world, target, request, tell)
    if standing and _goes_back(target, request):
        standing = []
    return fence.gate(standing)


def warn(ports: StagePorts, release: str, tell: Tell) -> None:
    """Say that a release is fenced in its own stage, where that must stop nobody."""
    try:
        found = ports.fences.of(release)
    except SlipwayError as error:
        tell(Event(f"whether {release} is fenced cannot be read: {error.cause}", detail=True))
        return
    if found and found.stands:
        tell(Event(f"{release} is {found}. It goes on all the same; cleared by {clear_command(release)}"))


def _standing(world: World, target: StagePorts, request: Request, tell: Tell) -> list[Fence]:
    found = []
    names = world.stages.names
    needed = names[: names.index(target.name)] if request.kind in ("promote", "experiment") else ()
    for name in names:
        try:
            fences = target.fences if name == target.name else world.fences(name)
            kept = fences.of(request.release)
        except SlipwayError as error:
            if name == target.name:
                raise
            if name in needed:
                raise _unreadable(name, request, error) from None
            tell(Event(f"the fences of {name} cannot be read: {error.cause}", detail=True))
            continue
        found += [kept] if kept and kept.stands else []
    return found


def _goes_back(target: StagePorts, request: Request) -> bool:
    found = rollouts.found_open(target, request.endpoint)
    if found is None or found.phase not in WAY_BACK:
        return False
    subject = found.subject
    return Request(subject.kind, subject.endpoint, subject.release) == request


def _unreadable(stage: str, request: Request, error: SlipwayError) -> SlipwayError:
    return type(error)(
        f"The fences of {stage} cannot be read: {error.cause}",
        f"{request.release} may be marked bad there, so nothing was changed.",
        error.next_step or f"Use credentials that can read {stage}, then run this again.",
    )
