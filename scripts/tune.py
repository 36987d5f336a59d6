"""`./slipway tune`: search a model's parameters, then train with the best, by `model.training.tune`."""

import argparse

from model.training.search import LARGEST_SEED, Search
from release.domain.tuning import MOST_PARALLEL
from scripts.shared import arguments, training, training_job
from scripts.shared.cli import Command, Out, run

TRIALS = 20
TRIED = f"how many are tried (default {TRIALS})"
SEED = "the same seed, the same trials (default 0)"
PARALLEL = (
    "with --on sagemaker: so many trials at a time, by a tuning job of SageMaker's (default 1: by ours)"
)


def _arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--trials", metavar="N", type=arguments.whole(1), default=TRIALS, help=TRIED)
    add("--seed", metavar="S", type=arguments.whole(0, LARGEST_SEED), default=0, help=SEED)
    add("--parallel", metavar="N", type=arguments.whole(1, MOST_PARALLEL), help=PARALLEL)
    training.common(parser)


def _work(args: argparse.Namespace, out: Out) -> int:
    job, options, asked = training_job.of(args), training.options(args, out), Search(args.trials, args.seed)
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
