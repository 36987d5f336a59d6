"""What is said of a tuning job and of its training jobs. On the sandbox's event loop."""

from typing import Any

from sandbox.core.clock import now
from sandbox.jobs.training.state import TrainingJob
from sandbox.jobs.tuning.state import TuningJob, objective_counters, status_counters


def describe(job: TuningJob) -> dict[str, Any]:
    """DescribeHyperParameterTuningJob's answer."""
    best = job.objective.best(job.jobs)
    seconds = ((job.end_time or now()) - job.creation_time).total_seconds()
    return {
        **_common(job),
        "HyperParameterTuningJobConfig": job.config,
        "TrainingJobDefinition": job.request["TrainingJobDefinition"],
        "ConsumedResources": {"RuntimeInSeconds": int(seconds)},
        **({"BestTrainingJob": training_summary(job, best)} if best is not None else {}),
        **({"FailureReason": job.failure_reason} if job.failure_reason else {}),
    }


def summary(job: TuningJob) -> dict[str, Any]:
    """One entry of ListHyperParameterTuningJobs."""
    config = job.config
    return {**_common(job), "Strategy": config["Strategy"], "ResourceLimits": config["ResourceLimits"]}


def training_summary(job: TuningJob, one: TrainingJob) -> dict[str, Any]:
    """One entry of ListTrainingJobsForHyperParameterTuningJob."""
    entry: dict[str, Any] = {
        "TrainingJobName": one.name,
        "TrainingJobArn": one.arn,
        "TuningJobName": job.name,
        "CreationTime": one.creation_time,
        "TrainingJobStatus": one.status,
        "TunedHyperParameters": job.tuned[one.name],
        "ObjectiveStatus": job.objective.status(one),
    }
    definition = job.request["TrainingJobDefinition"].get("DefinitionName")
    value = job.objective.value(one)
    if value is not None:
        told = {"Type": "Maximize" if job.objective.maximize else "Minimize"}
        entry["FinalHyperParameterTuningJobObjectiveMetric"] = {
            **told,
            "MetricName": job.objective.metric,
            "Value": value,
        }
    more = {
        "TrainingJobDefinitionName": definition,
        "TrainingStartTime": one.start_time,
        "TrainingEndTime": one.end_time,
        "FailureReason": one.failure_reason,
    }
    return entry | {name: told for name, told in more.items() if told}


def _common(job: TuningJob) -> dict[str, Any]:
    return {
        "HyperParameterTuningJobName": job.name,
        "HyperParameterTuningJobArn": job.arn,
        "HyperParameterTuningJobStatus": job.status.value,
        "CreationTime": job.creation_time,
        "LastModifiedTime": job.last_modified_time,
        "TrainingJobStatusCounters": status_counters(job.jobs),
        "ObjectiveStatusCounters": objective_counters(job.jobs, job.objective),
        **({"HyperParameterTuningEndTime": job.end_time} if job.end_time is not None else {}),
    }
