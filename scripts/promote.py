"""`./slipway promote FROM TO`: bring the release that is live in one stage to the next, proven again there.

Verifies the source's pin against the manifest and the bytes, evaluates the target's gates, copies image and
artifact by content, and hands over to the rollout (`release/rollout.py`).
"""

import argparse

from release.adapters.registry import Registry
from release.domain import ledger
from release.domain.errors import UsageError
from release.domain.ledger import Request
from release.domain.manifest import Manifest
from release.domain.pins import ReleasePin
from release.rollout import Target, provision
from scripts.shared import moving, stages
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="FROM", help="the stage that serves the release now")
    parser.add_argument("target", metavar="TO", help="the stage that is to serve it")
    parser.add_argument("--endpoint", default="delays", help="the endpoint (default delays)")


def _work(args: argparse.Namespace, out: Out) -> int:
    if args.source == args.target:
        raise UsageError("FROM and TO are the same stage.", "Nothing was changed.")
    folder = stages.project()
    found = stages.settings(folder, args.target)
    source = stages.target(folder, stages.settings(folder, args.source), args.endpoint, out)
    target = stages.target(folder, found, args.endpoint, out)
    pin = _source_pin(source)
    out.step(f"verifying {pin.release} in {args.source}: manifest, image digest, artifact checksum")
    content = verify(source, pin)
    moving.check_gates(target, content, found.gates, "promote", out)
    _nothing_else_open(target, pin, args.endpoint)
    provision(target)
    arrived = _bring(source, target, pin, content, out)
    return moving.roll_out(target, Request("promote", args.endpoint, pin.release), arrived, out)


def _source_pin(source: Target) -> ReleasePin:
    pin = source.settings().live
    if pin is None:
        raise UsageError(
            f"Endpoint {source.endpoint} has no live release in {source.stage}.",
            "There is nothing to promote, so nothing was changed.",
            f"Release one there first: ./slipway release --stage {source.stage}",
        )
    return pin


def verify(source: Target, pin: ReleasePin) -> Manifest:
    """The pin's manifest. Raises UsageError when pin, manifest, registry and bucket do not agree."""
    content = source.artifacts.manifest(pin.release)
    wrong = []
    if pin.digest != content.image.digest:
        wrong.append(f"the pin's image digest is {pin.digest}, the manifest's {content.image.digest}")
    elif not Registry(source.aws).has(pin.digest):
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
            f"Release {pin.release} in {source.stage} is not what was proven: {'; '.join(wrong)}.",
            "Nothing was copied or changed.",
            f"Restore the pin in Pulumi.{source.stage}.yaml from Git, or release the model anew.",
        )
    return content


def _nothing_else_open(target: Target, pin: ReleasePin, endpoint: str) -> None:
    """Refuse before anything is copied when the stage belongs to another rollout."""
    if not target.artifacts.exists():
        return
    found = ledger.open_rollout(target.ledger.tail())
    alive = found is not None and target.ledger.owner_alive(found)
    ledger.decide(found, alive, Request("promote", endpoint, pin.release))


def _bring(source: Target, target: Target, pin: ReleasePin, content: Manifest, out: Out) -> ReleasePin:
    """Copy image, artifact and manifest into the target stage; returns the pin that names them there."""
    registry, from_registry = Registry(target.aws), Registry(source.aws)
    out.step(f"copying the image by digest and the artifact by checksum to {target.stage}")
    registry.copy_from(pin.image, from_registry.login(), pin.digest, pin.release)
    target.artifacts.copy_model(source.artifacts, pin.model, pin.sha256)
    _, golden = source.artifacts.golden(content)
    target.artifacts.put_release(content, golden)
    return ReleasePin(
        release=pin.release,
        image=f"{registry.uri()}@{pin.digest}",
        model=target.artifacts.model_uri(pin.sha256),
        sha256=pin.sha256,
    )


COMMAND = Command(
    name="promote",
    summary="Bring the live release of one stage to another: verify, copy, gate, pin, up, landed check.",
    example="./slipway promote dev staging",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
