"""`./slipway image`: build the inference image, and say what is in it and what changed.

`image base` makes a base for it, `image dockerfile` prints how an engine builds it. The building is
`model/image/`'s; here are the arguments and how the result is told.
"""

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import Any

from rich.table import Table

from demo.project import ROOT
from model.image.base import make_base
from model.image.build import SERVING, BuildOptions, BuiltImage, build_image
from model.image.changes import Change, changes
from model.image.description import SOURCE, Origin, dockerfile_arguments
from model.image.program import source_files
from model.image.record import Record, read_record, record
from model.image.registry import push
from model.image.revision import tree_id
from release.domain.errors import UsageError
from scripts.shared import stages
from scripts.shared.cli import Command, Out, run

CACHE = ROOT / ".build" / "image"
MEGABYTE = 1e6
_LAST = "last.json"
_SHOWN = 40
"""Changes that people see; the rest is in --json."""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        nargs="?",
        choices=("build", "base", "builder", "dockerfile"),
        default="build",
        help="build (default): the image; base: a base of Debian's packages, where no public one can be "
        "pulled; builder: that base with pip, for model/Dockerfile; dockerfile: the command for an engine",
    )
    parser.add_argument("--stage", default="dev", help="whose settings name base and Python (default dev)")
    parser.add_argument("--base", metavar="REPOSITORY@DIGEST", help="build on this instead")
    parser.add_argument("--python", metavar="X.Y", help="the Python of that base")
    parser.add_argument("--source", metavar="URL", help="where the repository is, for a label")
    parser.add_argument(
        "--against", metavar="DIGEST", help="compare with this image of the cache, not the last"
    )
    parser.add_argument("--push", metavar="REPOSITORY", help="put the result into this registry too")


def _work(args: argparse.Namespace, out: Out) -> int:
    if args.what in ("base", "builder"):
        return _base(args, out)
    options = _options(args)
    return _dockerfile(options, out) if args.what == "dockerfile" else _build(args, options, out)


def _options(args: argparse.Namespace) -> BuildOptions:
    settings = stages.settings(stages.project(), args.stage).image
    running = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return BuildOptions(
        cache=CACHE,
        serving=SERVING,
        base=args.base or settings.base,
        python=args.python or settings.python or running,
        source=args.source or settings.source or SOURCE,
    )


def _build(args: argparse.Namespace, options: BuildOptions, out: Out) -> int:
    before = _earlier(args.against, CACHE)
    out.step("building the image")
    built = build_image(options, out.note)
    after = record(built)
    differences = changes(before, after) if before else []
    pinned = push(built, args.push) if args.push else None
    (CACHE / _LAST).write_text(json.dumps({"digest": built.digest}))
    value = {
        **after.summary(),
        "runtime": built.runtime,
        "path": str(built.path),
        "pushed": pinned,
        "compared_with": before.digest if before else None,
        "changes": [change.record() for change in differences],
    }
    out.table(_layers(after))
    out.result(value, *_told(built, after, before, differences))
    return 0


def _earlier(against: str | None, cache: Path) -> Record | None:
    """The image to compare with: the one that is asked for, or the last that was built here."""
    last = cache / _LAST
    digest = against or (json.loads(last.read_text())["digest"] if last.is_file() else "")
    folder = cache / "images" / digest.removeprefix("sha256:")
    if digest and (folder / "index.json").is_file():
        return read_record(folder)
    if against:
        raise UsageError(
            f"The cache {cache} holds no image {against}.",
            "Nothing was built.",
            "Name one by its whole digest; ls .build/image/images tells them.",
        )
    return None


def _layers(image: Record) -> Table:
    table = Table("layer", "compressed", "unpacked", "digest", box=None, pad_edge=False)
    for layer in image.layers:
        table.add_row(layer.holds, _size(layer.size), _size(layer.unpacked), layer.digest)
    table.add_row("total", _size(image.size), _size(image.unpacked), image.digest, style="bold")
    return table


def _told(built: BuiltImage, after: Record, before: Record | None, found: list[Change]) -> list[str]:
    own = _size(sum(layer.size for layer in after.own))
    lines = [f"{built.digest} for Python {built.python}, {built.runtime}; without base {own} compressed"]
    if before is None:
        return [*lines, "There is no earlier image to compare with."]
    if not found:
        return [*lines, f"Nothing changed: the same digest as {before.digest[:19]}…"]
    lines.append(f"The digest changed, against {before.digest[:19]}…, because of:")
    lines += [f"  {change}" for change in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"  … and {len(found) - _SHOWN} more (--json tells all)")
    return lines


def _size(size: int) -> str:
    return f"{size / MEGABYTE:.2f} MB"


def _dockerfile(options: BuildOptions, out: Out) -> int:
    if options.base is None:
        raise UsageError(
            "There is no base: model/Dockerfile builds on one by digest.",
            "There is no command to print.",
            "Give --base REPOSITORY@sha256:…, or make one: ./slipway image base",
        )
    origin = Origin(tree_id(source_files(options.serving)), options.python, options.base, options.source)
    arguments = dockerfile_arguments(origin)
    command = ["podman", "build", "--file", "model/Dockerfile"]
    for name, value in arguments.items():
        command += ["--build-arg", f"{name}={value}"]
    command += ["--build-arg", "BUILDER=PYTHON_IMAGE_WITH_PIP@sha256:…", "."]
    out.result({"arguments": arguments}, shlex.join(command))
    return 0


def _base(args: argparse.Namespace, out: Out) -> int:
    out.step("making a base of Debian's packages")
    base = make_base(CACHE, out.note, builder=args.what == "builder")
    reference = push(base.layout, args.push) if args.push else base.reference
    value: dict[str, Any] = {
        "reference": reference,
        "digest": base.layout.digest,
        "path": str(base.layout.path),
        "python": base.python,
        "size": base.layout.size,
        "packages": base.packages,
    }
    out.result(
        value,
        f"{reference} ({_size(base.layout.size)} compressed, Python {base.python}, "
        f"{len(base.packages)} packages)",
        f"In a stage: slipway:image: {{base: {reference}, python: '{base.python}'}}",
        f"For podman: skopeo copy oci:{base.layout.path} containers-storage:localhost/{base.name}:latest",
    )
    return 0


COMMAND = Command(
    name="image",
    summary="Build the inference image, and say what is in it and what changed since the last one.",
    example="./slipway image --base localhost/slipway-base@sha256:… --python 3.11",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
