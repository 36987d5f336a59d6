"""`./slipway tune`: search a model's parameters, then train with the best, by `model.training.tune`."""

import argparse

from model.training.search import Search
from scripts.shared import training, training_job
from scripts.shared.cli import Command, Out, run

TRIALS = 20
PARALLEL = (
    "with --on sagemaker: so many trials at a time, by a tuning job of SageMaker's (default 1: by ours)"
)


def _arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--trials", metavar="N", type=int, default=TRIALS, help=f"how many are tried (default {TRIALS})")
    add("--seed", metavar="S", type=int, default=0, help="the same seed, the same trials (default 0)")
    add("--parallel", metavar="N", type=int, default=1, help=PARALLEL)
    training.common(parser)


def _work(args: argparse.Namespace, out: Out) -> int:
    options, job, asked = training.options(args, out), training_job.of(args), Search(args.trials, args.seed)
    if job is not None:
        return training.told(training_job.train(args.found, options, job, out.tell, asked), out)
    with out.waiting("Loading the libraries"):
        from model.training.tune import tune

    return training.told(tune(args.found, options, asked, out.step), out)


COMMAND = Command(
    name="tune",
    summary="Search a model's parameters in the service's space, train with the best, judge it as any model.",
    example="./slipway tune --model boosting --trials 20 --seed 1 --champion prod",
    work=_work,
    arguments=_arguments,
    further=training.further,
)

if __name__ == "__main__":
    run(COMMAND)
