"""What DescribeTrainingJob and ListTrainingJobs say of a job. On the sandbox's event loop."""

from typing import Any

from sandbox.jobs.training.state import OVER, TrainingJob, Transition

_ECHOED = (
    *("HyperParameters", "AlgorithmSpecification", "InputDataConfig", "OutputDataConfig", "ResourceConfig"),
    *("VpcConfig", "StoppingCondition", "CheckpointConfig", "DebugHookConfig", "ProfilerConfig"),
    *("Environment", "RetryStrategy", "InfraCheckConfig"),
)
"""Members of the request that are described as they were given."""

_SWITCHES = ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining")


def describe(job: TrainingJob) -> dict[str, Any]:
    """DescribeTrainingJob's answer."""
    answer: dict[str, Any] = {
        "TrainingJobName": job.name,
        "TrainingJobArn": job.arn,
        "RoleArn": job.owner.role,
        "TrainingJobStatus": job.status,
        "SecondaryStatus": job.secondary.value,
        "CreationTime": job.creation_time,
        "LastModifiedTime": job.last_modified_time,
        "SecondaryStatusTransitions": [_transition(one) for one in job.transitions],
        **{name: job.request[name] for name in _ECHOED if name in job.request},
        **{name: bool(job.request.get(name)) for name in _SWITCHES},
    }
    if job.artifacts:
        answer["ModelArtifacts"] = {"S3ModelArtifacts": job.artifacts}
    if job.failure_reason:
        answer["FailureReason"] = job.failure_reason
    if job.tuning_job_arn:
        answer["TuningJobArn"] = job.tuning_job_arn
    if measured := [one for one in job.metrics.values() if one.is_number]:
        answer["FinalMetricDataList"] = [
            {"MetricName": one.name, "Value": one.value, "Timestamp": one.at} for one in measured
        ]
    if job.start_time is not None:
        answer["TrainingStartTime"] = job.start_time
    if job.secondary in OVER:
        answer["TrainingEndTime"] = job.end_time
        answer["TrainingTimeInSeconds"] = job.seconds(billable=False)
        answer["BillableTimeInSeconds"] = job.seconds(billable=True)
    return answer


def summary(job: TrainingJob) -> dict[str, Any]:
    """One entry of ListTrainingJobs."""
    entry: dict[str, Any] = {
        "TrainingJobName": job.name,
        "TrainingJobArn": job.arn,
        "CreationTime": job.creation_time,
        "LastModifiedTime": job.last_modified_time,
        "TrainingJobStatus": job.status,
        "SecondaryStatus": job.secondary.value,
    }
    return entry | ({"TrainingEndTime": job.end_time} if job.end_time is not None else {})


def _transition(one: Transition) -> dict[str, Any]:
    told = {"Status": one.status.value, "StartTime": one.start, "StatusMessage": one.message}
    return told | ({"EndTime": one.end} if one.end is not None else {})
