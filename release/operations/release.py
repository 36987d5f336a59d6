"""Release: the image of this checkout and a trained model become a release, live in a stage.

The model was trained before; the image is built here. Both are pushed by content, then rolled out.
"""

from dataclasses import dataclass
from pathlib import Path

from release.domain import manifest
from release.domain.errors import ReleaseFailed, UsageError
from release.domain.ledger import Request
from release.domain.manifest import Manifest
from release.domain.pins import ReleasePin, Strategy
from release.operations import entering, fenced, judging, quota, rollouts, standing
from release.operations.entering import Arrival
from release.operations.land import Grounds, Landed, land
from release.operations.way import skip_of
from release.ports import Event, Image, StagePorts, Tell, World

FILES = ("model.tar.gz", "evidence.json", "golden.json")
"""What training leaves, and a release needs."""


@dataclass(frozen=True)
class Order:
    """What is to be released: the folder that training left, and where to (None: the first, the only one)."""

    model: Path
    stage: str | None = None
    endpoint: str | None = None
    skip: bool = False
    approved_by: str = ""
    reason: str = ""
    strategy: Strategy | None = None


def release(world: World, order: Order, tell: Tell) -> Landed:
    """Build, package, push, roll out, verify.

    Raises UsageError for what cannot be released, ReleaseFailed when a gate or the rollout said no.
    """
    stage = order.stage or world.stages.names[0]
    skip = skip_of(world.stages, None, stage, order.skip, order.reason)
    ports = world.stage(stage)
    endpoint = ports.settings.only_endpoint(order.endpoint)
    trained = _trained(order.model)
    standing.insist(ports, endpoint, "bring")
    tell(Event("building the image"))
    image = world.images.build(ports.settings.image, tell)
    content = manifest.compose(
        endpoint,
        image.record,
        manifest.parse_json((trained / "evidence.json").read_bytes(), "evidence.json"),
        (trained / "golden.json").read_bytes(),
    )
    digest = image.record.digest
    tell(
        Event(f"release {content.id}: image {digest[:19]}…, model {content.model.sha256[:12]}…", detail=True)
    )
    approval = entering.approval_of(order.approved_by, order.reason)
    request = Request("release", endpoint, content.id)
    found = entering.results(world.stages.entry(stage), ports, Arrival(request, content), approval, tell)
    results = [*found.results, fenced.gate(world, ports, request, tell)]
    rollouts.pass_gates(ports, request, results, tell)
    rollouts.admit(ports, request)
    judging.refuse_impossible(ports, endpoint, order.strategy)
    quota.refuse_short(ports, endpoint, tell)
    ports = rollouts.provision(world, ports, tell)
    pin = _push(ports, content, image, trained, tell)
    if rollouts.serves_already(ports, endpoint, content.id, tell):
        return Landed(stage, endpoint, content.id, changed=False)
    grounds = Grounds(skip, approval, found.callers_know, order.strategy)
    return land(ports, "release", endpoint, pin, grounds, tell)


def _trained(folder: Path) -> Path:
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise UsageError(
            f"{folder} has no {', '.join(missing)}.",
            "There is no trained model to release, so nothing was changed.",
            "Train one first: ./slipway train",
        )
    return folder


def _push(ports: StagePorts, content: Manifest, image: Image, trained: Path, tell: Tell) -> ReleasePin:
    """Bring image, artifact and manifest into the stage; returns the pin that names them."""
    registry, artifacts, digest = ports.registry, ports.artifacts, image.record.digest
    uri = registry.uri()
    tell(Event(f"pushing the image to {uri} and the artifact to {artifacts.bucket}"))
    if not registry.has(digest):
        image.push(registry, content.id)
    artifacts.put_model(content.model.sha256, trained / "model.tar.gz")
    artifacts.put_release(content, (trained / "golden.json").read_bytes())
    if not registry.has(digest):
        raise ReleaseFailed(f"The registry does not list {digest} after the push.", "Nothing was pinned.")
    return ReleasePin(
        release=content.id,
        image=f"{uri}@{digest}",
        model=artifacts.model_uri(content.model.sha256),
        sha256=content.model.sha256,
    )
