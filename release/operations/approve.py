"""Approve: a person says yes to one release for one stage, or takes back what was said; nothing moves.

The record by which it counts comes before the ledger's entry: a caller who may not write the one must not be
told of by the other. A crash between leaves a yes that counts, and the same command again adds the entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from release.domain import approvals, fence, gates, model_packages
from release.domain.approvals import Approval, Revocation, Tally
from release.domain.errors import ReleaseFailed, SlipwayError, UsageError
from release.domain.ledger import Request
from release.domain.said import Said, shown
from release.operations import entering, fenced, known, registries
from release.operations.entering import Arrival
from release.operations.known import Known
from release.ports import StagePorts, Tell, World


@dataclass(frozen=True)
class Approved:
    """What was said of a release, and how its approvals stand now. `by` is the caller's ARN."""

    stage: str
    endpoint: str
    release: str
    by: str
    approvals: Sequence[str]
    """Those that count."""
    passed_over: Sequence[str]
    missing: int
    words: str
    enters_by: str = ""
    """The command that brings it in, once nobody's yes is missing; empty after a yes was taken back."""


def approve(world: World, stage: str, release: str, reason: str, tell: Tell) -> Approved:
    """Record the caller's yes to `release` for `stage`.

    Raises UsageError where no yes is asked for, the release is unknown, or the caller made it or is no
    person; ReleaseFailed where the release could not enter whoever says yes.
    """
    text = fence.why(reason, "An approval")
    found = known.find(world, stage, release, tell)
    entry, ports, caller = found.entry, found.ports, found.ports.caller()
    _insist_asked(world, found)
    _insist_somebody(found, caller.arn)
    about = _evidence(world, found, tell)
    at = found.now.isoformat(timespec="milliseconds")
    yes = Approval(by=caller.arn, reason=text, at=at, evidence=about, actor=caller.actor)
    kept = ports.approvals.change(release, lambda before: approvals.give(before, release, ports.name, yes))
    found.record("approve", Said(event="approved", by=yes.by, reason=text, actor=yes.actor, evidence=about))
    said = approvals.tally(kept, found.makers, entry.asked, about, found.now)
    enters = not said.missing
    if enters:
        words = f"{'; '.join(map(str, said.counted)) or yes} (evidence {about[:12]})"
        enters = registries.say(ports, found.endpoint, found.content, approved=True, words=words, tell=tell)
    return _told(found, caller.arn, said, world.stages.entering(ports.name) if enters else "")


def revoke(world: World, stage: str, release: str, reason: str, tell: Tell) -> Approved:
    """Take back every yes to `release` for `stage` that stands: a no stops it, whoever says it.

    An approval in SageMaker's Model Registry is one too. Raises UsageError where none stands.
    """
    text = fence.why(reason, "To take an approval back")
    found = known.find(world, stage, release, tell)
    ports, caller = found.ports, found.ports.caller()
    standing = approvals.standing(ports.approvals.of(release))
    if not standing and not registries.approved(ports, found.endpoint, found.content):
        raise UsageError(
            f"Nobody's yes to {release} stands in {stage}.",
            "There is nothing to take back, so nothing was recorded.",
            f"To keep the release out of every stage: ./slipway fence add {release} --reason 'why'",
        )
    at = found.now.isoformat(timespec="milliseconds")
    revocation = Revocation(by=caller.arn, at=at, reason=text)
    kept = None
    if standing:
        kept = ports.approvals.change(release, lambda before: approvals.revoke(before, revocation))
    found.record("approve", Said(event="revoked", by=caller.arn, reason=text, actor=caller.actor))
    words = f"{shown(caller.arn, caller.actor)}: {text}"
    registries.say(ports, found.endpoint, found.content, approved=False, words=words, tell=tell)
    return _told(found, caller.arn, approvals.tally(kept, found.makers, found.entry.asked, None, found.now))


def awaited(world: World, ports: StagePorts, endpoint: str) -> str:
    """How the approvals stand of what would come to a stage next, in words; empty where none is asked for."""
    entry = world.stages.entry(ports.name)
    by_version = ports.settings.model_packages == "approved"
    if not (entry.approvals or by_version) or world.stages.names[0] == ports.name:
        return ""
    source = world.stages.before(ports.name)
    try:
        before = world.settings(source).endpoints.get(endpoint)
    except SlipwayError as error:
        return f"what would come next cannot be read in {source}: {error.cause}"
    coming = before.pins.live.release if before and before.pins.live else None
    live = ports.settings.endpoints[endpoint].pins.live
    if coming is None or (live and live.release == coming):
        return ""
    try:
        kept = ports.approvals.of(coming)
        makers = entering.makers_of(world.stage(source), coming)
    except SlipwayError as error:
        return f"who approved {coming} cannot be read: {error.cause}"
    now = ports.clock.now()
    found = [approvals.tally(kept, makers, entry.asked, None, now).words()] if entry.approvals else []
    if by_version:
        try:
            package = registries.version(ports, endpoint, world.stage(source).artifacts.manifest(coming))
        except Exception as error:  # of whatever asks SageMaker: a remark costs no status
            return f"whether the version of {coming} is approved cannot be read: {error}"
        found.append(model_packages.gate(package, makers, entry.asked, now).reason)
    return f"{coming}, which would come next, has {'; '.join(found)}"


def _insist_asked(world: World, found: Known) -> None:
    if found.entry.approvals or found.ports.settings.model_packages == "approved":
        return
    raise UsageError(
        f"{found.ports.name} asks for nobody's yes.",
        "Nothing was recorded.",
        f"Bring it: {world.stages.entering(found.ports.name)}; or have the stage ask, by `approvals: 1` in "
        "its entry in Pulumi.yaml.",
    )


def _insist_somebody(found: Known, arn: str) -> None:
    """Refuse a yes that would not count, as its caller made the release or is no person."""
    named = found.entry.named_sessions
    command = approvals.command(found.release, found.ports.name)
    if approvals.person(arn, named) in {approvals.person(maker, named) for maker in found.makers}:
        raise UsageError(
            f"{shown(arn)} released {found.release}.",
            "The yes of whoever made a release does not count, so nothing was recorded.",
            f"Have somebody else run it, with credentials of their own: {command}",
        )
    if nobody := approvals.no_person(arn, named):
        raise UsageError(
            f"{shown(arn)} {nobody}.",
            "Whoever released it may be the one who chose that name, so nothing was recorded.",
            f"{approvals.BECOME_SOMEBODY[0].upper()}{approvals.BECOME_SOMEBODY[1:]} (under `stages:` in "
            f"Pulumi.yaml); then: {command}",
        )


def _evidence(world: World, found: Known, tell: Tell) -> str:
    """What the yes is about. Raises ReleaseFailed where the release could not enter with any yes."""
    entry, ports, content = found.entry, found.ports, found.content
    request = Request("promote", found.endpoint, content.id)
    waived = entering.in_force(entry, ports, content.id)
    asked = entering.evidence(entry, ports, Arrival(request, content), waived, tell)
    bad = gates.failed([*asked.results, fenced.gate(world, ports, request, tell)])
    if bad:
        raise ReleaseFailed(
            f"Release {content.id} could not enter {ports.name} whoever says yes: "
            f"{'; '.join(f'{gate.name}: {gate.reason}' for gate in bad)}",
            "Nothing was recorded.",
            gates.next_step(bad, content.id, ports.name, entering.waivable(entry, ports, content)),
        )
    return entering.about_what(entry, ports, content, asked)


def _told(found: Known, by: str, said: Tally, enters_by: str = "") -> Approved:
    counted = [one.by for one in said.counted]
    return Approved(
        found.ports.name,
        found.endpoint,
        found.release,
        by,
        counted,
        said.passed_over,
        said.missing,
        said.words(),
        enters_by,
    )
