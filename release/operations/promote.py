"""Promote: the release that is live in one stage becomes live in a later one, proven again there.

The source's pin is verified against the manifest and the bytes, the target's gates are evaluated, image and
artifact are copied by content; then the rollout.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from release.domain.errors import UsageError
from release.domain.ledger import Closed, End, Entry, Opened, Request
from release.domain.manifest import Manifest
from release.domain.pins import ReleasePin, Strategy
from release.domain.stages import Stages
from release.operations import entering, fenced, judging, quota, registries, rollouts, standing
from release.operations.entering import Arrival
from release.operations.land import Grounds, Landed, land
from release.operations.way import skip_of
from release.ports import Event, StagePorts, Tell, World


@dataclass(frozen=True)
class Order:
    """What is to be promoted: to which stage, from where (None: the stage before), and on what grounds."""

    target: str
    source: str | None = None
    endpoint: str | None = None
    skip: bool = False
    reason: str = ""
    strategy: Strategy | None = None


def promote(world: World, order: Order, tell: Tell) -> Landed:
    """Verify, copy, gate, roll out, verify again.

    Raises UsageError for a wrong way or a release that is not what was proven, ReleaseFailed when a gate or
    the rollout said no.
    """
    entry = world.stages.entry(order.target)
    from_stage = order.source or world.stages.before(order.target)
    skip = skip_of(world.stages, from_stage, order.target, order.skip, order.reason)
    source, target = world.stage(from_stage), world.stage(order.target)
    endpoint = target.settings.only_endpoint(order.endpoint)
    standing.insist(source, source.settings.only_endpoint(endpoint), "source")
    standing.insist(target, endpoint, "bring")
    pin = _source_pin(world.stages, source, endpoint)
    tell(Event(f"verifying {pin.release} in {from_stage}: manifest, image digest, artifact checksum"))
    content = verify(source, pin)
    since = _live_since(source, endpoint, content.id) if entry.soak_minutes else None
    request = Request("promote", endpoint, pin.release)
    makers = entering.makers_of(source, content.id)
    found = entering.results(entry, target, Arrival(request, content, since, makers), tell)
    results = [*found.results, fenced.gate(world, target, request, tell)]
    waivable = entering.waivable(entry, target, content)
    target = entering.place_for_words(world, target, results, waivable, tell)
    results = registries.offer(
        target, endpoint, content, results, lambda: _bring(source, target, pin, content, makers, tell), tell
    )
    rollouts.pass_gates(target, request, results, waivable, tell)
    rollouts.admit(target, request)
    judging.refuse_impossible(target, endpoint, content, order.strategy)
    quota.refuse_short(target, endpoint, tell)
    target = rollouts.provision(world, target, tell)
    arrived = _bring(source, target, pin, content, makers, tell)
    if rollouts.serves_already(target, endpoint, pin.release, tell):
        return Landed(target.name, endpoint, pin.release, changed=False)
    grounds = Grounds(skip, found.approvals, found.waivers, found.callers_know, order.strategy)
    return land(target, "promote", endpoint, arrived, grounds, tell)


def _source_pin(stages: Stages, source: StagePorts, endpoint: str) -> ReleasePin:
    pin = source.settings.endpoints[endpoint].live
    if pin is None:
        raise UsageError(
            f"Endpoint {endpoint} has no live release in {source.name}.",
            "There is nothing to promote, so nothing was changed.",
            f"Bring one there first: {stages.entering(source.name)}",
        )
    return pin


def verify(source: StagePorts, pin: ReleasePin) -> Manifest:
    """The pin's manifest. Raises UsageError when pin, manifest, registry and bucket do not agree."""
    content = source.artifacts.manifest(pin.release)
    wrong = []
    if pin.digest != content.image.digest:
        wrong.append(f"the pin's image digest is {pin.digest}, the manifest's {content.image.digest}")
    elif not source.registry.has(pin.digest):
        wrong.append(f"the image {pin.image} is not in the registry")
    if pin.sha256 != content.model.sha256:
        wrong.append(f"the pin's checksum is {pin.sha256}, the manifest's {content.model.sha256}")
    else:
        found = source.artifacts.model_sha256(pin.model)
        if found is None:
            wrong.append(f"the artifact {pin.model} does not exist")
        elif found != pin.sha256:
            wrong.append(f"the bytes of {pin.model} have SHA-256 {found}, the pin says {pin.sha256}")
    if wrong:
        raise UsageError(
            f"Release {pin.release} in {source.name} is not what was proven: {'; '.join(wrong)}.",
            "Nothing was copied or changed.",
            f"Restore the pin in Pulumi.{source.name}.yaml from Git, or release the model anew.",
        )
    return content


def _live_since(source: StagePorts, endpoint: str, release: str) -> datetime | None:
    """When the release became live in the source for the last time, None when its ledger does not say."""
    landed: Entry | None = None
    for stored in source.ledger.newest_first():
        entry = stored.entry
        if landed is None:
            ended = isinstance(entry.what, Closed) and entry.what.event is End.LANDED
            landed = entry if ended and entry.subject.endpoint == endpoint else None
        elif isinstance(entry.what, Opened) and entry.subject.rollout == landed.subject.rollout:
            live = entry.what.after.live
            return datetime.fromisoformat(landed.at) if live and live.release == release else None
    return None


def _bring(
    source: StagePorts,
    target: StagePorts,
    pin: ReleasePin,
    content: Manifest,
    makers: Sequence[str],
    tell: Tell,
) -> ReleasePin:
    """Copy image, artifact and manifest into the target stage; returns the pin that names them there.

    Who made the release goes with it.
    """
    tell(Event(f"copying the image by digest and the artifact by checksum to {target.name}"))
    target.registry.copy_from(pin.image, source.registry.login(), pin.digest, pin.release)
    target.artifacts.copy_model(source.artifacts, pin.model, pin.sha256)
    _, golden = source.artifacts.golden(content)
    target.artifacts.put_release(content, golden)
    if makers:
        entering.keep_makers(target, content.id, makers)
    return ReleasePin(
        release=pin.release,
        image=f"{target.registry.uri()}@{pin.digest}",
        model=target.artifacts.model_uri(pin.sha256),
        sha256=pin.sha256,
    )
