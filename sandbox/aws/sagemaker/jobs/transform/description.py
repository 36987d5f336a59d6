"""What DescribeTransformJob and ListTransformJobs say of a job. On the sandbox's event loop."""

from typing import Any

from sandbox.jobs.transform.state import TransformJob


def describe(job: TransformJob) -> dict[str, Any]:
    """DescribeTransformJob's answer."""
    times = {"TransformStartTime": job.start_time, "TransformEndTime": job.end_time}
    return {
        **job.request,
        "TransformJobArn": job.arn,
        "TransformJobStatus": job.status.value,
        "CreationTime": job.creation_time,
        **{name: value for name, value in times.items() if value},
        **({"FailureReason": job.failure_reason} if job.failure_reason else {}),
    }


def summary(job: TransformJob) -> dict[str, Any]:
    """One entry of ListTransformJobs."""
    taken = ("TransformJobName", "TransformJobArn", "CreationTime", "TransformEndTime", "FailureReason")
    found = describe(job)
    return {
        **{name: found[name] for name in taken if name in found},
        "TransformJobStatus": job.status.value,
        "LastModifiedTime": job.last_modified_time,
    }
