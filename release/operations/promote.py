"""Promote: the release that is live in one stage becomes live in a later one, proven again there.

The source's pin is verified against the manifest and the bytes, the target's gates are evaluated, image and
artifact are copied by content; then the rollout.
"""

from dataclasses import dataclass
from typing import Literal

from release.domain import finished
from release.domain.errors import UsageError
from release.domain.finished import Finished
from release.domain.ledger import End, Request, Skip
from release.domain.manifest import GateResult, Manifest
from release.domain.pins import ReleasePin, Strategy
from release.domain.stages import Stages
from release.operations import entering, fenced, judging, quota, recording, registries, rollouts, standing
from release.operations.entering import Arrival, Found
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
    release: str | None = None
    """The release that it has to be; None: whichever is live in the source."""
    merged: bool = False
    """Whether it was proposed in the stage's file, and merged."""
    kind: Literal["promote", "experiment"] = "promote"
    """Whether it is to become live, or to be compared with what is."""


@dataclass(frozen=True)
class Coming:
    """A release that asks to enter a stage, and what was found of it; nothing was changed anywhere."""

    source: StagePorts
    target: StagePorts
    endpoint: str
    pin: ReleasePin
    """The release as the source has it."""
    arrival: Arrival
    skip: Skip | None
    found: Found
    results: list[GateResult]
    """The gates of `found`, and the fence."""

    @property
    def content(self) -> Manifest:
        """The release's manifest."""
        return self.arrival.content


@dataclass(frozen=True)
class Ready:
    """A release that the target's gates let in, and that lies there with all it needs."""

    target: StagePorts
    endpoint: str
    content: Manifest
    pin: ReleasePin
    """The release as the target has it."""
    grounds: Grounds


def promote(world: World, order: Order, tell: Tell) -> Landed:
    """Verify, copy, gate, roll out, verify again.

    Raises UsageError for a wrong way or a release that is not what was proven, ReleaseFailed when a gate or
    the rollout said no.
    """
    ready = brought(world, order, tell)
    target, endpoint, release = ready.target, ready.endpoint, ready.content.id
    if rollouts.serves_already(target, endpoint, release, tell):
        recording.rollout(target, endpoint, tell)
        return Landed(target.name, endpoint, release, changed=False)
    return land(target, "promote", endpoint, ready.pin, ready.grounds, tell)


def brought(world: World, order: Order, tell: Tell) -> Ready:
    """All that comes before the rollout: verified, let in by the gates, and copied. Raises as `promote`."""
    coming = proven(world, order, tell)
    target, endpoint, content, found = coming.target, coming.endpoint, coming.content, coming.found
    entry, request = world.stages.entry(order.target), coming.arrival.request
    waivable = entering.waivable(entry, target, content)
    target = entering.place_for_words(world, target, coming.results, waivable, tell)
    results = registries.offer(
        target, endpoint, content, coming.results, lambda: _bring(coming, target, tell), tell
    )
    rollouts.pass_gates(target, request, results, waivable, tell)
    rollouts.admit(target, request)
    judging.refuse_impossible(target, endpoint, content, order.strategy, tell)
    quota.refuse_short(target, endpoint, tell)
    target = rollouts.provision(world, target, tell)
    grounds = Grounds(
        coming.skip,
        found.approvals,
        found.waivers,
        found.callers_know,
        reason="" if coming.skip else order.reason,
        proposed=order.merged,
        strategy=order.strategy,
    )
    return Ready(target, endpoint, content, _bring(coming, target, tell), grounds)


def proven(world: World, order: Order, tell: Tell) -> Coming:
    """The release, verified where it comes from, and what the target's gates say of it. Reads only.

    Raises UsageError as `promote`.
    """
    entry = world.stages.entry(order.target)
    from_stage = order.source or world.stages.before(order.target)
    skip = skip_of(world.stages, from_stage, order.target, order.skip, order.reason)
    source, target = world.stage(from_stage), world.stage(order.target)
    endpoint = target.settings.only_endpoint(order.endpoint)
    standing.insist(source, source.settings.only_endpoint(endpoint), "source")
    standing.insist(target, endpoint, "bring")
    pin = _source_pin(world.stages, source, endpoint, order, target)
    tell(Event(f"verifying {pin.release} in {from_stage}: manifest, image digest, artifact checksum"))
    content = verify(source, pin)
    came = arrived(source, endpoint, content.id) if entry.soak_minutes else None
    request = Request(order.kind, endpoint, pin.release)
    arrival = Arrival(request, content, came.at if came else None, entering.makers_of(source, content.id))
    found = entering.results(entry, target, arrival, tell)
    results = [*found.results, fenced.gate(world, target, request, tell)]
    return Coming(source, target, endpoint, pin, arrival, skip, found, results)


def _source_pin(
    stages: Stages, source: StagePorts, endpoint: str, order: Order, target: StagePorts
) -> ReleasePin:
    pin, wanted = source.settings.endpoints[endpoint].live, order.release
    if wanted is not None and (pin is None or pin.release != wanted):
        serves = pin.release if pin else "nothing"
        raise UsageError(
            f"{source.name} serves {serves} now, and {wanted} is to be promoted from there.",
            "What is not live there is proven there no more, so nothing was changed.",
            _instead(stages, source, target, order, pin),
        )
    if pin is None:
        raise UsageError(
            f"Endpoint {endpoint} has no live release in {source.name}.",
            "There is nothing to promote, so nothing was changed.",
            f"Bring one there first: {stages.entering(source.name)}",
        )
    return pin


def _instead(
    stages: Stages, source: StagePorts, target: StagePorts, order: Order, live: ReleasePin | None
) -> str:
    """The next step where another release than the wanted one is live in the source, or none."""
    if order.merged:
        return f"Propose what is: ./slipway promote {target.name} --propose"
    if live is None:
        return f"Bring {order.release} there first: {stages.entering(source.name)}"
    stated = f"{order.source} {target.name}" if order.source else target.name
    endpoint = f" --endpoint {order.endpoint}" if order.endpoint else ""
    return (
        f"Look at ./slipway status {source.name}; where {live.release} is to enter {target.name}: "
        f"./slipway promote {stated} --release {live.release}{endpoint}"
    )


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


def arrived(source: StagePorts, endpoint: str, release: str) -> Finished | None:
    """The rollout by which the release became live in the source for the last time.

    None when the source's ledger does not say, or says that another one did since.
    """
    if not source.ledger.exists():
        return None
    found = finished.last(source.ledger.newest_first(), endpoint, {End.LANDED})
    live = found.opened.after.live if found else None
    return found if live and live.release == release else None


def placed(content: Manifest, target: StagePorts) -> ReleasePin:
    """A release as a pin of the target stage, which has its image and artifact there, or will have them."""
    return ReleasePin(
        release=content.id,
        image=f"{target.registry.uri()}@{content.image.digest}",
        model=target.artifacts.model_uri(content.model.sha256),
        sha256=content.model.sha256,
    )


def _bring(coming: Coming, target: StagePorts, tell: Tell) -> ReleasePin:
    """Copy image, artifact and manifest into the target stage; returns the pin that names them there.

    Who made the release goes with it.
    """
    source, pin, content = coming.source, coming.pin, coming.content
    tell(Event(f"copying the image by digest and the artifact by checksum to {target.name}"))
    target.registry.copy_from(pin.image, source.registry.login(), pin.digest, pin.release)
    target.artifacts.copy_model(source.artifacts, pin.model, pin.sha256)
    _, golden = source.artifacts.golden(content)
    target.artifacts.put_release(content, golden)
    if coming.arrival.makers:
        entering.keep_makers(target, content.id, coming.arrival.makers)
    return placed(content, target)
