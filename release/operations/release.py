"""Release: the image of this checkout and a trained model become a release, live in a stage.

The model was trained before; the image is built here. Both are pushed by content, then rolled out.
"""

from dataclasses import dataclass
from pathlib import Path

from release.domain import data_version, gates, manifest, pointer
from release.domain.errors import ReleaseFailed, UsageError
from release.domain.ledger import Request
from release.domain.manifest import Manifest
from release.domain.pins import ReleasePin, Strategy
from release.operations import card, entering, fenced, judging, quota, registries, rollouts, standing
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
    _leave_card(trained, content, tell)
    request = Request("release", endpoint, content.id)
    entry = world.stages.entry(stage)
    arrival = Arrival(request, content, makers=(ports.caller().arn,))
    found = entering.results(entry, ports, arrival, tell)
    results = [*found.results, fenced.gate(world, ports, request, tell)]
    waivable = entering.waivable(entry, ports, content)
    ports = entering.place_for_words(world, ports, results, waivable, tell)
    if gates.failed(results) and (entry.approvals or entry.waivers) and ports.artifacts.exists():
        # A person can say yes to it, or waive a gate, only when the stage knows it.
        _keep(ports, arrival, trained)
    results = registries.offer(
        ports, endpoint, content, results, lambda: _push(ports, arrival, image, trained, tell), tell
    )
    rollouts.pass_gates(ports, request, results, waivable, tell)
    rollouts.admit(ports, request)
    judging.refuse_impossible(ports, endpoint, order.strategy)
    quota.refuse_short(ports, endpoint, tell)
    ports = rollouts.provision(world, ports, tell)
    pin = _push(ports, arrival, image, trained, tell)
    if rollouts.serves_already(ports, endpoint, content.id, tell):
        return Landed(stage, endpoint, content.id, changed=False)
    grounds = Grounds(skip, found.approvals, found.waivers, found.callers_know, order.strategy)
    return land(ports, "release", endpoint, pin, grounds, tell)


def _trained(folder: Path) -> Path:
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise UsageError(
            f"{folder} has no {', '.join(missing)}.",
            "There is no trained model to release, so nothing was changed.",
            "Train one first: ./slipway train",
        )
    for name in (*FILES, data_version.FILE):
        if (folder / name).is_file():
            with (folder / name).open("rb") as file:
                pointer.refuse(str(folder / name), file.read(pointer.LENGTH))
    return folder


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


def _keep(ports: StagePorts, arrival: Arrival, trained: Path) -> None:
    """Have the stage know the release: its manifest, its golden requests, and who made it."""
    content = arrival.content
    ports.artifacts.put_release(content, (trained / "golden.json").read_bytes())
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


def _push(ports: StagePorts, arrival: Arrival, image: Image, trained: Path, tell: Tell) -> ReleasePin:
    """Bring image, artifact and manifest into the stage; returns the pin that names them."""
    registry, artifacts, digest = ports.registry, ports.artifacts, image.record.digest
    content = arrival.content
    uri = registry.uri()
    _keep_data(ports, content, trained / data_version.FILE, tell)
    tell(Event(f"pushing the image to {uri} and the artifact to {artifacts.bucket}"))
    if not registry.has(digest):
        image.push(registry, content.id)
    artifacts.put_model(content.model.sha256, trained / "model.tar.gz")
    _keep(ports, arrival, trained)
    if not registry.has(digest):
        raise ReleaseFailed(f"The registry does not list {digest} after the push.", "Nothing was pinned.")
    return ReleasePin(
        release=content.id,
        image=f"{uri}@{digest}",
        model=artifacts.model_uri(content.model.sha256),
        sha256=content.model.sha256,
    )
