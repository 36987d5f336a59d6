"""What becomes of a value that a training job prints of a metric."""

import math

from moto.cloudwatch.models import cloudwatch_backends

from sandbox.aws.cloudwatch.clock import Clock
from sandbox.aws.cloudwatch.metrics.api import store
from sandbox.aws.sagemaker.jobs.training.description import describe
from sandbox.aws.sagemaker.metrics.jobs import publish
from sandbox.core.clock import now
from sandbox.jobs.running.objects import Owner
from sandbox.jobs.training.state import Measured, TrainingJob


def test_what_is_no_number_is_neither_published_nor_described() -> None:
    job = TrainingJob(Owner("210987654321", "us-east-1", "role"), "diverged", "arn", {}, [])
    values = {"loss": math.nan, "norm": math.inf, "score": 0.5}
    for name, value in values.items():
        job.metrics[name] = Measured(name, value, now())
        publish(Clock(), job, job.metrics[name])
    kept = store(cloudwatch_backends[job.owner.account][job.owner.region]).keys(0)
    assert [key.name for key in kept] == ["score"]
    described = describe(job)["FinalMetricDataList"]
    assert [(one["MetricName"], one["Value"]) for one in described] == [("score", 0.5)]
