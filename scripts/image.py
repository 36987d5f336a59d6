"""`./slipway image [base]`: build the inference image, or a base for it, and say what is in it.

The building is `model/image/`'s; here are the arguments and how the result is told.
"""

import argparse

from model.image.base import make_base
from model.image.registry import push
from scripts.cli import Command, Out, run
from scripts.project import ROOT

CACHE = ROOT / ".build" / "image"


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        choices=("base",),
        help="base: make a base of Debian's packages, where no public one can be pulled",
    )
    parser.add_argument("--push", metavar="REPOSITORY", help="put the result into this registry too")


def _work(args: argparse.Namespace, out: Out) -> int:
    return _base(args, out)


def _base(args: argparse.Namespace, out: Out) -> int:
    out.step("making a base of Debian's packages")
    base = make_base(CACHE, out.note)
    reference = push(base.layout, args.push) if args.push else base.reference
    value = {
        "reference": reference,
        "digest": base.layout.digest,
        "path": str(base.layout.path),
        "python": base.python,
        "size": base.layout.size,
        "packages": base.packages,
    }
    out.result(
        value,
        f"{reference} ({base.layout.size / 1e6:.1f} MB compressed, Python {base.python}, "
        f"{len(base.packages)} packages)",
        f"In a stage: slipway:image: {{base: {reference}, python: '{base.python}'}}",
        f"For podman: skopeo copy oci:{base.layout.path} containers-storage:localhost/slipway-base:latest",
    )
    return 0


COMMAND = Command(
    name="image",
    summary="Build the inference image, or a base for it, and say what is in it.",
    example="./slipway image base --json",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
