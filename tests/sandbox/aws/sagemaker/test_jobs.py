"""What would start a job or a machine says that nothing runs; nothing is ever said to have run."""

from typing import Any

import pytest
from botocore.model import Shape

from sandbox.aws.sagemaker.jobs.api import STARTING
from sandbox.testing import SandboxHandle
from tests.sandbox.clients.requests_of_all_kinds import least
from tests.sandbox.conformance.refusals import refused, unchecked

pytestmark = pytest.mark.sandbox

BROTHERS = (
    *("CreateAutoMLJob", "CreateInferenceRecommendationsJob", "CreateOptimizationJob"),
    *("CreateEdgePackagingJob", "CreateMonitoringSchedule", "StartInferenceExperiment"),
)
"""Actions of the same kind that moto lacks altogether."""


@pytest.mark.parametrize("action", [*STARTING.values(), *BROTHERS])
def test_what_would_not_run_is_not_started(sandbox: SandboxHandle, action: str) -> None:
    client = unchecked(sandbox)
    if action not in client.meta.service_model.operation_names:
        pytest.skip(f"this botocore has no {action}")
    shape: Shape | None = client.meta.service_model.operation_model(action).input_shape
    with refused("NotImplemented", f"sagemaker {action}", 501) as refusal:
        client._make_api_call(action, _placed(least(shape)))
    assert "Add it in sandbox" in refusal.message


def test_no_such_job_is_listed(sandbox: SandboxHandle) -> None:
    client = sandbox.client("sagemaker")
    assert client.list_transform_jobs()["TransformJobSummaries"] == []


def _placed(value: Any, name: str = "") -> Any:
    """A request whose places in S3 are places in S3, so that it passes the checks of its members."""
    if isinstance(value, dict):
        return {key: _placed(entry, key) for key, entry in value.items()}
    if isinstance(value, list):
        return [_placed(entry, name) for entry in value]
    return "s3://bucket/key" if name.startswith("S3") and name != "S3DataType" else value
