"""`./slipway release`: build the image, package the evidence, push both, pin them to the first stage, verify.

The model was trained before (`./slipway train`). The rollout itself is `release/rollout.py`.
"""

import argparse
import sys
from pathlib import Path

from demo.project import ROOT
from model.image.build import BuildOptions, build_image
from model.image.description import SOURCE
from model.image.registry import push
from release.adapters.registry import Registry, docker_config
from release.domain import manifest
from release.domain.errors import ReleaseFailed, UsageError
from release.domain.ledger import Request
from release.domain.manifest import ImageRecord, Manifest
from release.domain.names import release_tag
from release.domain.pins import ReleasePin
from release.domain.stage import StageSettings
from release.rollout import Target, provision
from scripts.shared import moving, stages
from scripts.shared.cli import Command, Out, run

FILES = ("model.tar.gz", "evidence.json", "golden.json")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, default=None, help="what training left (default .build/model)")
    parser.add_argument("--stage", default="dev", help="the first stage (default dev)")
    parser.add_argument("--endpoint", default="delays", help="the endpoint (default delays)")


def _work(args: argparse.Namespace, out: Out) -> int:
    folder = stages.project()
    found = stages.settings(folder, args.stage)
    trained = _trained(args.model or folder / ".build" / "model")
    target = stages.target(folder, found, args.endpoint, out)
    out.step("building the image")
    image, built = _image(found, folder, out)
    content = manifest.compose(
        args.endpoint,
        image,
        manifest.parse_json((trained / "evidence.json").read_bytes(), "evidence.json"),
        (trained / "golden.json").read_bytes(),
    )
    out.note(f"release {content.id}: image {image.digest[:19]}…, model {content.model.sha256[:12]}…")
    moving.check_gates(target, content, found.gates, "release", out)
    provision(target)
    pin = _push(target, content, built, trained, out)
    return moving.roll_out(target, Request("release", args.endpoint, content.id), pin, out)


def _trained(folder: Path) -> Path:
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise UsageError(
            f"{folder} has no {', '.join(missing)}.",
            "There is no trained model to release, so nothing was changed.",
            "Train one first: ./slipway train",
        )
    return folder


def _image(found: StageSettings, folder: Path, out: Out):
    python = found.image.python or f"{sys.version_info[0]}.{sys.version_info[1]}"
    options = BuildOptions(
        base=found.image.base,
        python=python,
        cache=ROOT / ".build" / "image",
        source=found.image.source or SOURCE,
    )
    built = build_image(options, out.note)
    record = ImageRecord(digest=built.digest, size=built.size, runtime=built.runtime, python=python)
    return record, built


def _push(target: Target, content: Manifest, built, trained: Path, out: Out) -> ReleasePin:
    """Bring image, artifact and manifest into the stage; returns the pin that names them."""
    registry = Registry(target.aws)
    uri = registry.uri()
    out.step(f"pushing the image to {uri} and the artifact to {target.artifacts.bucket}")
    if not registry.has(built.digest):
        with docker_config(registry.login()) as config:
            push(built, f"{uri}:{release_tag(content.id)}", config)
    target.artifacts.put_model(content.model.sha256, trained / "model.tar.gz")
    target.artifacts.put_release(content, (trained / "golden.json").read_bytes())
    if not registry.has(built.digest):
        raise ReleaseFailed(
            f"The registry does not list {built.digest} after the push.", "Nothing was pinned."
        )
    return ReleasePin(
        release=content.id,
        image=f"{uri}@{built.digest}",
        model=target.artifacts.model_uri(content.model.sha256),
        sha256=content.model.sha256,
    )


COMMAND = Command(
    name="release",
    summary="Build the image, push it and the trained model, pin them to the first stage and verify.",
    example="./slipway release --model .build/model",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
