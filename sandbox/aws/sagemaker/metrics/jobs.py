"""Publishes the metrics that training jobs print, in CloudWatch's namespace /aws/sagemaker/TrainingJobs."""

from moto.cloudwatch.models import cloudwatch_backends

from sandbox.aws.cloudwatch.clock import Clock
from sandbox.aws.cloudwatch.metrics.api import store
from sandbox.aws.cloudwatch.metrics.distributions import of_values
from sandbox.aws.cloudwatch.metrics.store import MetricKey, Point
from sandbox.jobs.training.state import Measured, TrainingJob

NAMESPACE = "/aws/sagemaker/TrainingJobs"


def publish(clock: Clock, job: TrainingJob, measured: Measured) -> None:
    """Put one value, by the job's name; CloudWatch has no value that is no number."""
    if not measured.is_number:
        return
    key = MetricKey(NAMESPACE, measured.name, (("TrainingJobName", job.name),))
    store(cloudwatch_backends[job.owner.account][job.owner.region]).put(
        [Point(key, clock.now(), of_values([measured.value]), "None", 1)]
    )
