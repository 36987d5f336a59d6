"""What `./slipway train` and `./slipway tune` have in common: their arguments, as options, and their end."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from model import finding
from model.contract import Service
from model.training.bundle import parse_other
from model.training.options import TrainOptions
from model.training.tracking.trackers import DEFAULT, VARIABLE, Name, parse
from release import connect
from scripts.shared import arguments, champion, training_job
from scripts.shared.cli import Out

if TYPE_CHECKING:
    from model.training.finish import TrainResult
    from model.training.kinds.gate import Gate
    from release.domain.manifest import GateResult

SERVICE_HELP = "a service of model/services by name, or a service's folder (default: the project's only one)"
TRACKERS_HELP = f"what records the run: mlflow, wandb, mlflow,wandb or none (default ${VARIABLE}, or mlflow)"
WITH_HELP = "a further model that the same container serves under /v2/models/NAME; may be repeated"


def common(parser: argparse.ArgumentParser) -> None:
    """The arguments that do not depend on the service."""
    add, other = parser.add_argument, "NAME/VERSION=MODEL.TAR.GZ"
    add("--service", metavar="NAME", help=SERVICE_HELP)
    add("--champion", metavar="STAGE|FILE|none", help=champion.HELP)
    add("--with", dest="others", metavar=other, action="append", default=[], help=WITH_HELP)
    add("--trackers", default=os.environ.get(VARIABLE), help=TRACKERS_HELP)
    add("--out", type=Path, help="where to write (default: .build/model of the project)")
    training_job.arguments(parser)


def further(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    """The models and options of the service that is asked for."""
    arguments.of_service(parser, service_of(parser, argv))


def service_of(parser: argparse.ArgumentParser, argv: Sequence[str]) -> Service:
    """The service that is asked for, which a command then has as `args.found`."""
    found = finding.load(finding.find(arguments.given(argv, "--service"), Path.cwd()))
    parser.set_defaults(found=found)
    return found


def trackers(args: argparse.Namespace) -> tuple[Name, ...]:
    """What records the run."""
    return parse(args.trackers) if args.trackers else DEFAULT


def options(args: argparse.Namespace, out: Out) -> TrainOptions:
    """What the arguments mean; the champion is fetched."""
    service, build = args.found, connect.folder() / ".build"
    return TrainOptions(
        model=args.model,
        own=arguments.own(args, service),
        parameters=arguments.parameters(args, service),
        out=args.out or build / "model",
        champion=champion.of(args.champion, service.name, build, out.tell),
        others=tuple(map(parse_other, args.others)),
        build=build,
        trackers=trackers(args),
        tracking_uri=os.environ.get("MLFLOW_TRACKING_URI") or None,
    )


def gates(found: "Sequence[Gate | GateResult]", out: Out) -> None:
    """Tell people what the gates of a model's evidence say of it."""
    for gate in found:
        mark, style = ("✓", "dim") if gate.passed else ("✗", "bold red")
        out.note(f"{mark} {gate.name}: {gate.reason}", style)


def told(result: "TrainResult", out: Out) -> int:
    """Tell people what a training came to; the exit code: 1 for a model that its gates refuse."""
    gates(result.gates, out)
    for warning in result.warnings:
        out.note(f"warning: {warning}", "yellow")
    size, sha = result.evidence["model"]["size"] / 1000, result.evidence["model"]["sha256"][:12]
    what = f"{result.out}/model.tar.gz ({size:.0f} kB, sha256 {sha}…) in {result.seconds:.0f} s"
    if result.passed:
        lines = [f"[green]passed[/green] {what}", f"Release it: ./slipway release --model {result.out}"]
    else:
        why = f"It fails {', '.join(result.failed)}; a release with this evidence will be refused."
        lines = [f"[red]refused[/red] {what}", why]
    out.result(result.summary(), *lines)
    return 0 if result.passed else 1
