"""Hyperparameter tuning jobs: which training jobs they start, which of them is the best, how they end."""

import re
from typing import Any

import pytest

from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused
from tests.sandbox.job_images import Jobs
from tests.sandbox.world import wait_for

_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg"
SEARCHES = f"{_GUIDE}/automatic-model-tuning-how-it-works.html"
CATEGORIES = [{"Name": "x", "Values": ["1", "3", "2"]}, {"Name": "kind", "Values": ["a", "b"]}]
GRID = {"CategoricalParameterRanges": CATEGORIES}
UNIT = {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0.25", "MaxValue": "0.75"}]}


@pytest.fixture(scope="module")
def tuned(jobs: Jobs) -> dict[str, Any]:
    """A tuning job that searched a grid of six, two at once."""
    limits = {"MaxParallelTrainingJobs": 2}
    return jobs.tuned(jobs.start_tuning(GRID, {"fixed": "7"}, Strategy="Grid", ResourceLimits=limits))


@behaviour("SageMaker", SEARCHES)
def test_a_grid(jobs: Jobs, tuned: dict[str, Any]) -> None:
    """A grid search tries every combination of categorical values, each once."""
    assert tuned["HyperParameterTuningJobStatus"] == "Completed", tuned.get("FailureReason")
    trials = jobs.trials(tuned["HyperParameterTuningJobName"])
    tried = [tuple(sorted(one["TunedHyperParameters"].items())) for one in trials]
    assert len(tried) == len(set(tried)) == 6
    with refused("ValidationException", "Only categorical parameters are supported"):
        jobs.start_tuning(UNIT, Strategy="Grid")
    with refused("ValidationException", "MaxNumberOfTrainingJobs is 3, and the Grid strategy has 6"):
        jobs.start_tuning(GRID, Strategy="Grid")


@behaviour("SageMaker", "DescribeHyperParameterTuningJob")
def test_the_best_training_job(jobs: Jobs, tuned: dict[str, Any]) -> None:
    """BestTrainingJob is the completed training job with the best final value of the objective metric."""
    best = tuned["BestTrainingJob"]
    assert best["TunedHyperParameters"]["x"] == "3"
    assert best["FinalHyperParameterTuningJobObjectiveMetric"] == {
        "Type": "Maximize",
        "MetricName": "score",
        "Value": 3.0,
    }
    least = {"Type": "Minimize", "MetricName": "score"}
    limits = {"MaxParallelTrainingJobs": 6}
    ranges = {"CategoricalParameterRanges": CATEGORIES[:1]}
    other = jobs.start_tuning(
        ranges, Strategy="Grid", ResourceLimits=limits, HyperParameterTuningJobObjective=least
    )
    assert jobs.tuned(other)["BestTrainingJob"]["TunedHyperParameters"] == {"x": "1"}


@behaviour("SageMaker", "DescribeHyperParameterTuningJob")
def test_counters(tuned: dict[str, Any]) -> None:
    """The training jobs are counted by their status, and by that of their objective."""
    assert tuned["TrainingJobStatusCounters"] == {
        "Completed": 6,
        "InProgress": 0,
        "RetryableError": 0,
        "NonRetryableError": 0,
        "Stopped": 0,
    }
    assert tuned["ObjectiveStatusCounters"] == {"Succeeded": 6, "Pending": 0, "Failed": 0}
    assert tuned["CreationTime"] <= tuned["HyperParameterTuningEndTime"]


@behaviour("SageMaker", "HyperParameterTrainingJobDefinition")
def test_a_training_job_of_a_tuning_job(jobs: Jobs, tuned: dict[str, Any]) -> None:
    """A training job is named by the tuning job and its number, and gets the static and the tuned values."""
    best = tuned["BestTrainingJob"]
    name = tuned["HyperParameterTuningJobName"]
    assert re.fullmatch(rf"{name}-00[1-6]-[0-9a-f]{{8}}", best["TrainingJobName"])
    job = jobs.describe(best["TrainingJobName"])
    assert job["TuningJobArn"] == tuned["HyperParameterTuningJobArn"]
    assert job["HyperParameters"] == {
        **best["TunedHyperParameters"],
        "fixed": "7",
        "_tuning_objective_metric": "score",
    }
    seen = jobs.seen(job)
    assert seen["config"]["hyperparameters"] == job["HyperParameters"]


@behaviour("SageMaker", "ListTrainingJobsForHyperParameterTuningJob")
def test_the_list_of_training_jobs(jobs: Jobs, tuned: dict[str, Any]) -> None:
    """The training jobs of a tuning job are listed by name, by status, or by their objective's value."""
    name = tuned["HyperParameterTuningJobName"]
    names = [one["TrainingJobName"] for one in jobs.trials(name)]
    assert names == sorted(names)
    by_value = jobs.trials(name, SortBy="FinalObjectiveMetricValue", SortOrder="Descending", MaxResults=3)
    values = [one["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for one in by_value]
    assert values == [3.0, 3.0, 2.0]
    assert jobs.trials(name, StatusEquals="Failed") == []


@behaviour("SageMaker", SEARCHES)
def test_a_random_search(jobs: Jobs) -> None:
    """A random search tries values of the ranges; the same RandomSeed tries the same ones."""
    integers = [{"Name": "depth", "MinValue": "2", "MaxValue": "4"}]
    ranges = {**UNIT, "IntegerParameterRanges": integers}
    names = [jobs.start_tuning(ranges, RandomSeed=seed) for seed in (1, 1, 2)]
    for name in names:
        assert jobs.tuned(name)["HyperParameterTuningJobStatus"] == "Completed"
    tried = [[one["TunedHyperParameters"] for one in jobs.trials(name)] for name in names]
    assert tried[0] == tried[1] != tried[2]
    for one in tried[0]:
        assert 0.25 <= float(one["x"]) <= 0.75
        assert one["depth"] in ("2", "3", "4")


@behaviour("SageMaker", "StopHyperParameterTuningJob")
def test_stop(jobs: Jobs, tuned: dict[str, Any]) -> None:
    """StopHyperParameterTuningJob stops its training jobs, and starts no more: Stopping, then Stopped."""
    name = jobs.start_tuning(UNIT, {"wait": "9"})
    wait_for(lambda: len(jobs.trials(name)) == 2, "two training jobs at once")
    assert jobs.describe_tuning(name)["TrainingJobStatusCounters"]["InProgress"] == 2
    jobs.said(jobs.trials(name)[0]["TrainingJobName"], "waiting")
    jobs.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    job = jobs.tuned(name)
    assert job["HyperParameterTuningJobStatus"] == "Stopped"
    assert job["TrainingJobStatusCounters"]["Stopped"] == 2
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 0, "Pending": 0, "Failed": 2}
    with refused("ValidationException", "tuning job is in status Completed"):
        over = tuned["HyperParameterTuningJobName"]
        jobs.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=over)


@behaviour("SageMaker", "DescribeHyperParameterTuningJob")
def test_a_job_that_fails(jobs: Jobs) -> None:
    """A tuning job of which no training job succeeds, or prints the objective metric, is Failed."""
    failing = jobs.tuned(jobs.start_tuning(UNIT, {"exit": "1"}))
    assert failing["HyperParameterTuningJobStatus"] == "Failed"
    assert failing["FailureReason"].startswith("No training job succeeded after 3 attempts.")
    assert failing["TrainingJobStatusCounters"]["NonRetryableError"] == 3
    assert "BestTrainingJob" not in failing
    ranges = {"CategoricalParameterRanges": [{"Name": "y", "Values": ["1", "2"]}]}
    silent = jobs.tuned(jobs.start_tuning(ranges))
    assert silent["FailureReason"].startswith("No objective metrics found after running 3 training jobs.")
    assert silent["ObjectiveStatusCounters"]["Failed"] == 3


@behaviour("SageMaker", "DeleteHyperParameterTuningJob")
def test_delete(jobs: Jobs) -> None:
    """A tuning job that is over can be deleted, one that runs not; its training jobs stay."""
    limits = {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1}
    name = jobs.start_tuning(UNIT, {"wait": "9"}, ResourceLimits=limits)
    with refused("ValidationException", "tuning job is in status InProgress"):
        jobs.sagemaker.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    wait_for(lambda: len(jobs.trials(name)) == 1, "the training job")
    (trial,) = jobs.trials(name)
    jobs.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    jobs.tuned(name)
    jobs.sagemaker.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    with refused("ValidationException", "Requested resource not found."):
        jobs.describe_tuning(name)
    assert jobs.describe(trial["TrainingJobName"])["TrainingJobStatus"] == "Stopped"


@behaviour("SageMaker", "TuningJobCompletionCriteria")
def test_a_target(jobs: Jobs) -> None:
    """A tuning job starts no more training jobs once its TargetObjectiveMetricValue is reached."""
    limits = {"MaxNumberOfTrainingJobs": 9, "MaxParallelTrainingJobs": 1}
    criteria = {"TargetObjectiveMetricValue": 0.25}
    job = jobs.tuned(jobs.start_tuning(UNIT, ResourceLimits=limits, TuningJobCompletionCriteria=criteria))
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["Completed"] == 1


@behaviour("SageMaker", "CreateHyperParameterTuningJob")
def test_what_is_refused(jobs: Jobs, tuned: dict[str, Any]) -> None:
    """A name that is taken, an objective without a definition, and what a training job could not be."""
    again = jobs.tuning(UNIT, {}) | {"HyperParameterTuningJobName": tuned["HyperParameterTuningJobName"]}
    with refused("ResourceInUse", "Job name must be unique within an AWS account and region"):
        jobs.sagemaker.create_hyper_parameter_tuning_job(**again)
    unknown = {"Type": "Maximize", "MetricName": "nobody prints it"}
    with refused("ValidationException", "A metric is required for this hyperparameter tuning job objective"):
        jobs.start_tuning(UNIT, HyperParameterTuningJobObjective=unknown)
    nobody = jobs.tuning(UNIT, {})
    nobody["TrainingJobDefinition"]["RoleArn"] = "arn:aws:iam::123456789012:role/nobody-here"
    with refused("ValidationException", "Could not assume role"):
        jobs.sagemaker.create_hyper_parameter_tuning_job(**nobody)
    wrong = {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "2", "MaxValue": "1"}]}
    with refused("ValidationException", "MinValue of x is greater than its MaxValue."):
        jobs.start_tuning(wrong)


@behaviour("SageMaker", "ListHyperParameterTuningJobs")
def test_lists(jobs: Jobs, tuned: dict[str, Any]) -> None:
    """ListHyperParameterTuningJobs filters by name and status; no other job can be described."""
    name = tuned["HyperParameterTuningJobName"]
    found = jobs.sagemaker.list_hyper_parameter_tuning_jobs(NameContains=name, StatusEquals="Completed")
    entry = found["HyperParameterTuningJobSummaries"][0]
    assert (entry["HyperParameterTuningJobName"], entry["Strategy"]) == (name, "Grid")
    assert entry["TrainingJobStatusCounters"]["Completed"] == 6
    with refused("ValidationException", "Requested resource not found."):
        jobs.describe_tuning("nope")


@behaviour("SageMaker", "HyperParameterTuningJobConfig", covered=False)
def test_what_a_search_here_cannot_be(jobs: Jobs) -> None:
    """Bayesian search, Hyperband, early stopping and warm starts are refused by name."""
    configs: list[dict[str, Any]] = [
        {"Strategy": "Bayesian"},
        {"Strategy": "Hyperband"},
        {"TrainingJobEarlyStoppingType": "Auto"},
    ]
    for config in configs:
        with refused("NotImplemented", next(iter(config)), 501):
            jobs.start_tuning(UNIT, **config)
    parents = {"ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "one"}]}
    warm = jobs.tuning(UNIT, {}) | {"WarmStartConfig": {**parents, "WarmStartType": "TransferLearning"}}
    with refused("NotImplemented", "WarmStartConfig", 501):
        jobs.sagemaker.create_hyper_parameter_tuning_job(**warm)
