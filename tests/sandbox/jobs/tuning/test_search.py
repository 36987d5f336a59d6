"""Which values a search tries, and what its training jobs come to together, as values."""

import math
from typing import Any

import pytest

from sandbox.core.clock import now
from sandbox.jobs.running.failures import INTERNAL
from sandbox.jobs.running.objects import Owner
from sandbox.jobs.training.state import Measured, Secondary, TrainingJob
from sandbox.jobs.tuning.search import BadRange, checked_number_of_jobs, chosen
from sandbox.jobs.tuning.state import Objective, failure, objective_counters, status_counters

SCORE = Objective("score", maximize=True)


def trial(status: Secondary, score: float | None = None, reason: str = "") -> TrainingJob:
    job = TrainingJob(Owner("1", "r", "role"), "name", "arn", {}, [])
    if score is not None:
        job.metrics["score"] = Measured("score", score, now())
    job.fail(reason) if reason else job.enter(status, "")
    return job


def one(kind: str, low: str, high: str, scaling: str = "Auto") -> dict[str, Any]:
    return {
        f"{kind}ParameterRanges": [{"Name": "x", "MinValue": low, "MaxValue": high, "ScalingType": scaling}]
    }


def drawn(ranges: dict[str, Any]) -> list[float]:
    return [float(chosen("Random", ranges, "seed", number)["x"]) for number in range(1, 400)]


def test_a_grid_changes_its_last_parameter_first() -> None:
    values = [{"Name": "a", "Values": ["1", "2", "1"]}, {"Name": "b", "Values": ["x", "y"]}]
    ranges = {"CategoricalParameterRanges": values}
    assert checked_number_of_jobs("Grid", ranges, None) == checked_number_of_jobs("Grid", ranges, 4) == 4
    assert [chosen("Grid", ranges, "", number) for number in range(1, 5)] == [
        {"a": "1", "b": "x"},
        {"a": "1", "b": "y"},
        {"a": "2", "b": "x"},
        {"a": "2", "b": "y"},
    ]


def test_random_values_lie_in_their_ranges_and_fill_them() -> None:
    assert set(drawn(one("Integer", "2", "4"))) == {2, 3, 4}
    values = drawn(one("Continuous", "-1", "3"))
    assert -1 <= min(values) < -0.9
    assert 2.9 < max(values) <= 3


def test_a_logarithmic_scale_is_even_in_powers() -> None:
    small = [value < 0.01 for value in drawn(one("Continuous", "1e-4", "1", "Logarithmic"))]
    assert 0.4 < sum(small) / len(small) < 0.6
    near = [value > 0.99 for value in drawn(one("Continuous", "0", "0.9999", "ReverseLogarithmic"))]
    assert 0.4 < sum(near) / len(near) < 0.6


def test_a_choice_depends_on_the_seed_and_the_number_alone() -> None:
    ranges = one("Continuous", "0", "1")
    assert chosen("Random", ranges, "1", 3) == chosen("Random", ranges, "1", 3)
    assert (
        chosen("Random", ranges, "1", 3)
        != chosen("Random", ranges, "1", 4)
        != chosen("Random", ranges, "2", 4)
    )


@pytest.mark.parametrize(
    ("strategy", "ranges", "asked", "words"),
    [
        ("Random", {}, 1, "no hyperparameter"),
        ("Random", one("Integer", "1", "2"), None, "MaxNumberOfTrainingJobs is required"),
        ("Random", one("Integer", "1", "many"), 1, "must be numbers"),
        ("Random", one("Integer", "2", "1"), 1, "greater than its MaxValue"),
        ("Random", one("Continuous", "0", "1", "Logarithmic"), 1, "greater than 0"),
        ("Random", one("Continuous", "0", "1", "ReverseLogarithmic"), 1, "less than 1"),
        ("Random", one("Continuous", "0", "1") | one("Integer", "1", "2"), 1, "must be unique"),
        ("Grid", one("Integer", "1", "2"), None, "Only categorical"),
        ("Grid", {"CategoricalParameterRanges": [{"Name": "a", "Values": ["1"]}]}, 2, "has 1 distinct"),
    ],
)
def test_ranges_that_cannot_be_searched(
    strategy: str, ranges: dict[str, Any], asked: int, words: str
) -> None:
    with pytest.raises(BadRange, match=words):
        checked_number_of_jobs(strategy, ranges, asked)


def test_the_best_is_the_first_of_the_completed_that_are_equal() -> None:
    trials = [
        trial(Secondary.COMPLETED, 0.5),
        trial(Secondary.COMPLETED, 0.9),
        trial(Secondary.COMPLETED, 0.9),
        trial(Secondary.STOPPED, 5.0),
        trial(Secondary.COMPLETED),
    ]
    assert SCORE.best(trials) is trials[1]
    assert Objective("score", maximize=False).best(trials) is trials[0]
    assert SCORE.best(trials[3:]) is None


@pytest.mark.parametrize("diverged", [math.nan, math.inf, -math.inf])
def test_a_training_job_that_came_to_no_number_has_no_objective(diverged: float) -> None:
    trials = [trial(Secondary.COMPLETED, value) for value in (diverged, 0.5, 0.9)]
    assert SCORE.best(trials) is trials[2]
    assert Objective("score", maximize=False).best(trials) is trials[1]
    assert objective_counters(trials, SCORE) == {"Succeeded": 2, "Pending": 0, "Failed": 1}
    assert failure(trials[:1], SCORE, 1).startswith("No objective metrics found")


def test_training_jobs_are_counted() -> None:
    trials = [
        trial(Secondary.COMPLETED, 0.5),
        trial(Secondary.TRAINING, 0.5),
        trial(Secondary.STOPPED),
        trial(Secondary.FAILED, reason=INTERNAL),
        trial(Secondary.FAILED, reason="AlgorithmError: , exit code: 1"),
    ]
    assert list(status_counters(trials).values()) == [1, 1, 1, 1, 1]
    assert objective_counters(trials, SCORE) == {"Succeeded": 1, "Pending": 1, "Failed": 3}


def test_a_tuning_job_fails_after_five_training_jobs_of_no_use() -> None:
    failed = [trial(Secondary.FAILED, reason="no") for _ in range(5)]
    assert failure(failed[:4], SCORE, 9) == ""
    assert failure(failed, SCORE, 9).startswith("No training job succeeded after 5 attempts.")
    assert failure(failed[:2], SCORE, 2).startswith("No training job succeeded after 2 attempts.")
    assert failure([*failed, trial(Secondary.COMPLETED, 0.1)], SCORE, 9) == ""
    silent = [*failed, trial(Secondary.COMPLETED)]
    assert failure(silent, SCORE, 9).startswith("No objective metrics found after running 6 training jobs.")
