"""`./slipway train`: train, evaluate and package the model. The steps are `model.training.train`'s."""

import argparse

from scripts.shared import training, training_job
from scripts.shared.cli import Command, Out, run

RESUME = "here: go on with the same training (data, code, options, champion), or take its model"


def _arguments(parser: argparse.ArgumentParser) -> None:
    training.common(parser)
    parser.add_argument("--resume", action="store_true", help=RESUME)
    training_job.of_pipeline(parser)


def _work(args: argparse.Namespace, out: Out) -> int:
    job, options = training_job.of(args), training.options(args, out)
    if job is not None and args.execution is not None:
        training_job.parameters(args.found, options, job, args.execution, out.tell)
        out.result({"parameters": str(args.execution)}, f"[green]✓[/green] written to {args.execution}")
        return 0
    if job is not None:
        return training.told(training_job.train(args.found, options, job, out.tell), out)
    with out.waiting("Loading the libraries"):
        from model.training.resumed import resumed
        from model.training.train import train

    if args.resume:
        return training.told(resumed(args.found, options, out.step), out)
    return training.told(train(args.found, options, out.step), out)


COMMAND = Command(
    name="train",
    summary="Train a model of a service, evaluate it, package it with its evidence, record the run.",
    example="./slipway train --model boosting --months 1-6 --champion prod",
    work=_work,
    arguments=_arguments,
    further=training.further,
)

if __name__ == "__main__":
    run(COMMAND)
