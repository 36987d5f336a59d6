"""Release: an image and a model become a release, live in a stage.

The image is that of this checkout, built here, with the model that was trained before; or one of others, with
its artifact and its evidence. Both are pushed by content, then rolled out.
"""

from dataclasses import dataclass
from pathlib import Path

from release.domain import data_version, gates
from release.domain.errors import ReleaseFailed
from release.domain.ledger import Request
from release.domain.manifest import Manifest
from release.domain.pins import ReleasePin, Strategy
from release.operations import (
    card,
    composing,
    entering,
    fenced,
    judging,
    quota,
    recording,
    registries,
    rollouts,
    standing,
)
from release.operations.composing import Composed, Given
from release.operations.entering import Arrival
from release.operations.land import Grounds, Landed, land
from release.operations.way import skip_of
from release.ports import Event, StagePorts, Tell, World


@dataclass(frozen=True)
class Order:
    """What is to be released: the folder that training left, or a container of others; and where to."""

    model: Path | Given
    stage: str | None = None
    """None: the first stage."""
    endpoint: str | None = None
    """None: the only one."""
    skip: bool = False
    reason: str = ""
    strategy: Strategy | None = None


def release(world: World, order: Order, tell: Tell) -> Landed:
    """Compose, push, roll out, verify.

    Raises UsageError for what cannot be released, ReleaseFailed when a gate or the rollout said no.
    """
    stage = order.stage or world.stages.names[0]
    skip = skip_of(world.stages, None, stage, order.skip, order.reason)
    ports = world.stage(stage)
    endpoint = ports.settings.only_endpoint(order.endpoint)
    if isinstance(order.model, Path):
        composing.trained(order.model)
    standing.insist(ports, endpoint, "bring")
    composed = composing.compose(world, ports, endpoint, order.model, tell)
    content, digest = composed.content, composed.image.record.digest
    tell(
        Event(f"release {content.id}: image {digest[:19]}…, model {content.model.sha256[:12]}…", detail=True)
    )
    if composed.trained is not None:
        _leave_card(composed.trained, content, tell)
    request = Request("release", endpoint, content.id)
    entry = world.stages.entry(stage)
    arrival = Arrival(request, content, makers=(ports.caller().arn,))
    found = entering.results(entry, ports, arrival, tell)
    results = [*found.results, fenced.gate(world, ports, request, tell)]
    waivable = entering.waivable(entry, ports, content)
    ports = entering.place_for_words(world, ports, results, waivable, tell)
    if gates.failed(results) and (entry.approvals or entry.waivers) and ports.artifacts.exists():
        # A person can say yes to it, or waive a gate, only when the stage knows it.
        _keep(ports, arrival, composed)
    results = registries.offer(
        ports, endpoint, content, results, lambda: _push(ports, arrival, composed, tell), tell
    )
    rollouts.pass_gates(ports, request, results, waivable, tell)
    rollouts.admit(ports, request)
    judging.refuse_impossible(ports, endpoint, content, order.strategy, tell)
    quota.refuse_short(ports, endpoint, tell)
    ports = rollouts.provision(world, ports, tell)
    pin = _push(ports, arrival, composed, tell)
    if rollouts.serves_already(ports, endpoint, content.id, tell):
        recording.rollout(ports, endpoint, tell)
        return Landed(stage, endpoint, content.id, changed=False)
    grounds = Grounds(
        skip,
        found.approvals,
        found.waivers,
        found.callers_know,
        reason="" if skip else order.reason,
        strategy=order.strategy,
    )
    return land(ports, "release", endpoint, pin, grounds, tell)


def _leave_card(folder: Path, content: Manifest, tell: Tell) -> None:
    """Write the release's card beside the evidence that it tells; that it cannot be costs no release."""
    told = card.of(content)
    try:
        (folder / card.HTML).write_text(told.html, encoding="utf-8")
        (folder / card.MARKDOWN).write_text(told.markdown, encoding="utf-8")
    except OSError as error:
        tell(Event(f"its card could not be written ({error}); ./slipway card {content.id} tells it"))
    else:
        tell(Event(f"its card: {folder / card.HTML}", detail=True))


def _keep(ports: StagePorts, arrival: Arrival, composed: Composed) -> None:
    """Have the stage know the release: its manifest, its golden requests, and who made it."""
    content = arrival.content
    ports.artifacts.put_release(content, composed.golden)
    entering.keep_makers(ports, content.id, arrival.makers)


def _keep_data(ports: StagePorts, content: Manifest, file: Path, tell: Tell) -> None:
    """Have the stage's bucket hold the data that the model was trained on, where training left it."""
    version = data_version.of(content)
    if version is None or ports.data.has(version):
        return
    if file.is_file():
        ports.data.put(version, file)
        tell(Event(f"the data {version.name} is kept, {version.size:,} bytes", detail=True))
    else:
        told = f"{file} is not there: ./slipway data {content.id} will find nothing before a dvc push"
        tell(Event(told, detail=True))


def _push(ports: StagePorts, arrival: Arrival, composed: Composed, tell: Tell) -> ReleasePin:
    """Bring image, artifact and manifest into the stage; returns the pin that names them."""
    registry, artifacts, digest = ports.registry, ports.artifacts, composed.image.record.digest
    content = arrival.content
    uri = registry.uri()
    if composed.trained is not None:
        _keep_data(ports, content, composed.trained / data_version.FILE, tell)
    tell(Event(f"pushing the image to {uri} and the artifact to {artifacts.bucket}"))
    if not registry.has(digest):
        composed.image.push(registry, content.id)
    artifacts.put_model(content.model.sha256, composed.archive)
    _keep(ports, arrival, composed)
    if not registry.has(digest):
        raise ReleaseFailed(f"The registry does not list {digest} after the push.", "Nothing was pinned.")
    return ReleasePin(
        release=content.id,
        image=f"{uri}@{digest}",
        model=artifacts.model_uri(content.model.sha256),
        sha256=content.model.sha256,
    )
