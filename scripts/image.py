"""`./slipway image`: build the inference or a training image, and say what is in it and what changed."""

import argparse
import sys
from pathlib import Path, PurePosixPath

from rich.table import Table

from demo.project import ROOT
from model import finding
from model.image.base import make_base
from model.image.build import SERVING, BuildOptions
from model.image.description import SOURCE
from model.image.dockerfile import engine_command
from model.image.rebuild import rebuild
from model.image.registry import push
from model.image.training import TrainingCode
from release.connect import connect
from scripts.shared.cli import Command, Out, run

CACHE = ROOT / ".build" / "image"
WHAT = ("build", "training", "base", "builder", "dockerfile")
WHAT_HELP = """build (default): the image; training: that of training jobs; base: a base of Debian's packages,
where no public one can be pulled; builder: that base with pip, for model/Dockerfile; dockerfile: the command
for an engine"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("what", nargs="?", choices=WHAT, default="build", help=WHAT_HELP)
    add("--stage", help="whose settings name base and Python (default: the first stage's)")
    add("--service", metavar="NAME", help="whose training image, as of ./slipway train")
    add("--base", metavar="REPOSITORY@DIGEST", help="build on this instead")
    add("--python", metavar="X.Y", help="the Python of that base")
    add("--source", metavar="URL", help="where the repository is, for a label")
    add("--against", metavar="DIGEST", help="compare with this image of the cache, not the last")
    add("--push", metavar="REPOSITORY", help="put the result into this registry too")


def _work(args: argparse.Namespace, out: Out) -> None:
    if args.what in ("base", "builder"):
        return _base(args, out)
    world = connect(out.tell)
    told = world.settings(args.stage or world.stages.names[0]).image
    python = args.python or told.python or f"{sys.version_info[0]}.{sys.version_info[1]}"
    base, source = args.base or told.base, args.source or told.source or SOURCE
    options = BuildOptions(CACHE, base, python, serving=SERVING, source=source)
    if args.what == "dockerfile":
        command = engine_command(options)
        return out.result({"arguments": command.arguments}, command.line)
    code = None
    if args.what == "training":
        folder = finding.find(args.service, Path.cwd())
        code = TrainingCode(folder.resolve(), PurePosixPath(*finding.package_of(folder).split(".")))
    out.step("building the image")
    built = rebuild(options, args.against, args.push, out.note, code)
    table = Table("layer", "compressed", "unpacked", "digest", box=None, pad_edge=False)
    for row in built.layers():
        table.add_row(*row, style="bold" if row[0] == "total" else None)
    out.table(table)
    return out.result(built.summary(), *built.lines())


def _base(args: argparse.Namespace, out: Out) -> None:
    out.step("making a base of Debian's packages")
    base = make_base(CACHE, out.note, builder=args.what == "builder")
    reference = push(base.layout, args.push) if args.push else base.reference
    out.result({"reference": reference, **base.summary()}, *base.lines(reference))


COMMAND = Command(
    name="image",
    summary="Build the inference image, and say what is in it and what changed since the last one.",
    example="./slipway image --base localhost/slipway-base@sha256:… --python 3.11",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
