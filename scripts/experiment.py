"""`./slipway experiment plan|start|status|watch|result|stop`: two releases compared on a business outcome."""

import argparse
from dataclasses import asdict

from monitoring import connect as monitors
from monitoring.experiments.report import sentence
from monitoring.operations import experiments
from monitoring.operations.experiments import Places
from release.connect import connect
from release.domain.experiment import Concluded
from release.operations import experiment
from release.operations.promote import Order
from release.ports import World
from scripts.shared import experiment as words
from scripts.shared.cli import Command, Out, run


def _work(args: argparse.Namespace, out: Out) -> int:
    if args.do == "plan":
        values, lines = words.planned(args, words.asked(args))
        out.result(values, *lines)
        return 0
    words.insist(args, "stage")
    world = connect(out.tell, commits=args.commits)
    return {"start": _start, "result": _result, "stop": _stop}.get(args.do, _running)(args, world, out)


def _start(args: argparse.Namespace, world: World, out: Out) -> int:
    asked = words.asked(args)
    order = Order(args.stage, args.source, args.endpoint, args.skip, args.reason, release=args.release)
    found = experiment.start(world, order, asked, out.tell)
    values, lines = words.planned(args, asked)
    out.result(asdict(found) | {"plan": values}, *words.shown(found), *lines)
    return 0


def _running(args: argparse.Namespace, world: World, out: Out) -> int:
    found = experiment.running(world, args.stage, args.endpoint)
    if args.do == "watch":
        found = experiment.watch(world, args.stage, args.endpoint, out.tell)
    out.result(asdict(found), *words.shown(found))
    return 1 if found.disagreements else 0


def _result(args: argparse.Namespace, world: World, out: Out) -> int:
    report = _look(args, world, experiment.running(world, args.stage, args.endpoint))
    values = words.told(report, experiments.keep(world, report), out)
    out.result(values, values["sentence"], values["next"])
    return 0


def _stop(args: argparse.Namespace, world: World, out: Out) -> int:
    words.insist(args, "keep")
    shown = sentence(_look(args, world, experiment.running(world, args.stage, args.endpoint)).result)
    concluded = Concluded(keep=args.keep, because=args.because, shown=shown)
    stopped = experiment.stop(world, args.stage, args.endpoint, concluded, out.tell)
    ran = experiment.running(world, args.stage, args.endpoint)
    values = words.reported(ran, lambda: _look(args, world, ran), lambda it: experiments.keep(world, it), out)
    done = f"[green]✓[/green] {stopped.serves} serves alone in {args.stage}; the experiment ended: {shown}"
    out.result(values | {"serves": stopped.serves}, done, *map("  report: {}".format, values["report"]))
    return 0


def _look(args: argparse.Namespace, world: World, found: experiment.Running) -> experiments.Report:
    places = Places(args.exposures, args.outcomes)
    return experiments.look(world, found, places, monitors.told(world.stage(found.stage)))


COMMAND = Command(
    name="experiment",
    summary="Compare two releases on a business outcome, side by side: plan, start, look at it, end it.",
    example="./slipway experiment start prod --outcome on_time --base .24 --minimum .02\n"
    '  ./slipway experiment stop prod --keep candidate --because "two points more on time"',
    work=_work,
    arguments=words.take,
)

if __name__ == "__main__":
    run(COMMAND)
